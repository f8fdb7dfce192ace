"""The store: the append-only log in SQLite or PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from s2c2.errors import UserError
from s2c2.web.acts import Act, Recorded
from s2c2.web.board import Start

Reader = Callable[[int], list[Recorded]]
"""Returns the acts after a number, read in the transaction that is going to write."""


class Duplicate(Exception):  # noqa: N818
    """The key is already in the log: the act was recorded before."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__(f"act {recorded.seq} has this key")
        self.recorded = recorded
        """The act as it was first recorded."""


@dataclass(frozen=True)
class Lease:
    """Who works on a group, until when."""

    who: str
    until: datetime


class Leased(UserError):  # noqa: N818
    """Somebody else works on the group."""

    def __init__(self, sentence: str, lease: Lease) -> None:
        super().__init__(sentence)
        self.lease = lease


class Store:
    """A database; safe to use from many threads and processes."""

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open ``sqlite:///PATH`` or ``postgresql://…``, made or migrated where needed; UserError else."""
        raise NotImplementedError

    def begin(self, start: Start) -> Start:
        """Write the start into an empty database; return the stored one. UserError for another dataset."""
        raise NotImplementedError

    def start(self) -> Start | None:
        """The stored start; None in an empty database."""
        raise NotImplementedError

    def append(self, annotator: str, act: Act, check: Callable[[Reader], None], time: str) -> Recorded:
        """Record an act in one transaction: same key? (Duplicate), check, insert."""
        raise NotImplementedError

    def read(self, after: int = 0) -> list[Recorded]:
        """The acts after a number; UserError names a damaged row."""
        raise NotImplementedError

    def lease(self, scope: str, group: str, annotator: str, now: datetime) -> Lease:
        """Take or prolong a lease of 15 minutes; Leased when another has it."""
        raise NotImplementedError

    def release(self, scope: str, group: str, annotator: str) -> None:
        """Give an own lease back."""

    def leases(self, scope: str, now: datetime) -> dict[str, Lease]:
        """Leases that still run, by group."""
        raise NotImplementedError

    def backup(self, path: Path) -> None:
        """Copy a SQLite database while it is used; UserError for PostgreSQL, naming pg_dump."""

    def close(self) -> None:
        """Close all connections."""
