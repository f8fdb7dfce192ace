"""What browser and server send each other about people and permissions."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from s2c2.web.identity.accounts import Account
from s2c2.web.identity.audit import Line
from s2c2.web.identity.invites import Invite
from s2c2.web.identity.people import Caller
from s2c2.web.identity.roles import Role
from s2c2.web.identity.tokens import LASTS, Token

DAY = 86400.0
"""Seconds."""

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Text = Annotated[str, Field(max_length=100_000)]


class Sent(BaseModel):
    """A request; keys that do not exist are refused, and what was sent is not shown when it is printed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LoginBody(Sent):
    """Log in."""

    name: Text
    password: Annotated[Text, Field(repr=False)]


class LogoutBody(Sent):
    """Log out."""

    everywhere: bool = False
    """End all sessions of the account."""


class PasswordBody(Sent):
    """Change the password."""

    old: Annotated[Text, Field(repr=False)]
    new: Annotated[Text, Field(repr=False)]


class InviteBody(Sent):
    """Make an invite."""

    role: Role
    days: Annotated[float, Field(gt=0, le=90)] = 7.0
    """How long it lasts."""


class LookBody(Sent):
    """Ask what an invite is for."""

    invite: Annotated[Text, Field(repr=False)]


class AcceptBody(LookBody):
    """Follow an invite."""

    name: Text = ""
    """Name of the new account; not used where the invite only sets a password."""
    password: Annotated[Text, Field(repr=False)]


class RoleBody(Sent):
    """Give an account another role."""

    role: Role


class TokenBody(Sent):
    """Make an API token."""

    label: Text
    role: Role = "annotator"
    """It may do what this role may, and never more than its account."""
    days: Annotated[float, Field(gt=0, le=3650)] = LASTS / DAY
    """How long it lasts."""


class Entered(BaseModel):
    """Somebody who is logged in."""

    annotator: str
    role: Role
    csrf: str
    """Token that changes must carry."""


class InviteItem(BaseModel):
    """An invite, without its secret."""

    id: int
    role: Role
    resets: bool
    """Whether it only gives an account a new password."""
    by: str
    created: str
    expires: str
    used: str | None
    withdrawn: str | None
    open: bool


class Link(BaseModel):
    """A fresh invite; the link is shown once."""

    invite: InviteItem
    link: str


class Offered(BaseModel):
    """What an invite is for."""

    role: Role
    name: str | None
    """The account that gets a new password; null where the invite makes an account."""


class AccountItem(BaseModel):
    """An account."""

    id: int
    name: str
    role: Role
    created: str
    disabled: str | None


class TokenItem(BaseModel):
    """An API token, without its secret."""

    id: int
    label: str
    role: Role
    created: str
    used: str | None
    revoked: str | None
    expires: str | None
    """When it ends; null for one that an older version made."""
    open: bool
    """Whether it opens anything now."""


class IssuedItem(BaseModel):
    """A fresh API token; its secret is shown once."""

    token: TokenItem
    secret: str


class AuditItem(BaseModel):
    """Something that happened."""

    seq: int
    at: str
    who: str | None
    action: str
    subject: str | None
    detail: str | None
    address: str | None


def moment(seconds: float) -> str:
    """Return a time as ISO 8601, in UTC.

    Example:
        >>> moment(0.0)
        '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def moments(seconds: float | None) -> str | None:
    """Return a time as ISO 8601; None where there is none."""
    return None if seconds is None else moment(seconds)


def entered(caller: Caller) -> Entered:
    """Return somebody who is logged in."""
    return Entered(annotator=caller.account.name, role=caller.role, csrf=caller.csrf)


def invite_item(invite: Invite, now: float) -> InviteItem:
    """Return an invite."""
    return InviteItem(
        id=invite.id,
        role=invite.role,
        resets=invite.account is not None,
        by=invite.by,
        created=moment(invite.created),
        expires=moment(invite.expires),
        used=moments(invite.used),
        withdrawn=moments(invite.withdrawn),
        open=invite.open(now),
    )


def account_item(account: Account) -> AccountItem:
    """Return an account."""
    return AccountItem(
        id=account.id,
        name=account.name,
        role=account.role,
        created=moment(account.created),
        disabled=moments(account.disabled),
    )


def token_item(token: Token, now: float) -> TokenItem:
    """Return an API token."""
    return TokenItem(
        id=token.id,
        label=token.label,
        role=token.role,
        created=moment(token.created),
        used=moments(token.used),
        revoked=moments(token.revoked),
        expires=moments(token.expires),
        open=token.open(now),
    )


def audit_item(line: Line) -> AuditItem:
    """Return an entry of the audit log."""
    entry = line.entry
    return AuditItem(
        seq=line.seq,
        at=moment(line.time),
        who=entry.who,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        address=entry.address,
    )
