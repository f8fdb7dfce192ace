"""``/api/login``, ``logout``, ``password``, ``accept-invite``, ``tokens``: what people do for themselves."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from s2c2.web.database import reading
from s2c2.web.entrance import (
    Accounts,
    Calling,
    Door,
    InPerson,
    address,
    forget,
    refusal,
    remember,
    session_secret,
)
from s2c2.web.identity import entering, joining, managing, messages, tokens
from s2c2.web.identity.entering import DeniedError, DisabledError, Given, WaitError
from s2c2.web.identity.joining import Answer
from s2c2.web.identity.people import Caller, Doer, People
from s2c2.web.identity.tokens import Wanted
from s2c2.web.problems import responses
from s2c2.web.routes import team

router = APIRouter(tags=["accounts"], responses=responses(400, 401, 403, 413, 422, 429))

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def with_accounts(people: People, clock: Callable[[], float]) -> Accounts:
    """Return the identity of a server on which people log in.

    Args:
        people: their database.
        clock: the server's time, in seconds since 1970.
    """
    return Accounts(people, clock, (router, team.router))


@router.post("/login")
def login(door: Door, body: messages.LoginBody, request: Request, response: Response) -> messages.Entered:
    """Log in; the answer sets the cookie of a fresh session."""
    given = Given(body.name, body.password, address(request), session_secret(request))
    return _enter(lambda: entering.log_in(door.people, given, door.clock()), request, response)


@router.post("/logout", status_code=204)
def logout(
    door: Door, caller: InPerson, body: messages.LogoutBody, request: Request, response: Response
) -> None:
    """Log out here, or everywhere."""
    entering.log_out(door.people, caller, body.everywhere, door.clock())
    forget(request, response)


@router.post("/password")
def password(
    door: Door, caller: InPerson, body: messages.PasswordBody, request: Request, response: Response
) -> messages.Entered:
    """Change one's password; all other sessions end."""

    def change() -> Caller:
        return entering.change_password(door.people, caller, body.old, body.new, door.clock())

    return _enter(change, request, response)


@router.post("/look-at-invite")
def look(door: Door, body: messages.LookBody) -> messages.Offered:
    """Return what an invite is for."""
    role, name = joining.offered(door.people, body.invite, door.clock())
    return messages.Offered(role=role, name=name)


@router.post("/accept-invite")
def accept(door: Door, body: messages.AcceptBody, request: Request, response: Response) -> messages.Entered:
    """Follow an invite, and log in."""
    answer = Answer(body.invite, body.name, body.password, address(request))
    return _enter(lambda: joining.accept(door.people, answer, door.clock()), request, response)


@router.get("/tokens")
def listed(door: Door, caller: Calling) -> list[messages.TokenItem]:
    """Return one's API tokens, the newest first."""
    with reading(door.people.engine) as connection:
        return [
            messages.token_item(token, door.clock()) for token in tokens.listed(connection, caller.account.id)
        ]


@router.post("/tokens", status_code=201)
def issue(door: Door, caller: InPerson, body: messages.TokenBody) -> messages.IssuedItem:
    """Make an API token; its secret is shown once."""
    doer = Doer(caller.account.name, caller.address)
    wanted = Wanted(body.label, body.role, body.days * messages.DAY)
    issued = managing.issue(door.people, caller.account, wanted, doer, door.clock())
    return messages.IssuedItem(token=messages.token_item(issued.token, door.clock()), secret=issued.secret)


@router.delete("/tokens/{number}", status_code=204)
def revoke(door: Door, caller: Calling, number: Number) -> None:
    """Revoke one of one's API tokens; owners revoke anybody's."""
    managing.revoke(door.people, caller, number, door.clock())


def _enter(attempt: Callable[[], Caller], request: Request, response: Response) -> messages.Entered:
    try:
        caller = attempt()
    except (DeniedError, DisabledError, WaitError) as error:
        raise refusal(error) from None
    remember(request, response, caller.secret)
    return messages.entered(caller)
