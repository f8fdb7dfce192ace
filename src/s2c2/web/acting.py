"""From what a browser sends to an act with everything resolved: which images, which class, which parts."""

from dataclasses import dataclass, replace

from s2c2.errors import UserError
from s2c2.web.acts import Act, Name, Scope, Shown
from s2c2.web.board import Board
from s2c2.web.desk import Desk
from s2c2.web.messages import ActBody
from s2c2.web.settings import Assignment

NAMED: frozenset[Name] = frozenset({"split", "grow", "decide", "finish", "undo", "redo"})
"""Acts that never mean all open members of their group: their images are named, or there are none."""

PARTS = 2
"""Parts of ``recluster`` when none are named."""


@dataclass(frozen=True)
class Sender:
    """Who acts, and on which board."""

    annotator: str
    on: Assignment


def resolved(here: Desk, board: Board, sender: Sender, body: ActBody) -> Act:
    """Return the act that is recorded; whether it may be is checked when it is.

    ``recluster`` still lacks its parts: :func:`with_parts` adds them, without holding the board.

    Raises:
        UserError: for an unknown group, and where nothing is suggested or nothing can be undone.
    """
    label, shown = _proposed(here, board, sender, body)
    found = _act(board, sender, body)
    if not found.images and body.act not in NAMED:
        _not_too_late(board, sender, found)
    return replace(found, label=label, shown=shown)


def _act(board: Board, sender: Sender, body: ActBody) -> Act:
    return Act(
        key=str(body.key),
        name=body.act,
        scope=body.scope,
        group=body.group,
        version=body.version,
        images=_images(board, sender, body),
        distribution=None if body.distribution is None else tuple(body.distribution),
        target=body.target,
        target_seq=_target(board, sender, body),
        selected=body.selected,
        active=body.seconds.active,
        wall=body.seconds.wall,
        at=body.at,
        tab=_tab(body),
    )


def with_parts(here: Desk, act: Act, count: int | None) -> Act:
    """Return an act with the parts that ``recluster`` makes; any other act as it is.

    Raises:
        UserError: for an image that does not exist, without embeddings, and for too few images.
    """
    if act.name != "recluster":
        return act
    last = len(here.start.images) - 1
    if max(act.images, default=0) > last:
        raise UserError(f"unknown image {max(act.images)}: Possible: 0 to {last}")
    parts = here.neighbours[Scope.parse(act.scope).arm].parts(act.images, count or PARTS)
    return replace(act, parts=parts, images=tuple(image for part in parts for image in part))


def _not_too_late(board: Board, sender: Sender, act: Act) -> None:
    """Say who was faster, when nothing is left of what an act was meant for.

    Raises:
        Conflict: when another person changed the group since it was seen.
    """
    looked = replace(act, name="finish", label=None, distribution=None, target=None)
    board.check(sender.annotator, looked)


def _tab(body: ActBody) -> str:
    return "" if body.tab is None else str(body.tab)


def _images(board: Board, sender: Sender, body: ActBody) -> tuple[int, ...]:
    """Return the images an act is done to: those named, else what it means for its group.

    ``grow`` takes those that are still to be had; where none is, the check says who was faster.
    """
    if body.act == "merge" and body.group is not None:
        return board.members(body.scope, body.group)
    own = sender.annotator, _tab(body)
    if body.images is not None:
        named = tuple(dict.fromkeys(body.images))
        if body.act != "grow" or body.version is None:
            return named
        return board.free(body.scope, named, body.version, own) or named
    if body.group is None or body.act in NAMED:
        return ()
    return board.open_members(body.scope, body.group, body.version, own)


def _proposed(here: Desk, board: Board, sender: Sender, body: ActBody) -> tuple[int | None, Shown | None]:
    """Return the class given and what was proposed on the screen; ``accept`` takes the class from that."""
    suggested = None
    if body.group is not None:
        suggested = here.label(board.group(body.scope, body.group), sender.on)
    if body.act == "accept" and body.group is not None and suggested is None:
        raise UserError(f"nothing is suggested for {body.group}: give it a class instead")
    seen = body.shown if suggested is not None else None
    shown = None if seen is None else Shown(seen.label, seen.strength)
    return suggested if body.act == "accept" else body.label, shown


def _target(board: Board, sender: Sender, body: ActBody) -> int | None:
    """Return which act ``undo`` and ``redo`` mean: the one named, else the last one of the sender."""
    if body.act not in ("undo", "redo") or body.target_seq is not None:
        return body.target_seq
    find = board.undoable if body.act == "undo" else board.redoable
    found = find(body.scope, sender.annotator)
    if found is None:
        raise UserError(f"there is nothing to {body.act}")
    return found
