"""``/api/dashboard``, ``/api/review`` and ``/api/export``: what came out so far."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from s2c2.web import figures, log
from s2c2.web.acts import Scope
from s2c2.web.answers import Disagreement, Progress, Said
from s2c2.web.asking import Asking, require
from s2c2.web.board import Board
from s2c2.web.desk import Desk, Here, Seen
from s2c2.web.disagreement import most_disputed
from s2c2.web.messages import AgreementItem, Dashboard, Disputed, Review, SaidItem, WorkerItem
from s2c2.web.nodes import Step
from s2c2.web.participation import boards_done, finished
from s2c2.web.problems import responses
from s2c2.web.views import group_item, progress_item

router = APIRouter(tags=["overview"], responses=responses(401, 403, 422))

PARQUET = "application/vnd.apache.parquet"
KINDS = {"csv": "text/csv", "parquet": PARQUET}
Format = Annotated[Literal["csv", "parquet"], Query(description="kind of file")]
Most = Annotated[int, Query(ge=1, le=10_000, description="most images in the answer")]


@router.get("/dashboard")
def dashboard(here: Here, asking: Asking, on: Seen) -> Dashboard:
    """Return progress, work and agreement; an annotator sees only the own work.

    How well people agree is for reviewers and owners; who takes part in a study sees it when done.
    In a study that lists its annotators, those who did nothing yet are there too.

    There are no groups for who takes no part in a study.
    """
    everything = asking.role != "annotator"
    compared = everything and finished(here.assigned(asking))
    with here.live.board() as board:
        groups = [group_item(here, on, found) for found in board.groups(on.scope) if on.board]
        disputed = len(board.disagreements()) if compared else None
        progress = board.progress(on.scope) if on.board else Progress(0, 0, 0, 0)
        work = board.work()
        found = [_worker(here, board, one) for one in _workers(here, work)]
    seen = [one for one in found if everything or one.annotator == asking.annotator]
    agreed = work.agreement if compared else None
    return Dashboard(
        annotators=seen,
        groups=groups,
        progress=progress_item(progress),
        agreement=None if agreed is None else AgreementItem(**vars(agreed)),
        disagreements=disputed,
        train=here.workspace.training(here.store.name),
    )


@router.get("/review")
def review(here: Here, asking: Asking, limit: Most = 1000) -> Review:
    """Return the images on which annotators disagree and nobody decided, the most disputed first.

    Acts wait only while these are looked up and while those of the answer are written down.
    """
    require(asking, "reviewer")
    here.ended(asking, "review")
    with here.live.board() as board:
        found, seq = board.disagreements(), board.seq
    shown = most_disputed(found, len(here.start.classes))[:limit]
    with here.live.board() as board:
        images = [_disputed(board, one, entropy, seq) for entropy, one in shown]
    return Review(total=len(found), images=images)


@router.get("/export", response_class=Response, responses={200: {"content": {"text/csv": {}, PARQUET: {}}}})
def export(here: Here, asking: Asking, request: Request, format: Format = "csv") -> Response:
    """Return the annotation log: one row for each answer of an annotator to an image.

    An owner who takes part in a study gets it when the own rounds are done.
    """
    require(asking, "owner")
    here.ended(asking, "the export", "'s2c2 annotations export' on the server's machine does not wait")
    # The formats are read when somebody exports: the server starts without them.
    from s2c2.data.logs import EXPORTERS, Extras, Log

    answers = Log(log.frame(here.start, here.store.read(0)), here.start.classes)
    here.identity.exported(request, format)
    content = EXPORTERS[format](answers, Extras()).files[""]
    headers = {"content-disposition": f'attachment; filename="annotations.{format}"'}
    return Response(content, 200, headers, KINDS[format])


def _workers(here: Desk, work: figures.Work) -> tuple[figures.Worker, ...]:
    study = here.settings.study
    absent = set((study and study.annotators) or ()) - set(work.acts)
    idle = (figures.Worker(name, 0, 0, 0.0, None) for name in absent)
    return tuple(sorted((*work.workers, *idle), key=lambda one: one.annotator))


def _worker(here: Desk, board: Board, one: figures.Worker) -> WorkerItem:
    study = here.settings.study
    done, boards = (None, None) if study is None else boards_done(study, board, one.annotator)
    return WorkerItem(**vars(one), done=done, boards=boards)


def _disputed(board: Board, found: Disagreement, entropy: float, seq: int) -> Disputed:
    said = [_said(one, board.step(one.answer.seq)) for one in found.said]
    return Disputed(id=found.image, answers=said, entropy=entropy, seq=seq)


def _said(one: Said, step: Step) -> SaidItem:
    scope, answer = Scope.parse(one.scope), one.answer
    shares = answer.distribution
    return SaidItem(
        annotator=answer.annotator,
        round=scope.round,
        arm=scope.arm,
        label=answer.label,
        distribution=None if shares is None else list(shares),
        seconds=step.active / max(1, len(step.images)),
    )
