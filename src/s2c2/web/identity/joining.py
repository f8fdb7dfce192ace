"""Invites: how accounts come to be, and how a forgotten password is replaced."""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from s2c2.errors import UserError
from s2c2.web.database import reading
from s2c2.web.identity import accounts, audit, credentials, invites, sessions, tokens
from s2c2.web.identity.accounts import Account
from s2c2.web.identity.entering import DisabledError, opened
from s2c2.web.identity.invites import Invite, Offer
from s2c2.web.identity.names import checked_name
from s2c2.web.identity.passwords import checked_password
from s2c2.web.identity.people import Caller, Doer, People, changing
from s2c2.web.identity.roles import Role

START = "(first start)"
"""Who makes the first invite; no account can have this name."""


@dataclass(frozen=True)
class Invited:
    """A fresh invite with the secret that is shown once."""

    invite: Invite
    """The invite."""
    secret: str = field(repr=False)
    """What the link carries."""


@dataclass(frozen=True)
class Answer:
    """What a person sends who follows an invite."""

    secret: str = field(repr=False)
    """What the link carries."""
    name: str
    """Name they choose; of no account where the invite only sets a password."""
    password: str = field(repr=False)
    """Password they choose."""
    address: str | None = None
    """Network address the request came from."""


def link(base: str, invited: Invited) -> str:
    """Return the link of an invite.

    What follows ``#`` is not sent to servers, so that no log has the secret.

    Args:
        base: address of the server.
        invited: a fresh invite.
    """
    return f"{base.rstrip('/')}/static/login.html#invite={invited.secret}"


def first_owner(people: People, now: float) -> Invited | None:
    """Return an invite for an owner while there is none; earlier ones of this kind end."""
    with changing(people) as connection:
        if accounts.has_owner(connection):
            return None
        invites.withdraw_by(connection, START, now)
        return _add(people, connection, Offer("owner", START, people.invite), now)


def invite(people: People, role: Role, entry: audit.Entry, now: float, lasts: float | None = None) -> Invited:
    """Make an invite.

    Args:
        people: the database.
        role: role of the account that it makes.
        entry: entry of the audit log with who makes it.
        now: the time, in seconds since 1970.
        lasts: seconds until it ends; None for the usual time.
    """
    offer = Offer(role, str(entry.who), people.invite if lasts is None else lasts)
    with changing(people) as connection:
        audit.record(connection, entry, now)
        return _add(people, connection, offer, now)


def reset(people: People, number: int, doer: Doer, now: float) -> Invited:
    """Make a link by which an account gets a new password.

    Raises:
        UserError: when there is no such account or it is disabled.
    """
    with changing(people) as connection:
        account = accounts.numbered(connection, number)
        if account is None or account.disabled is not None:
            raise UserError("there is no such account that is enabled")
        audit.record(connection, doer.entry("reset", account), now)
        return _add(people, connection, Offer(account.role, doer.name, people.invite, account.id), now)


def withdraw(people: People, number: int, entry: audit.Entry, now: float) -> None:
    """End an invite before it was used.

    Raises:
        UserError: when there is none of that number that is still open.
    """
    with changing(people) as connection:
        invites.withdraw(connection, number, now)
        audit.record(connection, entry, now)


def accept(people: People, answer: Answer, now: float) -> Caller:
    """Make the account of an invite, or give its account the new password, and log in.

    With a new password all sessions and API tokens that the account had end.

    Raises:
        UserError: when the invite cannot be used, the name is taken, or name or password break a rule; after
            the last three the invite can be used again.
    """
    with reading(people.engine) as connection:
        known = _known(connection, invites.usable(connection, answer.secret, now))
    name = checked_name(answer.name) if known is None else known.name
    hashed = people.passwords.hash(checked_password(answer.password, name))
    with changing(people) as connection:
        used = invites.usable(connection, answer.secret, now)
        account = _settled(connection, used, name, hashed, now)
        invites.spend(connection, used, now)
        caller = opened(people, connection, account, answer.address, now)
        entry = caller.entry("joined", detail=account.role) if known is None else caller.entry("password")
        audit.record(connection, entry, now)
    return caller


def offered(people: People, secret: str, now: float) -> tuple[Role, str | None]:
    """Return the role of an invite, and the name of the account where it only sets a password.

    Raises:
        UserError: when it cannot be used.
    """
    with reading(people.engine) as connection:
        found = invites.usable(connection, secret, now)
        known = _known(connection, found)
    return found.role, None if known is None else known.name


def _add(people: People, connection: Connection, offer: Offer, now: float) -> Invited:
    secret = credentials.secret("invite", people.draw)
    return Invited(invites.add(connection, offer, secret, now), secret)


def _known(connection: Connection, found: Invite) -> Account | None:
    return None if found.account is None else accounts.numbered(connection, found.account)


def _settled(connection: Connection, used: Invite, name: str, hashed: str, now: float) -> Account:
    known = _known(connection, used)
    if known is None:
        return accounts.add(connection, name, used.role, hashed, now)
    if known.disabled is not None:
        raise DisabledError
    accounts.store_password(connection, known, hashed)
    sessions.close_all(connection, known.id)
    tokens.revoke_all(connection, known.id, now)
    return known
