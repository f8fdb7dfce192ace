"""``/api/acts`` and ``/api/lease``: what people do."""

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import APIRouter, Response

from s2c2.errors import UserError
from s2c2.web.acting import Sender, resolved, with_parts
from s2c2.web.acts import Recorded
from s2c2.web.asking import Asking, Person, require
from s2c2.web.board import Board
from s2c2.web.desk import Desk, Here, board_of, check_board, must_have, summary_of
from s2c2.web.messages import ActBody, ActReply, LeaseBody, LeaseReply, ReleaseBody
from s2c2.web.problems import Problem, responses
from s2c2.web.settings import Assignment
from s2c2.web.store import Duplicate
from s2c2.web.views import group_item, lease_item, members_of

router = APIRouter(tags=["acts"], responses=responses(400, 401, 403, 404, 409, 413, 422))

REVIEWING = frozenset({"decide", "undo", "redo"})
"""Acts that need no board."""

AGAIN: Mapping[int | str, dict[str, Any]] = {
    200: {"model": ActReply, "description": "the same key was recorded before: its first answer"}
}


@router.post("/acts", status_code=201, responses={**AGAIN})
def act(here: Here, asking: Asking, body: ActBody, response: Response) -> ActReply:
    """Record an act. Sending it again with the same key changes nothing and is answered with 200."""
    sender = Sender(asking.annotator, _assignment(here, asking, body))
    first = _again(here, sender, body)
    recorded, new = (first, False) if first is not None else _append(here, sender, body)
    response.status_code = 201 if new else 200
    leases = here.store.leases(body.scope, here.settings.clock())
    held = {group for group, lease in leases.items() if lease.who != sender.annotator}
    with here.live.board() as board:
        return _reply(here, board, sender, recorded, held, _left_out(body, recorded))


@router.post("/lease")
def lease(here: Here, asking: Asking, body: LeaseBody) -> LeaseReply:
    """Hold a group for 15 minutes, so that others see it is taken; repeat it to go on."""
    check_board(asking, body.scope, "lease")
    with here.live.board() as board:
        summary_of(board, body.scope, body.group)
    held = here.store.lease(body.scope, body.group, asking.annotator, here.settings.clock())
    return LeaseReply(until=lease_item(held).until)


@router.delete("/lease", status_code=204)
def release(here: Here, asking: Asking, body: ReleaseBody) -> None:
    """Give a group back before its time; one that was taken anew since ``until`` was said stays."""
    check_board(asking, body.scope, "lease")
    here.store.release(body.scope, body.group, asking.annotator, body.until)


def _assignment(here: Desk, asking: Person, body: ActBody) -> Assignment:
    """Return the board of an act.

    Raises:
        Problem: 409 when the page shows another database or is that of somebody else, 403 for the board of
            somebody else, for ``decide`` without the role of a reviewer, and for another act of who does not
            take part in the study.
    """
    here.check_dataset(body.dataset)
    _check_annotator(asking, body.annotator)
    if body.act == "decide":
        require(asking, "reviewer")
        here.ended(asking, "review")
    on = board_of(here, asking, body.scope, body.act)
    if body.act not in REVIEWING:
        must_have(on)
    return on


def _check_annotator(asking: Person, annotator: str | None) -> None:
    if annotator not in (None, asking.annotator):
        sentence = f"this is an act of {annotator}, but {asking.annotator} is here now"
        raise Problem(409, sentence, f"send it when {annotator} is back", annotator=asking.annotator)


def _append(here: Desk, sender: Sender, body: ActBody) -> tuple[Recorded, bool]:
    """Record an act; return it, and whether it is new: the second of two at the same time is not.

    That one may find nothing left to undo or to take apart, since the first was there already.
    """
    try:
        with here.live.board() as board:
            found = resolved(here, board, sender, body)
        time = here.settings.clock().isoformat(timespec="milliseconds")
        return here.live.append(sender.annotator, with_parts(here, found, body.parts), time), True
    except (Duplicate, UserError):
        first = _again(here, sender, body)
        if first is None:
            raise
        return first, False


def _again(here: Desk, sender: Sender, body: ActBody) -> Recorded | None:
    """Return an act that was recorded before under the same key; None for none.

    Raises:
        Problem: 422 when the key stands for another act.
    """
    recorded = here.store.recorded(str(body.key))
    if recorded is None:
        return None
    if (recorded.annotator, recorded.act.name, recorded.act.scope) != (
        sender.annotator,
        body.act,
        body.scope,
    ):
        raise Problem(422, "this key belongs to another act", "make a new key (a random UUID) for each act")
    return recorded


def _left_out(body: ActBody, recorded: Recorded) -> int:
    """Return how many of the images that were to join a group were no longer to be had."""
    return len(set(body.images or ()) - set(recorded.act.images)) if body.act == "grow" else 0


def _reply(
    here: Desk, board: Board, sender: Sender, recorded: Recorded, held: Collection[str], left_out: int
) -> ActReply:
    """Return what an act led to; the next group is one that nobody else holds, where there is one."""
    scope = recorded.act.scope
    group, at = _place(here, board, sender.on, recorded)
    queue = here.queue(board, sender.on)
    others = [one.group for one in queue if one.open and not one.done and one.group != group]
    others = others if sender.on.board else []
    return ActReply(
        seq=recorded.seq,
        group=None if group is None else group_item(here, sender.on, board.group(scope, group)),
        next=next((name for name in others if name not in held), others[0] if others else None),
        at=at,
        undo=board.undoable(scope, sender.annotator) is not None,
        redo=board.redoable(scope, sender.annotator) is not None,
        left_out=left_out,
    )


def _place(here: Desk, board: Board, on: Assignment, recorded: Recorded) -> tuple[str | None, int | None]:
    """Return the group that an act was about, and for undo and redo where in it their first image is.

    Undo leads back to where the act was done, redo to where its images are then.
    """
    act = recorded.act
    if act.target_seq is None:
        return act.group or next(iter(board.changed(act.scope, recorded.seq - 1)), None), None
    meant = board.step(act.target_seq)
    first = next(iter(meant.images.tolist()), None)
    back = act.name == "undo" and meant.group is not None
    group = meant.group if back or first is None else board.place(act.scope, first)
    images = () if group is None or first is None else members_of(here, board, on, group)
    return group, images.index(first) if first in images else None
