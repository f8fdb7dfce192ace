"""What owners do with accounts, and everybody with their own tokens; each with its entry in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from s2c2.errors import UserError
from s2c2.web.database import reading
from s2c2.web.identity import accounts, audit, credentials, tokens
from s2c2.web.identity.accounts import Account
from s2c2.web.identity.people import Caller, Doer, People, changing
from s2c2.web.identity.roles import Role, lesser
from s2c2.web.identity.tokens import Token


@dataclass(frozen=True)
class Issued:
    """A fresh API token with the secret that is shown once."""

    token: Token
    """The token."""
    secret: str = field(repr=False)
    """What a script sends."""


def listed(people: People) -> tuple[Account, ...]:
    """Return all accounts by name."""
    with reading(people.engine) as connection:
        return accounts.listed(connection)


def disable(people: People, number: int, doer: Doer, now: float) -> Account:
    """Disable an account; its sessions and tokens end at once.

    Raises:
        UserError: for the last owner, or when there is no such account.
    """

    def change(connection: Connection, account: Account) -> audit.Entry:
        accounts.disable(connection, account, now)
        return doer.entry("disabled", account)

    return _change(people, number, change, now)


def enable(people: People, number: int, doer: Doer, now: float) -> Account:
    """Let a disabled account log in again; its old sessions and tokens stay ended.

    Raises:
        UserError: when there is no such account.
    """

    def change(connection: Connection, account: Account) -> audit.Entry:
        accounts.enable(connection, account)
        return doer.entry("enabled", account)

    return _change(people, number, change, now)


def assign(people: People, number: int, role: Role, doer: Doer, now: float) -> Account:
    """Give an account another role; it holds from the next request on.

    Raises:
        UserError: when that would leave no owner, or there is no such account.
    """

    def change(connection: Connection, account: Account) -> audit.Entry:
        accounts.assign(connection, account, role)
        return doer.entry("role", account, f"{account.role} → {role}")

    return _change(people, number, change, now)


def issue(people: People, account: Account, wanted: tuple[str, Role], doer: Doer, now: float) -> Issued:
    """Make an API token; asked for more than its account may do, it gets what the account may do.

    Args:
        people: the database.
        account: whom it acts as.
        wanted: its label and role.
        doer: who makes it.
        now: the time, in seconds since 1970.

    Raises:
        UserError: when the label breaks its rule or is in use, or the account is disabled.
    """
    if account.disabled is not None:
        raise UserError(f"the account '{account.name}' is disabled")
    label, role = wanted[0], lesser(wanted[1], account.role)
    secret = credentials.secret("token", people.draw)
    with changing(people) as connection:
        token = tokens.add(connection, secret, account.id, (label, role), now)
        audit.record(connection, doer.entry("token", account, f"{token.label} ({role})"), now)
    return Issued(token, secret)


def revoke(people: People, caller: Caller, number: int, now: float) -> Token:
    """Revoke a token of the caller, or of anybody where the caller is an owner.

    Raises:
        UserError: when there is no such token that is not revoked yet.
    """
    belonging = None if caller.role == "owner" else caller.account.id
    with changing(people) as connection:
        token = tokens.revoke(connection, belonging, number, now)
        account = accounts.numbered(connection, token.account)
        subject = None if account is None else account.name
        audit.record(connection, caller.entry("token revoked", subject, token.label), now)
    return token


def _change(
    people: People, number: int, change: Callable[[Connection, Account], audit.Entry], now: float
) -> Account:
    with changing(people) as connection:
        account = accounts.numbered(connection, number)
        if account is None:
            raise UserError(f"there is no account {number}")
        audit.record(connection, change(connection, account), now)
        return accounts.by_name(connection, account.name)
