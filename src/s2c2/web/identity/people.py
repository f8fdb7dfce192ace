"""What people and permissions are kept by, and who a request comes from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from s2c2.web.database import reading, writing
from s2c2.web.identity import accounts, audit, credentials, sessions, tokens
from s2c2.web.identity.accounts import Account
from s2c2.web.identity.credentials import Draw
from s2c2.web.identity.passwords import Passwords
from s2c2.web.identity.recent import Recent
from s2c2.web.identity.roles import Role, lesser

WEEK = 7 * 86400.0
"""Seconds."""


@dataclass(frozen=True)
class People:
    """The database of accounts with all that is needed to work on it."""

    engine: Engine
    """The database."""
    passwords: Passwords
    """Hashes of passwords."""
    draw: Draw = field(repr=False)
    """Source of random bytes."""
    lifetime: sessions.Lifetime = field(default=sessions.Lifetime())
    """How long a session lasts."""
    invite: float = WEEK
    """How long an invite lasts, in seconds."""
    recent: Recent = field(default_factory=Recent, compare=False)
    """Who was let in a moment ago."""


@dataclass(frozen=True)
class Caller:
    """Who a request comes from."""

    account: Account
    """The account."""
    role: Role
    """What this request may do: that of the account, or less for a token."""
    secret: str = field(repr=False)
    """Secret of the session; empty for a token."""
    address: str | None = None
    """Network address the request came from."""

    @property
    def csrf(self) -> str:
        """Token that unsafe requests of the session carry; empty for an API token, which no browser sends."""
        return credentials.csrf(self.secret) if self.secret else ""

    def entry(
        self, action: audit.Action, subject: str | None = None, detail: str | None = None
    ) -> audit.Entry:
        """Return an entry of the audit log on something that it does."""
        return audit.Entry(self.account.name, action, subject, detail, self.address)


@dataclass(frozen=True)
class Doer:
    """Who manages, for the audit log."""

    name: str
    """Name of the account, or in brackets what acts without one."""
    address: str | None = None
    """Network address the request came from."""

    def entry(self, action: audit.Action, account: Account, detail: str | None = None) -> audit.Entry:
        """Return the entry on something done to an account."""
        return audit.Entry(self.name, action, account.name, detail, self.address)


@contextmanager
def changing(people: People) -> Iterator[Connection]:
    """Yield a connection that writes; then everybody is checked anew.

    Raises:
        UserError: when the database cannot be used.
    """
    try:
        with writing(people.engine) as connection:
            yield connection
    finally:
        people.recent.forget()


def by_session(people: People, secret: str, address: str | None, now: float) -> Caller | None:
    """Return who has a session; None when it does not exist or is over, or the account is disabled."""
    changes = people.recent.changes
    with reading(people.engine) as connection:
        session = sessions.found(connection, secret, people.lifetime, now)
        account = None if session is None else accounts.numbered(connection, session.account)
    if session is None or account is None or account.disabled is not None:
        return None
    if sessions.stale(session, now):
        with writing(people.engine) as connection:
            sessions.note(connection, session, now)
    people.recent.add("session", secret, changes, now)
    return Caller(account, account.role, secret, address)


def by_token(people: People, secret: str, address: str | None, now: float) -> Caller | None:
    """Return whom an API token acts as; None when it is unknown or revoked, or the account is disabled."""
    changes = people.recent.changes
    with reading(people.engine) as connection:
        token = tokens.found(connection, secret)
        account = None if token is None else accounts.numbered(connection, token.account)
    if token is None or account is None or account.disabled is not None:
        return None
    if tokens.stale(token, now):
        with writing(people.engine) as connection:
            tokens.note(connection, token, now)
    people.recent.add("token", secret, changes, now)
    return Caller(account, lesser(account.role, token.role), "", address)


def record(people: People, entry: audit.Entry, now: float) -> None:
    """Append an entry to the audit log, such as an export."""
    with writing(people.engine) as connection:
        audit.record(connection, entry, now)
