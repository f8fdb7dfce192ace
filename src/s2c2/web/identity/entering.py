"""Log in, log out, change the password."""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from s2c2.errors import UserError
from s2c2.web.database import writing
from s2c2.web.identity import accounts, attempts, audit, credentials, sessions
from s2c2.web.identity.accounts import Account
from s2c2.web.identity.passwords import checked_password, form
from s2c2.web.identity.people import Caller, People, changing

WRONG = "the name or the password is wrong"
"""The same words whether or not there is such an account."""


class DeniedError(UserError):
    """A log-in with a wrong name or password."""


class DisabledError(UserError):
    """A log-in with the right password to an account that is disabled."""

    def __init__(self) -> None:
        super().__init__("this account is disabled: ask an owner of the project")


class WaitError(UserError):
    """A log-in that comes too early after others that failed."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, -int(-seconds // 1))
        super().__init__(f"too many log-ins failed: try again in {spoken(self.seconds)}")


@dataclass(frozen=True)
class Given:
    """What a person sends to log in."""

    name: str
    """Name of the account."""
    password: str = field(repr=False)
    """Its password."""
    address: str | None = None
    """Network address the request came from."""
    session: str = field(default="", repr=False)
    """Secret of a session that the browser still has; it ends, so that no secret from before lives on."""


def log_in(people: People, given: Given, now: float) -> Caller:
    """Open a session.

    Raises:
        WaitError: when too many log-ins failed.
        DeniedError: when the name or the password is wrong, in the same words and after the same work.
        DisabledError: when the password is right and the account is disabled.
    """
    keys = attempts.counted(given.name, given.address)
    account = _claimed(people, keys, given.name, now)
    stored = None if account is None else account.password
    if not people.passwords.verify(stored, given.password) or account is None:
        _failed(people, account, given, now)
        raise DeniedError(WRONG)
    renewed = _renewed(people, account, given.password)
    with changing(people) as connection:
        attempts.succeeded(connection, keys)
        current = _unchanged(connection, account)
        if renewed is not None:
            accounts.store_password(connection, current, renewed)
        sessions.close(connection, given.session)
        caller = opened(people, connection, current, given.address, now)
        audit.record(connection, caller.entry("log-in"), now)
    return caller


def opened(
    people: People, connection: Connection, account: Account, address: str | None, now: float
) -> Caller:
    """Open a session with a fresh secret."""
    secret = credentials.secret("session", people.draw)
    sessions.add(connection, secret, account.id, people.lifetime, now)
    return Caller(account, account.role, secret, address)


def log_out(people: People, caller: Caller, everywhere: bool, now: float) -> None:
    """End the session of a caller, or all sessions of the account."""
    with changing(people) as connection:
        if everywhere:
            sessions.close_all(connection, caller.account.id)
        sessions.close(connection, caller.secret)
        audit.record(connection, caller.entry("log-out everywhere" if everywhere else "log-out"), now)


def change_password(people: People, caller: Caller, old: str, new: str, now: float) -> Caller:
    """Replace the password of a caller; all sessions end, and a fresh one is opened.

    Raises:
        WaitError: when too many passwords were wrong.
        DeniedError: when the old password is wrong.
        UserError: when the new one breaks a rule.
    """
    account = caller.account
    hashed = people.passwords.hash(checked_password(new, account.name))
    keys = attempts.counted(account.name, caller.address)
    _claimed(people, keys, account.name, now)
    if not people.passwords.verify(account.password, old):
        raise DeniedError("the old password is wrong")
    with changing(people) as connection:
        attempts.succeeded(connection, keys)
        current = _unchanged(connection, account)
        accounts.store_password(connection, current, hashed)
        sessions.close_all(connection, current.id)
        audit.record(connection, caller.entry("password"), now)
        return opened(people, connection, current, caller.address, now)


def spoken(seconds: int) -> str:
    """Return a wait as people say it.

    Example:
        >>> spoken(1), spoken(45), spoken(900)
        ('1 second', '45 seconds', '15 minutes')
    """
    count, unit = (seconds, "second") if seconds < 120 else (-(-seconds // 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _claimed(people: People, keys: tuple[attempts.Counted, ...], name: str, now: float) -> Account | None:
    with writing(people.engine) as connection:
        wait = attempts.claim(connection, keys, now)
        account = accounts.named(connection, name)
    if wait > 0:
        raise WaitError(wait)
    return account


def _failed(people: People, account: Account | None, given: Given, now: float) -> None:
    """Record a failure; the name only where it exists: else it may be a password in the wrong field."""
    subject = None if account is None else account.name
    detail = "no such account" if account is None else None
    entry = audit.Entry(None, "failed log-in", subject, detail, given.address)
    with writing(people.engine) as connection:
        audit.record(connection, entry, now)


def _renewed(people: People, account: Account, password: str) -> str | None:
    """Return a hash with the parameters of today; None when the stored one has them."""
    if not people.passwords.outdated(account.password):
        return None
    return people.passwords.hash(form(password))


def _unchanged(connection: Connection, account: Account) -> Account:
    """Return an account as it is now.

    Raises:
        DeniedError: when its password was changed since it was verified.
        DisabledError: when it is disabled.
    """
    current = accounts.by_name(connection, account.name)
    if current.password != account.password:
        raise DeniedError(WRONG)
    if current.disabled is not None:
        raise DisabledError
    return current
