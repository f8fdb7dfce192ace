"""Leases: who works on which group, so that others take another one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from s2c2.errors import UserError
from s2c2.web.tables import leases as table

TERM = timedelta(minutes=15)
"""How long a lease runs from when it was taken or prolonged."""

LONGEST = 2 * TERM
"""A lease that ends later than in this time has ended: the clock was set back since it was taken.

Twice the term, as the clocks of several servers differ a little.
"""


@dataclass(frozen=True)
class Lease:
    """Who works on a group."""

    who: str
    """Annotator."""
    until: datetime
    """When it ends, server time, UTC, to the millisecond."""


class Leased(UserError):  # noqa: N818
    """Somebody else works on the group."""

    def __init__(self, group: str, lease: Lease) -> None:
        super().__init__(f"{lease.who} works on {group} until {lease.until:%H:%M} UTC")
        self.lease = lease
        """The other's lease."""


def take(connection: Connection, scope: str, group: str, annotator: str, now: datetime) -> Lease:
    """Take or prolong a lease in a writing transaction.

    Raises:
        Leased: when another's lease still runs.
    """
    until = (now + TERM).astimezone(UTC)
    mine = Lease(annotator, until.replace(microsecond=until.microsecond // 1000 * 1000))
    row = (table.c.scope == scope) & (table.c.group == group)
    kept = connection.execute(select(table).where(row)).first()
    other = None if kept is None or kept.annotator == annotator else kept
    if other is not None and now.timestamp() < other.until <= (now + LONGEST).timestamp():
        raise Leased(group, Lease(other.annotator, datetime.fromtimestamp(other.until, UTC)))
    connection.execute(delete(table).where(row))
    values = {"scope": scope, "group": group, "annotator": annotator, "until": mine.until.timestamp()}
    connection.execute(insert(table), values)
    return mine


def release(
    connection: Connection, scope: str, group: str, annotator: str, until: datetime | None = None
) -> None:
    """Remove an own lease in a writing transaction; with an end, only the one that has it."""
    mine = (table.c.scope == scope) & (table.c.group == group) & (table.c.annotator == annotator)
    if until is not None:
        mine &= table.c.until == until.timestamp()
    connection.execute(delete(table).where(mine))


def running(connection: Connection, scope: str, now: datetime) -> dict[str, Lease]:
    """Return the leases of a scope that still run, by group."""
    begun, ends = table.c.until > now.timestamp(), table.c.until <= (now + LONGEST).timestamp()
    rows = connection.execute(select(table).where((table.c.scope == scope) & begun & ends)).all()
    return {row.group: Lease(row.annotator, datetime.fromtimestamp(row.until, UTC)) for row in rows}
