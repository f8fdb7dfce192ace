"""Accounts: rows that are added and changed, never deleted."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from s2c2.errors import UserError
from s2c2.web.identity import sessions, tokens
from s2c2.web.identity.names import checked_name, folded
from s2c2.web.identity.roles import Role, checked_role
from s2c2.web.identity.tables import accounts


@dataclass(frozen=True)
class Account:
    """A person who may log in."""

    id: int
    """Its number."""
    name: str
    """Its name, which is that of the annotator in the log."""
    role: Role
    """What it may do."""
    created: float
    """When it was made, in seconds since 1970."""
    disabled: float | None
    """When it was disabled; None while it may log in."""
    password: str = field(repr=False)
    """The argon2id hash of its password."""


def add(connection: Connection, name: str, role: Role, password: str, now: float) -> Account:
    """Add an account.

    Args:
        connection: where to write.
        name: a name that was checked.
        role: what it may do.
        password: the hash of its password.
        now: the time, in seconds since 1970.

    Raises:
        UserError: when the name is taken, also by an account that is disabled.
    """
    name = checked_name(name)
    if named(connection, name) is not None:
        raise UserError(f"the name '{name}' is taken: choose another one")
    row = {"name": name, "folded": folded(name), "role": role, "password": password, "created": now}
    connection.execute(insert(accounts).values(row))
    return by_name(connection, name)


def named(connection: Connection, name: str) -> Account | None:
    """Return the account of a name in whatever spelling; None when there is none."""
    key = folded(name)
    if key is None:
        return None
    return _read(connection.execute(select(accounts).where(accounts.c.folded == key)).one_or_none())


def numbered(connection: Connection, number: int) -> Account | None:
    """Return the account of a number; None when there is none."""
    return _read(connection.execute(select(accounts).where(accounts.c.id == number)).one_or_none())


def by_name(connection: Connection, name: str) -> Account:
    """Return the account of a name.

    Raises:
        UserError: when there is none.
    """
    found = named(connection, name)
    if found is None:
        raise UserError(f"there is no account '{name[:80]}'")
    return found


def listed(connection: Connection) -> tuple[Account, ...]:
    """Return all accounts by name."""
    query = select(accounts).order_by(accounts.c.folded)
    return tuple(account for row in connection.execute(query) if (account := _read(row)) is not None)


def standing(connection: Connection) -> int:
    """Return how many accounts may log in."""
    return int(connection.execute(select(func.count()).where(accounts.c.disabled.is_(None))).scalar_one())


def has_owner(connection: Connection) -> bool:
    """Say whether anybody could manage the others."""
    return _owners(connection) > 0


def disable(connection: Connection, account: Account, now: float) -> None:
    """Disable an account; its sessions and tokens end at once.

    Raises:
        UserError: for the last owner.
    """
    _keep_an_owner(connection, account)
    connection.execute(update(accounts).where(accounts.c.id == account.id).values(disabled=now))
    sessions.close_all(connection, account.id)
    tokens.revoke_all(connection, account.id, now)


def enable(connection: Connection, account: Account) -> None:
    """Let a disabled account log in again."""
    connection.execute(update(accounts).where(accounts.c.id == account.id).values(disabled=None))


def assign(connection: Connection, account: Account, role: Role) -> None:
    """Give an account another role; it holds from the next request on.

    Raises:
        UserError: when that would leave no owner.
    """
    if role != "owner":
        _keep_an_owner(connection, account)
    connection.execute(update(accounts).where(accounts.c.id == account.id).values(role=role))


def store_password(connection: Connection, account: Account, password: str) -> None:
    """Replace the hash of a password."""
    connection.execute(update(accounts).where(accounts.c.id == account.id).values(password=password))


def _keep_an_owner(connection: Connection, account: Account) -> None:
    if account.role == "owner" and account.disabled is None and _owners(connection) == 1:
        raise UserError(f"'{account.name}' is the only owner: make another account an owner first")


def _owners(connection: Connection) -> int:
    count = select(func.count()).where(accounts.c.role == "owner", accounts.c.disabled.is_(None))
    return int(connection.execute(count).scalar_one())


def _read(row: Any) -> Account | None:
    if row is None:
        return None
    return Account(row.id, row.name, checked_role(row.role), row.created, row.disabled, row.password)
