"""Sessions on the server: a browser holds a random secret, the database its digest."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, update

from s2c2.web.identity.credentials import digest
from s2c2.web.identity.tables import sessions

NOTED = 60.0
"""Seconds between two notes that a session was seen, so that most requests only read."""


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts."""

    idle: float = 8 * 3600.0
    """Seconds without a request after which it ends."""
    absolute: float = 7 * 86400.0
    """Seconds after log-in after which it ends in any case."""


@dataclass(frozen=True)
class Session:
    """An open session."""

    digest: str
    """Digest of its secret."""
    account: int
    """Number of its account."""
    seen: float
    """When a request of it was last noted, in seconds since 1970."""


def add(connection: Connection, secret: str, account: int, lifetime: Lifetime, now: float) -> None:
    """Open a session, and remove those that are over."""
    sweep(connection, lifetime, now)
    row = {"digest": digest(secret), "account": account, "created": now, "seen": now}
    connection.execute(insert(sessions).values(row))


def found(connection: Connection, secret: str, lifetime: Lifetime, now: float) -> Session | None:
    """Return the session of a secret; None when there is none or it is over."""
    query = select(sessions).where(sessions.c.digest == digest(secret))
    row = connection.execute(query).one_or_none()
    if row is None or now - row.created >= lifetime.absolute or now - row.seen >= lifetime.idle:
        return None
    return Session(row.digest, row.account, row.seen)


def stale(session: Session, now: float) -> bool:
    """Say whether it should be noted again that a session was seen."""
    return abs(now - session.seen) >= NOTED


def note(connection: Connection, session: Session, now: float) -> None:
    """Note that a session was seen."""
    connection.execute(update(sessions).where(sessions.c.digest == session.digest).values(seen=now))


def close(connection: Connection, secret: str) -> None:
    """End the session of a secret."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest(secret)))


def close_all(connection: Connection, account: int) -> int:
    """End all sessions of an account and return how many there were."""
    return connection.execute(delete(sessions).where(sessions.c.account == account)).rowcount


def sweep(connection: Connection, lifetime: Lifetime, now: float) -> None:
    """Remove the sessions that are over."""
    old = sessions.c.created <= now - lifetime.absolute
    idle = sessions.c.seen <= now - lifetime.idle
    connection.execute(delete(sessions).where(or_(old, idle)))
