"""The store: start, append-only log and leases in SQLite or PostgreSQL."""

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from s2c2 import files
from s2c2.errors import UserError
from s2c2.web import leases, stored, tables
from s2c2.web.acts import Act, Recorded, decode, encode
from s2c2.web.database import engine, meeting, migrate, parsed, reading, shown, writing
from s2c2.web.leases import Lease, Leased
from s2c2.web.start import Start

__all__ = ["Duplicate", "Lease", "Leased", "Reader", "Store"]

Reader = Callable[[int], list[Recorded]]
"""Returns the acts after a number, read in the transaction that is going to write."""


class Duplicate(Exception):  # noqa: N818
    """The key is already in the log: the act was recorded before."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__(recorded)
        self.recorded = recorded
        """The act as it was first recorded."""

    def __str__(self) -> str:
        return f"act {self.recorded.seq} has this key"


class Store:
    """A database of one project; many threads and processes may use it at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        """Other parts of the app keep their tables in the same database."""

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``; make or migrate its tables.

        Raises:
            UserError: when it is no database, cannot be used, or is of a newer version.
        """
        opened = engine(parsed(url))
        if opened.url.get_backend_name() == "sqlite":
            _ready(opened.url.database)
        try:
            migrate(opened)
        except BaseException:
            opened.dispose()
            raise
        return cls(opened)

    @property
    def name(self) -> str:
        """The database as people know it, without a password."""
        return shown(self.engine.url)

    def begin(self, start: Start) -> Start:
        """Keep the start in an empty database, add arms that are new, and return what is kept.

        The groups of an arm never change: a later start with other groups finds the kept ones.

        Raises:
            UserError: when the database is that of other images or classes.
        """
        with writing(self.engine) as connection:
            kept = self._start(connection)
            if kept is None:
                row = {"id": 1, "classes": json.dumps(start.classes), "database": secrets.token_hex(16)}
                connection.execute(insert(tables.project), row)
                _name_images(connection, start.images)
                _insert(connection, tables.study, [stored.study_row(start)] if start.study else [])
            else:
                self._same_dataset(kept, start)
            new = [arm for arm in start.groups if kept is None or arm not in kept.groups]
            rows = [stored.row(arm, at, group) for arm in new for at, group in enumerate(start.groups[arm])]
            _insert(connection, tables.groups, rows)
            # what was written a moment ago is known
            return start if kept is None else self._start(connection) or start

    def start(self) -> Start | None:
        """Return the kept start; None in an empty database.

        Raises:
            UserError: when it is damaged or the database cannot be used.
        """
        with reading(self.engine) as connection:
            return self._start(connection)

    def id(self) -> str:
        """Return the random id of the database, which it keeps for ever; a copy of it has the same.

        Raises:
            UserError: when it holds no images yet, or the database cannot be used.
        """
        with reading(self.engine) as connection:
            found: str | None = connection.execute(select(tables.project.c.database)).scalar()
        if found is None:
            raise UserError(f"{self.name} holds no images yet")
        return found

    def append(self, annotator: str, act: Act, check: Callable[[Reader], None], time: str) -> Recorded:
        """Record an act in one transaction that no other writer shares.

        Args:
            annotator: who does it.
            act: what is done.
            check: called when the key is new; gets a reader of the log, raises to refuse the act.
            time: server time, ISO 8601, UTC.

        Raises:
            Duplicate: when the same annotator has recorded an act with this key.
            UserError: for the key of another's act, or when the database cannot be used.
        """
        with writing(self.engine) as connection:
            self._new_key(connection, annotator, act)
            check(lambda after: self._read(connection, after))
            last = connection.execute(select(func.max(tables.events.c.seq))).scalar() or 0
            row = {
                "seq": last + 1,
                "key": act.key,
                "annotator": annotator,
                "time": time,
                "scope": act.scope,
                "act": act.name,
                "payload": encode(act),
            }
            connection.execute(insert(tables.events), row)
        return Recorded(last + 1, annotator, time, act)

    def read(self, after: int = 0) -> list[Recorded]:
        """Return the acts after a number, in their order.

        Raises:
            UserError: for a damaged row, naming it, or when the database cannot be used.
        """
        with reading(self.engine) as connection:
            return self._read(connection, after)

    def recorded(self, key: str) -> Recorded | None:
        """Return the act with a key; None when there is none."""
        with reading(self.engine) as connection:
            row = _with_key(connection, key)
        return None if row is None else self._recorded(row)

    def lease(self, scope: str, group: str, annotator: str, now: datetime) -> Lease:
        """Take a lease of 15 minutes, or prolong an own one.

        Args:
            scope: whose board.
            group: group id, at most 80 characters.
            annotator: who works on it.
            now: server time with its zone.

        Raises:
            Leased: when another's lease still runs.
        """
        with writing(self.engine) as connection:
            return leases.take(connection, scope, group, annotator, now)

    def release(self, scope: str, group: str, annotator: str, until: datetime | None = None) -> None:
        """Give an own lease back; another's stays.

        Args:
            scope: board of the group.
            group: the group.
            annotator: who gives it back.
            until: end of the lease that is meant: one that was taken anew since stays. None for any.
        """
        with writing(self.engine) as connection:
            leases.release(connection, scope, group, annotator, until)

    def leases(self, scope: str, now: datetime) -> dict[str, Lease]:
        """Return the leases of a scope that still run, by group."""
        with reading(self.engine) as connection:
            return leases.running(connection, scope, now)

    def backup(self, path: Path) -> None:
        """Copy a SQLite database to a new file, whole or not at all, also while people work.

        Raises:
            UserError: for PostgreSQL, for a file that exists, or when the copy cannot be written.
        """
        if self.engine.dialect.name != "sqlite":
            dump = f"pg_dump --file {quote(str(path))} DATABASE"
            raise UserError(f"--backup copies SQLite files; for {self.name} use: {dump}")
        if path.exists():
            raise UserError(f"{path} exists: name a new file for the backup")
        with meeting(self.engine.url), self.engine.connect() as connection, files.atomic(path) as partial:
            try:
                with closing(sqlite3.connect(partial)) as copy:
                    connection.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
                    copy.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.Error as error:
                raise UserError(f"cannot back up to {path}: {error}") from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _start(self, connection: Connection) -> Start | None:
        classes = connection.execute(select(tables.project.c.classes)).scalar()
        if classes is None:
            return None
        names = connection.execute(select(tables.images.c.name).order_by(tables.images.c.id)).scalars()
        order = (tables.groups.c.arm, tables.groups.c.position)
        rows = connection.execute(select(tables.groups).order_by(*order)).mappings()
        study = connection.execute(select(tables.study)).first()
        try:
            plan, hidden = (None, {}) if study is None else (study.plan, stored.hidden(study.hidden))
            groups = stored.grouped(map(dict, rows))
            return Start(tuple(names), tuple(json.loads(classes)), groups, plan, hidden)
        except (ValueError, TypeError) as error:
            raise UserError(f"the starting groups in {self.name} are damaged: {error}") from error

    def _same_dataset(self, kept: Start, start: Start) -> None:
        if kept.images == start.images and kept.classes == start.classes:
            return
        what = "classes" if kept.images == start.images else "images"
        raise UserError(
            f"{self.name} belongs to a dataset with other {what} ({len(kept.images)} images of "
            f"{len(kept.classes)} classes, not {len(start.images)} of {len(start.classes)}): "
            "name another database"
        )

    def _new_key(self, connection: Connection, annotator: str, act: Act) -> None:
        row = _with_key(connection, act.key)
        if row is None:
            return
        if row["annotator"] != annotator:
            raise UserError("this key is that of another's act: each act needs a key of its own")
        raise Duplicate(self._recorded(row))

    def _read(self, connection: Connection, after: int) -> list[Recorded]:
        newer = select(tables.events).where(tables.events.c.seq > after).order_by(tables.events.c.seq)
        return [self._recorded(dict(row)) for row in connection.execute(newer).mappings()]

    def _recorded(self, row: Mapping[str, Any]) -> Recorded:
        try:
            act = decode(row["payload"])
            if (act.key, act.scope, act.name) != (row["key"], row["scope"], row["act"]):
                raise UserError("its columns say something else than its payload")
        except (UserError, TypeError) as error:
            raise UserError(f"act {row['seq']} in {self.name} is damaged: {error}") from error
        return Recorded(row["seq"], row["annotator"], row["time"], act)


def _with_key(connection: Connection, key: str) -> Mapping[str, Any] | None:
    row = connection.execute(select(tables.events).where(tables.events.c.key == key)).mappings().first()
    return None if row is None else dict(row)


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _name_images(connection: Connection, names: Sequence[str]) -> None:
    """Write the images of an empty database; SQLAlchemy itself looks at each row, three times as long."""
    made = str(insert(tables.images).compile(dialect=connection.dialect, column_keys=["id", "name"]))
    rows = list(enumerate(names))
    if not connection.dialect.positional:
        connection.exec_driver_sql(made, [{"id": number, "name": name} for number, name in rows])
    else:
        connection.exec_driver_sql(made, rows)


def _ready(database: str | None) -> None:
    """Refuse a SQLite file that cannot be there."""
    if not database or database == ":memory:":
        raise UserError("the database must be a file: sqlite:///FILE")
    path = Path(database)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UserError(
            f"cannot make the database {path}: {'a folder is there' if path.is_dir() else 'no such folder'}"
        )
