"""Invite links: each makes one account, or gives one account a new password, until it expires."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from s2c2.errors import UserError
from s2c2.web.identity.credentials import digest
from s2c2.web.identity.roles import Role, checked_role
from s2c2.web.identity.tables import invites


@dataclass(frozen=True)
class Invite:
    """An invite, without its secret."""

    id: int
    """Its number."""
    role: Role
    """Role of the account that it makes."""
    account: int | None
    """Number of the account whose password it sets; None for one that makes an account."""
    by: str
    """Who made it."""
    created: float
    """When it was made, in seconds since 1970."""
    expires: float
    """When it ends."""
    used: float | None
    """When it was used."""
    withdrawn: float | None
    """When it was withdrawn."""

    def open(self, now: float) -> bool:
        """Say whether it can still be used."""
        return self.used is None and self.withdrawn is None and now < self.expires


@dataclass(frozen=True)
class Offer:
    """What a new invite says."""

    role: Role
    """Role of the account."""
    by: str
    """Who makes it."""
    lasts: float
    """Seconds until it ends."""
    account: int | None = None
    """Number of an account that gets a new password by it."""


def add(connection: Connection, offer: Offer, secret: str, now: float) -> Invite:
    """Add an invite of which only the digest of the secret is kept."""
    row = {"role": offer.role, "account": offer.account, "by": offer.by}
    times = {"created": now, "expires": now + offer.lasts}
    connection.execute(insert(invites).values(digest=digest(secret), **row, **times))
    return usable(connection, secret, now)


def usable(connection: Connection, secret: str, now: float) -> Invite:
    """Return the invite of a secret.

    Raises:
        UserError: when it is unknown, used, withdrawn or over.
    """
    row = connection.execute(select(invites).where(invites.c.digest == digest(secret))).one_or_none()
    if row is None:
        raise UserError("there is no such invite: check that the whole link was copied")
    invite = _read(row)
    if invite.used is not None:
        raise UserError("this invite was already used: log in, or ask an owner for a new one")
    if not invite.open(now):
        raise UserError("this invite has ended: ask an owner for a new one")
    return invite


def spend(connection: Connection, invite: Invite, now: float) -> None:
    """Mark an invite as used."""
    connection.execute(update(invites).where(invites.c.id == invite.id).values(used=now))


def withdraw(connection: Connection, number: int, now: float) -> Invite:
    """End an invite before it was used.

    Raises:
        UserError: when there is none of that number that is still open.
    """
    row = connection.execute(select(invites).where(invites.c.id == number)).one_or_none()
    if row is None or not _read(row).open(now):
        raise UserError(f"there is no open invite {number}")
    connection.execute(update(invites).where(invites.c.id == number).values(withdrawn=now))
    return _read(row)


def withdraw_by(connection: Connection, by: str, now: float) -> None:
    """End all open invites that somebody made."""
    mine = update(invites).where(invites.c.by == by, invites.c.used.is_(None), invites.c.withdrawn.is_(None))
    connection.execute(mine.values(withdrawn=now))


def listed(connection: Connection) -> tuple[Invite, ...]:
    """Return all invites, the newest first."""
    return tuple(_read(row) for row in connection.execute(select(invites).order_by(invites.c.id.desc())))


def _read(row: Any) -> Invite:
    times = (row.created, row.expires, row.used, row.withdrawn)
    return Invite(row.id, checked_role(row.role), row.account, row.by, *times)
