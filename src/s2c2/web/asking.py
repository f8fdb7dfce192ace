"""Who is asking: the contract between the app and its accounts, and the one person of a local server."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, runtime_checkable

from fastapi import APIRouter, Depends, Request
from starlette.requests import HTTPConnection

from s2c2.web.identity.roles import ROLES as ROLES
from s2c2.web.identity.roles import Role as Role
from s2c2.web.problems import Problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

CSRF_HEADER = "X-CSRF-Token"
"""Header that every request which changes something must carry."""


@dataclass(frozen=True)
class Person:
    """Who sent a request, as far as the app needs to know."""

    annotator: str
    """Name that goes into the log."""
    role: Role
    """What they may do."""
    csrf: str
    """Token that their page must send in ``X-CSRF-Token``; empty where none is needed (API tokens)."""


@runtime_checkable
class Identity(Protocol):
    """The contract of the accounts: says who is asking."""

    @property
    def mode(self) -> Literal["local", "accounts"]:
        """Whether people log in."""
        ...

    @property
    def routers(self) -> Sequence[APIRouter]:
        """Further routes below ``/api``, such as log-in and invites."""
        ...

    def person(self, request: Request) -> Person:
        """Return who sent a request.

        Raises:
            Problem: 401 when nobody is logged in.
        """
        ...

    def known(self, request: HTTPConnection) -> bool:
        """Return whether who sent a request was let in a moment ago; waits for nothing."""
        ...

    def several(self) -> bool:
        """Return whether more than one person may log in."""
        ...

    def exported(self, request: Request, what: str) -> None:
        """Note that the person who sent a request took the annotation log away."""
        ...


@dataclass(frozen=True)
class Local:
    """The one person who started a server on their own machine."""

    annotator: str
    """Name that goes into the log."""
    csrf: str
    """Secret of the folder that is annotated, so that a page of another one cannot write here."""
    mode: Literal["local", "accounts"] = "local"
    routers: Sequence[APIRouter] = ()

    def person(self, request: Request) -> Person:
        """Return the person, who owns everything."""
        return Person(self.annotator, "owner", self.csrf)

    def known(self, request: HTTPConnection) -> bool:
        """Return that it is the one person."""
        return True

    def several(self) -> bool:
        """Return that nobody else is here."""
        return False

    def exported(self, request: Request, what: str) -> None:
        """Note nothing: it is their own."""


def person(request: Request) -> Person:
    """Return who sent a request; one that changes something must carry their token.

    Raises:
        Problem: 401 when nobody is logged in, 403 without the right token.
    """
    identity: Identity = request.app.state.identity
    found = identity.person(request)
    given = request.headers.get(CSRF_HEADER, "")
    if request.method in SAFE or not found.csrf:
        return found
    if not hmac.compare_digest(given.encode(), found.csrf.encode()):
        sentence = f"the request carries no valid {CSRF_HEADER}" if given else f"{CSRF_HEADER} is missing"
        raise Problem(403, sentence, "GET /api/session says which token to send; reload the page")
    return found


Asking = Annotated[Person, Depends(person)]
"""Parameter of a route: who is asking."""


def require(person: Person, role: Role) -> None:
    """Check that a person has at least a role.

    Raises:
        Problem: 403 when they have not.
    """
    if ROLES.index(person.role) < ROLES.index(role):
        raise Problem(
            403, f"this needs the role {role}; yours is {person.role}", "ask an owner of the project"
        )
