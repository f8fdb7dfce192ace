"""``/api/invites``, ``accounts`` and ``audit``: what owners do about others."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from s2c2.web.database import reading
from s2c2.web.entrance import Admitting, Auditing, Door, Inviting, Managing, Promoting
from s2c2.web.identity import audit, invites, joining, managing, messages
from s2c2.web.identity.joining import Invited
from s2c2.web.identity.people import Caller, Doer
from s2c2.web.problems import responses

router = APIRouter(tags=["team"], responses=responses(400, 401, 403, 413, 422))

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="only entries before this number")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/invites")
def listed(door: Door, caller: Inviting) -> list[messages.InviteItem]:
    """Return all invites, the newest first."""
    with reading(door.people.engine) as connection:
        return [messages.invite_item(invite, door.clock()) for invite in invites.listed(connection)]


@router.post("/invites", status_code=201)
def invite(door: Door, caller: Admitting, body: messages.InviteBody, request: Request) -> messages.Link:
    """Make an invite; its link is shown once and makes one account."""
    entry, lasts = caller.entry("invite", detail=body.role), body.days * 86400.0
    made = joining.invite(door.people, body.role, entry, door.clock(), lasts)
    return _link(made, request, door.clock())


@router.delete("/invites/{number}", status_code=204)
def withdraw(door: Door, caller: Inviting, number: Number) -> None:
    """End an invite before it was used."""
    entry = caller.entry("invite withdrawn", detail=str(number))
    joining.withdraw(door.people, number, entry, door.clock())


@router.get("/accounts")
def accounts(door: Door, caller: Managing) -> list[messages.AccountItem]:
    """Return all accounts by name."""
    return [messages.account_item(account) for account in managing.listed(door.people)]


@router.post("/accounts/{number}/role")
def assign(door: Door, caller: Promoting, number: Number, body: messages.RoleBody) -> messages.AccountItem:
    """Give an account another role; it holds from its next request on."""
    account = managing.assign(door.people, number, body.role, _doer(caller), door.clock())
    return messages.account_item(account)


@router.post("/accounts/{number}/disable")
def disable(door: Door, caller: Managing, number: Number) -> messages.AccountItem:
    """Disable an account; its sessions and API tokens end at once."""
    return messages.account_item(managing.disable(door.people, number, _doer(caller), door.clock()))


@router.post("/accounts/{number}/enable")
def enable(door: Door, caller: Promoting, number: Number) -> messages.AccountItem:
    """Let a disabled account log in again."""
    return messages.account_item(managing.enable(door.people, number, _doer(caller), door.clock()))


@router.post("/accounts/{number}/reset", status_code=201)
def reset(door: Door, caller: Promoting, number: Number, request: Request) -> messages.Link:
    """Make a link by which an account gets a new password; it is shown once."""
    made = joining.reset(door.people, number, _doer(caller), door.clock())
    return _link(made, request, door.clock())


@router.get("/accounts/{number}/tokens")
def tokens(door: Door, caller: Managing, number: Number) -> list[messages.TokenItem]:
    """Return the API tokens of an account, the newest first; ``DELETE /api/tokens/{number}`` revokes one."""
    found = managing.tokens_of(door.people, number)
    return [messages.token_item(token, door.clock()) for token in found]


@router.get("/audit")
def read(door: Door, caller: Auditing, before: Before = None, limit: Limit = 100) -> list[messages.AuditItem]:
    """Return who did what, the newest first."""
    with reading(door.people.engine) as connection:
        return [messages.audit_item(line) for line in audit.lines(connection, before, limit)]


def _doer(caller: Caller) -> Doer:
    return Doer(caller.account.name, caller.address)


def _link(made: Invited, request: Request, now: float) -> messages.Link:
    item = messages.invite_item(made.invite, now)
    return messages.Link(invite=item, link=joining.link(str(request.base_url), made))
