"""Who is where in a study: the board to work on now, what may be opened, and the order of display."""

from collections.abc import Sequence
from datetime import datetime

from s2c2.errors import UserError
from s2c2.web.acts import Scope
from s2c2.web.asking import Person
from s2c2.web.board import Board, Summary
from s2c2.web.problems import Problem
from s2c2.web.settings import Assignment
from s2c2.web.study import Study, ordered, sequence, starts, takes_part


def present(study: Study, board: Board, annotator: str, now: datetime) -> Assignment:
    """Return the first board of an annotator that is not done; before a washout is over, the one before it.

    Raises:
        Problem: 403 when they are not in the study.
    """
    boards = _boards(study, annotator)
    open_ = (at for at, scope in enumerate(boards) if not _done(board, scope))
    at = next(open_, len(boards))
    waits = None if at == len(boards) else _waits(study, board, boards, at, now)
    shown = boards[at - 1 if waits is not None or at == len(boards) else at]
    progress = board.progress(str(shown))
    said = _said(
        study,
        board=boards.index(shown) + 1,
        boards=len(boards),
        left=progress.images - progress.answered,
        waits=waits,
        finished=at == len(boards),
    )
    return Assignment(str(shown), shown.arm, shown.round, study=said)


def watching(study: Study, person: Person) -> Assignment | None:
    """Return where the decisions of an owner or reviewer go who takes no part in a study; None for others."""
    if study.annotators is None or person.annotator in study.annotators or person.role == "annotator":
        return None
    scope = Scope(person.annotator, 1, study.arms[0])
    said = _said(study, board=0, boards=0, left=0, waits=None, finished=True)
    return Assignment(str(scope), scope.arm, scope.round, study=said, board=False)


def _said(study: Study, **place: object) -> dict[str, object]:
    """Return what the page says of a study, and of a person's place in it."""
    return {"name": study.name, "rounds": study.rounds} | place


def boards_done(study: Study, board: Board, annotator: str) -> tuple[int, int] | tuple[None, None]:
    """Return how many boards of an annotator are done and how many there are; None for who takes no part."""
    if study.annotators is not None and annotator not in study.annotators:
        return None, None
    boards = sequence(study, annotator)
    return sum(_done(board, scope) for scope in boards), len(boards)


def finished(on: Assignment) -> bool:
    """Return whether a person may hear of the answers of others: always outside a study, else once done."""
    return bool((on.study or {}).get("finished", True))


def may_begin(board: Board, scope: Scope) -> None:
    """Check that a round outside a study was begun, or is the next one.

    Raises:
        UserError: for a round after that, which would count as one more pass of the annotator.
    """
    known = [Scope.parse(one) for one in board.scopes()]
    rounds = [one.round for one in known if (one.who, one.arm) == (scope.who, scope.arm)]
    following = max(rounds, default=0) + 1
    if scope.round > following:
        raise UserError(f"round {scope.round} of {scope.who} is far ahead: the next one is {following}")


def may_open(study: Study, board: Board, on: Assignment, annotator: str, scope: Scope, act: str = "") -> None:
    """Check that a person may see a board that is not the present one, or record an act on it.

    An own board that was begun takes acts that come in late, and undo; it is shown in its own round only, so
    that rounds are blind to each other. Boards of others are for who is done or takes no part.

    Args:
        study: the study.
        board: all acts.
        on: the person's present board.
        annotator: the person.
        scope: the board that is asked for.
        act: what is to be recorded; empty for looking.

    Raises:
        Problem: 403 when they may not.
    """
    if scope.who == "shared":
        raise Problem(403, "in a study everybody has a board of their own", "reload the page to see yours")
    if scope.who != annotator:
        _may_look(board, on, scope)
        return
    boards = _boards(study, annotator)
    at = boards.index(Scope.parse(on.scope))
    begun = scope in boards[: at + 1] or (scope in boards and board.last(str(scope)) is not None)
    if not begun:
        waits = (on.study or {}).get("waits")
        raise Problem(403, str(waits or f"{scope} is not yet your turn"), "reload the page to see what is")
    if not act and scope.round != on.round:
        raise Problem(403, "rounds of a study are blind to each other", "reload the page to see your board")


def _may_look(board: Board, on: Assignment, scope: Scope) -> None:
    if not finished(on):
        sentence = "in a study, the boards of others open when your own rounds are done"
        raise Problem(403, sentence, "reload the page to see your board")
    if all(Scope.parse(one).who != scope.who for one in board.scopes()):
        raise Problem(403, f"{scope.who} has answered nothing", "open the dashboard to see who has")


def order(study: Study, board: Board, on: Assignment, groups: Sequence[Summary]) -> tuple[Summary, ...]:
    """Return the groups of a board as an annotator works through them: open ones first, else drawn.

    Groups that were made since, and misfits, come last.
    """
    names = [group.group for group in board.start.groups[on.arm]]
    drawn = ordered(study, Scope.parse(on.scope), "groups", names)
    place = {name: at for at, name in enumerate(drawn)}
    return tuple(sorted(groups, key=lambda group: (group.done, place.get(group.group, len(names)))))


def shuffled(
    study: Study, board: Board, on: Assignment, group: str, images: Sequence[int]
) -> tuple[int, ...]:
    """Return the images of a plain group in an order drawn anew for each annotator, round and arm.

    Images that joined the group keep their order, after the others; other groups keep theirs, typical first.
    """
    start = next((one for one in board.start.groups[on.arm] if one.group == group), None)
    if start is None or start.kind != "plain":
        return tuple(images)
    place = {image: at for at, image in enumerate(ordered(study, Scope.parse(on.scope), group, start.images))}
    return tuple(sorted(images, key=lambda image: place.get(image, len(place))))


def _boards(study: Study, annotator: str) -> tuple[Scope, ...]:
    try:
        takes_part(study, annotator)
    except UserError as error:
        raise Problem(403, str(error), "log in as somebody who takes part") from error
    return sequence(study, annotator)


def _done(board: Board, scope: Scope) -> bool:
    progress = board.progress(str(scope))
    return progress.done == progress.groups


def _waits(study: Study, board: Board, boards: Sequence[Scope], at: int, now: datetime) -> str | None:
    scope = boards[at]
    if board.last(str(scope)) is not None or any(one.round == scope.round for one in boards[:at]):
        return None
    before = [board.last(str(one)) for one in boards[:at] if one.round == scope.round - 1]
    times = [datetime.fromisoformat(time) for time in before if time is not None]
    return starts(study, scope, max(times, default=None), now)
