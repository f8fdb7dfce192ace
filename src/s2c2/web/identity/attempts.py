"""Rate limit of log-ins: after a few failures each further one doubles the wait. It survives a restart."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from s2c2.web.identity.credentials import digest
from s2c2.web.identity.names import folded
from s2c2.web.identity.tables import attempts


@dataclass(frozen=True)
class Limit:
    """When a key has to wait, and for how long."""

    free: int
    """Failures without any wait."""
    longest: float = 900.0
    """The longest wait, in seconds."""
    forgotten: float = 86400.0
    """Seconds without a failure after which the count starts anew."""


@dataclass(frozen=True)
class Counted:
    """What failures are counted by."""

    key: str
    """Digest of an account's name or of an address."""
    limit: Limit
    """Its limit."""


ACCOUNT = Limit(free=5)
"""Limit of one account, from whatever addresses."""

ADDRESS = Limit(free=20)
"""Limit of one address, for whatever accounts; higher, as a team may share one address."""


def counted(name: str, address: str | None) -> tuple[Counted, ...]:
    """Return what a log-in counts against: the address, and the name, whether or not it exists."""
    by_name = Counted(digest(f"account {folded(name) or name}"), ACCOUNT)
    if address is None:
        return (by_name,)
    return by_name, Counted(digest(f"address {network(address)}"), ADDRESS)


def network(address: str) -> str:
    """Return what one client has of addresses: an IPv4 address, or the 64-bit network of an IPv6 address.

    Example:
        >>> network("192.0.2.7"), network("2001:db8::17"), network("::ffff:192.0.2.7")
        ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def pause(failures: int, limit: Limit) -> float:
    """Return the seconds between the last failure and the next attempt.

    Example:
        >>> [pause(failures, Limit(free=3, longest=5.0)) for failures in (2, 3, 4, 5, 6, 999)]
        [0.0, 1.0, 2.0, 4.0, 5.0, 5.0]
    """
    if failures < limit.free:
        return 0.0
    return min(limit.longest, 2.0 ** min(failures - limit.free, 60))


def claim(connection: Connection, keys: Sequence[Counted], now: float) -> float:
    """Count an attempt as failed before its password is looked at, so that many at once gain nothing.

    Returns:
        the seconds to wait; 0 when the attempt may go on. One that has to wait is not counted.
    """
    counts = {item.key: _failures(connection, item, now) for item in keys}
    wait = max(_remaining(connection, item, counts[item.key], now) for item in keys)
    if wait <= 0:
        for key, failures in counts.items():
            _write(connection, key, failures + 1, now)
    return wait


def succeeded(connection: Connection, keys: Sequence[Counted]) -> None:
    """Take an attempt back that was claimed and did not fail; the account's count starts anew.

    The address keeps its earlier failures: else one known account would give free guesses at all others.
    """
    account, *others = keys
    connection.execute(delete(attempts).where(attempts.c.digest == account.key))
    for item in others:
        fewer = update(attempts).where(attempts.c.digest == item.key, attempts.c.failures > 0)
        connection.execute(fewer.values(failures=attempts.c.failures - 1))


def _failures(connection: Connection, item: Counted, now: float) -> int:
    row = _row(connection, item.key)
    return 0 if row is None or now - row[1] > item.limit.forgotten else row[0]


def _remaining(connection: Connection, item: Counted, failures: int, now: float) -> float:
    row = _row(connection, item.key)
    if row is None:
        return 0.0
    whole = pause(failures, item.limit)
    return min(row[1] + whole - now, whole)  # a clock set back must not lock anybody out for longer


def _row(connection: Connection, key: str) -> tuple[int, float] | None:
    columns = select(attempts.c.failures, attempts.c.last)
    found = connection.execute(columns.where(attempts.c.digest == key)).one_or_none()
    return None if found is None else (found.failures, found.last)


def _write(connection: Connection, key: str, failures: int, now: float) -> None:
    values = {"failures": failures, "last": now}
    changed = connection.execute(update(attempts).where(attempts.c.digest == key).values(values))
    if not changed.rowcount:
        connection.execute(insert(attempts).values(digest=key, **values))
