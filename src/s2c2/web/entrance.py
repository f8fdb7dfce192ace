"""Accounts at the door of the server: whose cookie or API token a request carries, and what that allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from starlette.requests import HTTPConnection

from s2c2.web.asking import Asking, Person
from s2c2.web.database import reading
from s2c2.web.identity.accounts import standing
from s2c2.web.identity.entering import DeniedError, DisabledError, WaitError
from s2c2.web.identity.people import Caller, People, by_session, by_token, record
from s2c2.web.identity.roles import ROLES, Right, may
from s2c2.web.problems import Problem

COOKIE = "s2c2"
"""Cookie of a session where the server is reached by plain HTTP."""

SECURE_COOKIE = "__Host-s2c2"
"""Cookie of a session behind HTTPS: browsers send it to this host only and never without TLS."""

PORTS = {"http": "80", "https": "443"}
"""Port that a browser leaves out of an address."""


@dataclass(frozen=True)
class Accounts:
    """The identity of a server on which people log in."""

    people: People
    """Their database."""
    clock: Callable[[], float]
    """The server's time, in seconds since 1970."""
    routers: Sequence[APIRouter] = ()
    """Their addresses below ``/api``."""
    mode: Literal["local", "accounts"] = "accounts"
    """People log in."""

    def person(self, request: Request) -> Person:
        """Return who sent a request.

        Raises:
            Problem: 401 when nobody is logged in, or the API token opens nothing.
        """
        caller = self._by_token(request) if "authorization" in request.headers else self._by_cookie(request)
        request.state.caller = caller
        return Person(caller.account.name, caller.role, caller.csrf)

    def known(self, request: HTTPConnection) -> bool:
        """Return whether a cookie or API token was found good a moment ago."""
        recent, now = self.people.recent, self.clock()
        if "authorization" in request.headers:
            return recent.known("token", _bearer(request) or "", now)
        return recent.known("session", session_secret(request), now)

    def several(self) -> bool:
        """Return whether more than one account may log in."""
        with reading(self.people.engine) as connection:
            return standing(connection) > 1

    def exported(self, request: Request, what: str) -> None:
        """Note in the audit log that somebody exported the annotation log."""
        caller = calling(request)
        record(self.people, caller.entry("export", detail=what), self.clock())

    def _by_token(self, request: Request) -> Caller:
        secret = _bearer(request)
        caller = by_token(self.people, secret, address(request), self.clock()) if secret else None
        if caller is None:
            raise Problem(401, "this API token opens nothing", "send 'Authorization: Bearer TOKEN'")
        return caller

    def _by_cookie(self, request: Request) -> Caller:
        secret = session_secret(request)
        caller = by_session(self.people, secret, address(request), self.clock()) if secret else None
        if caller is None:
            raise Problem(401, "nobody is logged in", "log in")
        return caller


def accounts(request: Request) -> Accounts:
    """Return the identity of a server with accounts."""
    found = request.app.state.identity
    assert isinstance(found, Accounts)
    return found


Door = Annotated[Accounts, Depends(accounts)]
"""Parameter of a route: the accounts."""


def calling(request: Request) -> Caller:
    """Return who sent a request, once it was found out."""
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


def checked(request: Request, asking: Asking) -> Caller:
    """Return who sent a request, after the check of its CSRF token."""
    return calling(request)


Calling = Annotated[Caller, Depends(checked)]
"""Parameter of a route: the account that calls."""


def in_person(caller: Calling) -> Caller:
    """Return who sent a request, which may be no API token: one that leaked must not outlive its end.

    Raises:
        Problem: 403 for an API token.
    """
    if not caller.secret:
        raise Problem(403, "an API token may not do this", "log in instead")
    return caller


InPerson = Annotated[Caller, Depends(in_person)]
"""Parameter of a route: the account that calls, logged in."""


def needing(right: Right) -> Callable[[Caller], Caller]:
    """Return a check that a caller has a right; it raises a problem (403) when not."""

    def check(caller: Calling) -> Caller:
        if not may(caller.role, right):
            least = next(role for role in ROLES if may(role, right))
            sentence = f"this needs the role {least}; yours is {caller.role}"
            raise Problem(403, sentence, "ask an owner of the project")
        return caller

    return check


Inviting = Annotated[Caller, Depends(needing("invite"))]
"""Parameter of a route: an account that may see and withdraw invites."""

Managing = Annotated[Caller, Depends(needing("manage"))]
"""Parameter of a route: an account that may see and disable others."""


def needing_person(right: Right) -> Callable[[Caller], Caller]:
    """Return a check that a caller has a right and is no API token, which would make an owner who stays."""
    allowed = needing(right)

    def check(caller: Calling) -> Caller:
        return in_person(allowed(caller))

    return check


Admitting = Annotated[Caller, Depends(needing_person("invite"))]
"""Parameter of a route: an account that may invite, logged in."""

Promoting = Annotated[Caller, Depends(needing_person("manage"))]
"""Parameter of a route: an account that may give others more than they have, logged in."""

Auditing = Annotated[Caller, Depends(needing("audit"))]
"""Parameter of a route: an account that may read the audit log."""


def address(request: Request) -> str | None:
    """Return the network address of a client; behind a trusted proxy it is that of its own client."""
    return None if request.client is None else request.client.host


def _bearer(request: HTTPConnection) -> str | None:
    """Return the API token that a request carries; None where it is none."""
    scheme, _, secret = request.headers["authorization"].partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def session_secret(request: HTTPConnection) -> str:
    """Return the secret that a browser sends; empty when there is none."""
    return request.cookies.get(_cookie(request), "")


def remember(request: Request, response: Response, secret: str) -> None:
    """Make a browser keep the secret of a session, until it closes or the session ends."""
    response.set_cookie(
        _cookie(request), secret, path="/", httponly=True, samesite="lax", secure=_encrypted(request)
    )


def forget(request: Request, response: Response) -> None:
    """Make a browser drop its secret."""
    response.delete_cookie(
        _cookie(request), path="/", httponly=True, samesite="lax", secure=_encrypted(request)
    )


def _cookie(request: HTTPConnection) -> str:
    """Return the name of the cookie: with the port in the browser's address, as in ``s2c2-8765``.

    Browsers send a cookie to all ports of a host, so two servers on one would log each other's people out.
    The port is that of ``Host``: the socket's is not the browser's where a proxy or a tunnel stands between.
    A proxy that drops it names all cookies alike, and each request the same way.
    """
    name = SECURE_COOKIE if _encrypted(request) else COOKIE
    port = request.headers.get("host", "").rpartition(":")[2]
    seen = port.isascii() and port.isdigit() and len(port) <= 5 and port != PORTS.get(request.url.scheme)
    return f"{name}-{port}" if seen else name


def _encrypted(request: HTTPConnection) -> bool:
    return request.url.scheme == "https"


def refusal(error: DeniedError | DisabledError | WaitError) -> Problem:
    """Return the answer to a log-in that failed: 401, 403 when disabled, 429 when it came too early."""
    if isinstance(error, WaitError):
        problem = Problem(429, str(error), None)
        problem.headers = {"retry-after": str(error.seconds)}
        return problem
    if isinstance(error, DisabledError):
        return Problem(403, str(error), None)
    return Problem(401, str(error), "after several failures each further one makes you wait longer")
