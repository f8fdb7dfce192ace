"""The audit log: who did what. It only grows."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, insert, select

from s2c2.web.identity import tables

Action = Literal[
    "log-in",
    "failed log-in",
    "log-out",
    "log-out everywhere",
    "invite",
    "invite withdrawn",
    "joined",
    "role",
    "disabled",
    "enabled",
    "password",
    "reset",
    "token",
    "token revoked",
    "export",
]
"""What is recorded."""


@dataclass(frozen=True)
class Entry:
    """Something that happened."""

    who: str | None
    """Name of the account that did it; None where nobody was logged in."""
    action: Action
    """What was done."""
    subject: str | None = None
    """Name of the account it was done to, if it is another one or ``who`` is None."""
    detail: str | None = None
    """What else there is to say, for example the new role."""
    address: str | None = None
    """Network address the request came from."""


@dataclass(frozen=True)
class Line:
    """An entry as it stands in the log."""

    seq: int
    """Its number; later entries have higher ones."""
    time: float
    """When it was written, in seconds since 1970."""
    entry: Entry
    """What happened."""


def record(connection: Connection, entry: Entry, now: float) -> None:
    """Append an entry."""
    address = None if entry.address is None else entry.address[:64]
    detail = None if entry.detail is None else entry.detail[:256]
    row = {"who": entry.who, "action": entry.action, "subject": entry.subject, "detail": detail}
    connection.execute(insert(tables.audit).values(**row, address=address, time=now))


def lines(connection: Connection, before: int | None, limit: int) -> tuple[Line, ...]:
    """Return the last entries, the newest first.

    Args:
        connection: where to read.
        before: only entries with a smaller number; None for all.
        limit: how many at most.
    """
    log = tables.audit
    query = select(log).order_by(log.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(log.c.seq < before)
    return tuple(
        Line(row.seq, row.time, Entry(row.who, row.action, row.subject, row.detail, row.address))
        for row in connection.execute(query)
    )
