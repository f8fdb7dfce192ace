"""API tokens: for scripts that act as an account, shown once and revocable."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from s2c2.errors import UserError
from s2c2.web.identity.credentials import digest
from s2c2.web.identity.roles import Role, checked_role
from s2c2.web.identity.tables import tokens

NOTED = 60.0
"""Seconds between two notes that a token was used."""

LONGEST = 64
"""Characters of a label."""


LASTS = 90 * 86400.0
"""Seconds after which a token ends, unless something else was asked for."""


@dataclass(frozen=True)
class Wanted:
    """What a token is asked for."""

    label: str
    """What it is for."""
    role: Role
    """It may do what this role may, and never more than its account."""
    lasts: float = LASTS
    """Seconds after which it ends."""


@dataclass(frozen=True)
class Token:
    """An API token, without its secret."""

    id: int
    """Its number."""
    account: int
    """Number of the account it acts as."""
    label: str
    """What it is for."""
    role: Role
    """It may do what this role may, and never more than its account."""
    created: float
    """When it was made, in seconds since 1970."""
    used: float | None
    """When it was last used."""
    revoked: float | None
    """When it was revoked."""
    expires: float | None
    """When it ends; None for one that an older version made."""

    def open(self, now: float) -> bool:
        """Say whether it still opens something."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def checked_label(given: str) -> str:
    """Return the label of a token.

    Raises:
        UserError: when it is empty, too long or holds control characters.
    """
    label = given[: 2 * LONGEST].strip()
    if not 1 <= len(label) <= LONGEST or not label.isprintable():
        raise UserError(f"the label of a token has 1 to {LONGEST} printable characters on one line")
    return label


def add(connection: Connection, secret: str, account: int, wanted: Wanted, now: float) -> Token:
    """Add a token of which only the digest of the secret is kept.

    Args:
        connection: where to write.
        secret: the token as it is shown once.
        account: number of the account it acts as.
        wanted: what it is asked for.
        now: the time, in seconds since 1970.

    Raises:
        UserError: when the label breaks its rule, or an open token of the account has it.
    """
    label = checked_label(wanted.label)
    if any(token.label == label and token.open(now) for token in listed(connection, account)):
        raise UserError(f"there is already a token '{label}': revoke it first or use another label")
    row = {"account": account, "label": label, "role": wanted.role, "created": now}
    times = {"expires": now + wanted.lasts}
    connection.execute(insert(tokens).values(digest=digest(secret), **row, **times))
    return _read(connection.execute(select(tokens).where(tokens.c.digest == digest(secret))).one())


def found(connection: Connection, secret: str, now: float) -> Token | None:
    """Return the token of a secret; None when there is none, or it was revoked or has ended."""
    row = connection.execute(select(tokens).where(tokens.c.digest == digest(secret))).one_or_none()
    token = None if row is None else _read(row)
    return token if token is not None and token.open(now) else None


def stale(token: Token, now: float) -> bool:
    """Say whether it should be noted again that a token was used."""
    return token.used is None or abs(now - token.used) >= NOTED


def note(connection: Connection, token: Token, now: float) -> None:
    """Note that a token was used."""
    connection.execute(update(tokens).where(tokens.c.id == token.id).values(used=now))


def revoke(connection: Connection, account: int | None, number: int, now: float) -> Token:
    """Revoke a token.

    Args:
        connection: where to write.
        account: number of the account it must belong to; None for whichever.
        number: its own number.
        now: the time, in seconds since 1970.

    Raises:
        UserError: when there is no such token that is not revoked yet.
    """
    row = connection.execute(select(tokens).where(tokens.c.id == number)).one_or_none()
    if row is None or row.revoked is not None or account not in (None, row.account):
        raise UserError(f"there is no token {number} to revoke")
    connection.execute(update(tokens).where(tokens.c.id == number).values(revoked=now))
    return _read(row)


def revoke_all(connection: Connection, account: int, now: float) -> None:
    """Revoke all tokens of an account."""
    mine = update(tokens).where(tokens.c.account == account, tokens.c.revoked.is_(None))
    connection.execute(mine.values(revoked=now))


def listed(connection: Connection, account: int) -> tuple[Token, ...]:
    """Return the tokens of an account, the newest first."""
    query = select(tokens).where(tokens.c.account == account).order_by(tokens.c.id.desc())
    return tuple(_read(row) for row in connection.execute(query))


def _read(row: Any) -> Token:
    role = checked_role(row.role)
    times = (row.created, row.used, row.revoked, row.expires)
    return Token(row.id, row.account, row.label, role, *times)
