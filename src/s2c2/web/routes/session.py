"""``/api/session`` and ``/api/events``: who asks, and what others did meanwhile."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from s2c2.web.asking import Asking
from s2c2.web.desk import Here, Seen
from s2c2.web.messages import ClassItem, Events, Session, SettingsItem
from s2c2.web.problems import responses
from s2c2.web.settings import class_key

router = APIRouter(tags=["session"], responses=responses(401, 403, 422))


@router.get("/session")
def session(here: Here, asking: Asking) -> Session:
    """Return who asks, what they work on, and the token that changes must carry."""
    on = here.assigned(asking)
    with here.live.board() as board:
        seq = board.seq
    classes = [
        ClassItem(index=index, name=name, key=class_key(index))
        for index, name in enumerate(here.start.classes)
    ]
    return Session(
        annotator=asking.annotator,
        role=asking.role,
        csrf=asking.csrf,
        scope=on.scope,
        arm=on.arm,
        round=on.round,
        board=on.board,
        classes=classes,
        keys=here.settings.keys,
        settings=SettingsItem(idle_seconds=here.settings.idle_seconds),
        mode=here.identity.mode,
        team=here.identity.several(),
        study=on.study,
        dataset=here.dataset,
        title=here.workspace.title,
        images=len(here.start.images),
        seq=seq,
    )


@router.get("/events")
def events(
    here: Here,
    asking: Asking,
    on: Seen,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    tab: Annotated[UUID | None, Query(description="browser tab whose own acts are left out")] = None,
) -> Events:
    """Return the number of the last act, and the groups that acts after ``after`` touched."""
    own = None if tab is None else (asking.annotator, str(tab))
    with here.live.board() as board:
        changed = board.changed(on.scope, after, own)
        return Events(seq=board.seq, changed=list(changed), last=max(changed.values(), default=0))
