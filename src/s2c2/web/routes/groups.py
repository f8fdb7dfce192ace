"""``/api/queue`` and ``/api/groups``: what there is to do, one group at a time."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from s2c2.web.asking import Asking
from s2c2.web.desk import Here, On, summary_of
from s2c2.web.listed import written
from s2c2.web.messages import GroupPage, Queue, Similar
from s2c2.web.problems import responses
from s2c2.web.similar import ranked
from s2c2.web.views import group_item, member_item, members_of, progress_item, suggestion

router = APIRouter(tags=["groups"], responses=responses(401, 403, 404, 422))

Group = Annotated[str, Path(max_length=64, description="group id, as in the queue")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="images to leave out at the front")]
Limit = Annotated[int, Query(ge=1, le=2000, description="most images in the answer")]


@router.get("/queue", response_model=Queue)
def queue(here: Here, asking: Asking, on: On) -> Response:
    """Return all groups, open ones first, how far the board is, and whether there is something to undo."""
    leases = here.store.leases(on.scope, here.settings.clock())
    with here.live.board() as board:
        groups, progress = here.queue(board, on), progress_item(board.progress(on.scope))
        last = [find(on.scope, asking.annotator) for find in (board.undoable, board.redoable)]
        undo, redo = (found is not None for found in last)
        seq = board.seq
    items = here.listed.items(on, groups, lambda found: group_item(here, on, found))
    for at, found in enumerate(groups if leases else ()):
        if found.group in leases:
            items[at] = written(group_item(here, on, found, leases[found.group]))
    content = b'{"groups":[%b],"progress":%b,"undo":%b,"redo":%b,"seq":%b}' % (
        b",".join(items),
        progress.model_dump_json().encode(),
        *(b"true" if found else b"false" for found in (undo, redo)),
        b"%d" % seq,
    )
    return Response(content, media_type="application/json")


@router.get("/groups/{group}")
def page(
    here: Here, asking: Asking, on: On, group: Group, offset: Offset = 0, limit: Limit = 500
) -> GroupPage:
    """Return some images of a group, typical ones first, with extreme ones mixed in near the front.

    Annotators are not told who else answered them.
    """
    started = next((found for found in here.start.groups.get(on.arm, ()) if found.group == group), None)
    with here.live.board() as board:
        summary = summary_of(board, on.scope, group)
        images = members_of(here, board, on, group)
        shown = [
            member_item(here, board, on.scope, image, started, asking)
            for image in images[offset : offset + limit]
        ]
    return GroupPage(
        group=group,
        name=summary.name,
        kind=summary.kind,
        version=summary.version,
        suggestion=suggestion(here, on, summary),
        total=len(images),
        members=shown,
    )


@router.get("/groups/{group}/similar")
def near(here: Here, on: On, group: Group, offset: Offset = 0, limit: Limit = 200) -> Similar:
    """Return open images of other groups by their distance from the centre of a group, for growing it.

    In a study, a group with a proposal is offered images with a proposal only, one without only the others.
    The order is made anew for ``offset=0`` and kept for the pages that follow.
    """
    kept = here.rankings.kept(on.scope, group) if offset else None
    if kept is None:
        with here.live.board() as board:
            summary_of(board, on.scope, group)
            members, others, seq = board.members(on.scope, group), board.joinable(on.scope, group), board.seq
        kept = ranked(here.neighbours[on.arm], members, others, seq)
        here.rankings.keep(on.scope, group, kept)
    return kept.page(slice(offset, offset + limit))
