"""What the routes work with: the open workspace, its board, and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from s2c2.errors import UserError, unknown
from s2c2.web.acts import Scope
from s2c2.web.asking import Asking, Identity, Person
from s2c2.web.board import Board, Start, Summary
from s2c2.web.identity.roles import may_act, may_see
from s2c2.web.listed import Listed
from s2c2.web.live import Live
from s2c2.web.neighbours import UNTRAINED, Neighbours
from s2c2.web.participation import finished, may_begin, may_open, order, present, watching
from s2c2.web.pictures import Pictures
from s2c2.web.problems import Problem
from s2c2.web.settings import Assignment, Settings
from s2c2.web.similar import Rankings
from s2c2.web.store import Store
from s2c2.web.workspace import Workspace, fingerprint


@dataclass(frozen=True)
class Desk:
    """Everything that a request may need."""

    workspace: Workspace
    settings: Settings
    identity: Identity
    store: Store
    live: Live
    start: Start
    dataset: str
    """Fingerprint of images, classes and database."""
    pictures: Pictures
    neighbours: Mapping[str, Neighbours]
    """By arm, how alike images are: to the run whose proposals it shows, and to no other."""
    rankings: Rankings
    listed: Listed

    def check_dataset(self, dataset: str | None) -> None:
        """Check that what a page shows is of this database; None is not checked.

        Raises:
            Problem: 409 with the ``dataset`` that the server shows.
        """
        if dataset is not None and dataset != self.dataset:
            sentence = "this page shows another database than the server does now"
            raise Problem(409, sentence, "reload the page", dataset=self.dataset)

    def assigned(self, person: Person) -> Assignment:
        """Return the board that a person works on.

        Raises:
            Problem: 403 for an annotator who does not take part in the study.
        """
        study = self.settings.study
        if study is None:
            return self.settings.assign(person)
        watches = watching(study, person)
        if watches is not None:
            return watches
        with self.live.board() as board:
            return present(study, board, person.annotator, self.settings.clock())

    def ended(self, person: Person, what: str, hint: str | None = None) -> None:
        """Check that nobody hears of the answers of others while answering the same images.

        Args:
            person: who asks.
            what: what they ask for, for the sentence.
            hint: what else they can do.

        Raises:
            Problem: 403 for who takes part in a study and is not done.
        """
        if not finished(self.assigned(person)):
            sentence = f"in a study, {what} opens when your own rounds are done"
            raise Problem(403, sentence, hint)

    def queue(self, board: Board, on: Assignment) -> tuple[Summary, ...]:
        """Return the groups of a board in the order of work."""
        found = board.groups(on.scope)
        return found if self.settings.study is None else order(self.settings.study, board, on, found)

    def label(self, summary: Summary, assignment: Assignment) -> int | None:
        """Return the class that is suggested for a group; None where there is none or it is hidden."""
        shares = summary.distribution
        if shares is None or assignment.arm == "none" or summary.group in assignment.hidden:
            return None
        return max(range(len(shares)), key=shares.__getitem__)


def set_up(workspace: Workspace, settings: Settings, identity: Identity, store: Store, start: Start) -> Desk:
    """Return the desk of an open database."""
    cache = workspace.cache / "thumbnails"
    return Desk(
        workspace,
        settings,
        identity,
        store,
        Live(store, start),
        start,
        fingerprint(start.images, start.classes, store.id()),
        Pictures(lambda image: workspace.folder / start.images[image], cache),
        {arm: neighbours(workspace, arm, start.images) for arm in start.groups},
        Rankings(),
        Listed(),
    )


def neighbours(workspace: Workspace, arm: str, images: Sequence[str]) -> Neighbours:
    """Return how alike images are in an arm: by the embeddings of the run whose proposals it shows.

    The arm of a plain network would be none with the embeddings of another one. The arm ``none`` shows
    nothing that a network found, so there nothing is compared.
    """
    runs = {"ssl": workspace.plain, workspace.arm: workspace.run, "none": None}
    run = runs.get(arm)
    absent = _ABSENT.get(arm, UNTRAINED) if workspace.run is not None else UNTRAINED
    return Neighbours(None if run is None else run.path / "predictions.parquet", images, absent)


_ABSENT = {
    "none": "in the arm none images are not compared: it shows nothing that a network found",
    "ssl": "the arm ssl compares images as the plain run does: name that run after --against",
}


async def desk(request: Request) -> Desk:
    """Return the desk of the app that answers a request; waits for nothing, so it needs no thread."""
    found: Desk = request.app.state.desk
    return found


Here = Annotated[Desk, Depends(desk)]
"""Parameter of a route: the desk."""

Dataset = Annotated[
    str | None,
    Query(
        max_length=64,
        description="'dataset' of the session that the page shows; another one is refused (409)",
    ),
]


async def same_dataset(here: Here, dataset: Dataset = None) -> None:
    """Check that a request is meant for what the server shows; waits for nothing.

    Raises:
        Problem: 409 when the page shows another database.
    """
    here.check_dataset(dataset)


def assignment(
    here: Here,
    asking: Asking,
    scope: Annotated[str | None, Query(max_length=200, description="another board than one's own")] = None,
) -> Assignment:
    """Return the board that a request is about: the one assigned, or another one that the person may see."""
    return here.assigned(asking) if scope is None else board_of(here, asking, scope)


Seen = Annotated[Assignment, Depends(assignment)]
"""Parameter of a route: the board that it is about, also for who only watches a study."""


def must_have(on: Assignment) -> Assignment:
    """Return the board of a person who has one.

    Raises:
        Problem: 403 for who takes no part in the study.
    """
    if not on.board:
        name = (on.study or {}).get("name")
        sentence = (
            f"{Scope.parse(on.scope).who} takes no part in the study {name}: there is nothing to answer"
        )
        raise Problem(403, sentence, "open the dashboard or the review")
    return on


def having(on: Seen) -> Assignment:
    """Return the board that a request is about, of a person who has one."""
    return must_have(on)


On = Annotated[Assignment, Depends(having)]
"""Parameter of a route: the board that it is about."""


def board_of(here: Desk, asking: Person, scope: str, act: str = "") -> Assignment:
    """Return a board by its scope, for seeing it or for an act on it.

    Raises:
        Problem: 403 for the board of somebody else.
        UserError: for a scope that is none, of an arm that is not there, or of a round far ahead.
    """
    assigned = here.assigned(asking)
    if scope == assigned.scope:
        return assigned
    check_board(asking, scope, act)
    parsed = Scope.parse(scope)
    if parsed.arm not in here.start.groups:
        raise unknown("arm", parsed.arm, here.start.groups)
    with here.live.board() as board:
        if here.settings.study is not None:
            may_open(here.settings.study, board, assigned, asking.annotator, parsed, act)
        elif act:
            may_begin(board, parsed)
    return Assignment(scope, parsed.arm, parsed.round)


def check_board(asking: Person, scope: str, act: str = "") -> None:
    """Check that a person may see a board, or do an act on it.

    Raises:
        Problem: 403 for the board of somebody else; reviewers see each board and decide on each.
    """
    Scope.parse(scope)
    role, name = asking.role, asking.annotator
    if not (may_act(role, name, scope, act) if act else may_see(role, name, scope)):
        raise Problem(403, "this board belongs to somebody else", "reload the page to see your own")


def summary_of(board: Board, scope: str, group: str) -> Summary:
    """Return a group.

    Raises:
        Problem: 404 when there is none of this name.
    """
    try:
        return board.group(scope, group)
    except UserError as error:
        raise Problem(404, str(error), "GET /api/queue lists the groups") from error
