"""Engines, transactions and errors of SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from s2c2.errors import UserError

HEAD = "0005"
"""Version of the tables that this software works with: that of the last step of the migrations."""
BUSY = 30
"""Seconds to wait for another writer."""
LOCK = 0x5332_4332
"""Number of the advisory lock that writers of a PostgreSQL database take in turn."""


def parsed(url: str) -> URL:
    """Return a database address with the driver that is used.

    Raises:
        UserError: when it is neither SQLite nor PostgreSQL.
    """
    try:
        found = make_url(url)
    except ArgumentError as error:
        raise UserError(f"'{url}' is no database: sqlite:///FILE or postgresql://USER@HOST/NAME") from error
    drivers = {
        "sqlite": "sqlite+pysqlite",
        "postgresql": "postgresql+psycopg",
        "postgres": "postgresql+psycopg",
    }
    name = found.drivername.partition("+")[0]
    if name not in drivers:
        raise UserError(f"database '{name}' is not supported: sqlite:///FILE or postgresql://USER@HOST/NAME")
    return found.set(drivername=drivers[name])


def engine(url: URL) -> Engine:
    """Return an engine whose transactions :func:`writing` and :func:`reading` begin.

    Raises:
        UserError: when the driver for PostgreSQL is missing.
    """
    try:
        if url.get_backend_name() == "postgresql":
            return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
        made = create_engine(url, connect_args={"timeout": BUSY})
    except ModuleNotFoundError as error:
        raise UserError("PostgreSQL needs its driver: pip install 's2c2[postgres]'") from error
    event.listen(made, "connect", _set_up_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other writer shares; it is committed at the end.

    Raises:
        UserError: when the database cannot be used.
    """
    with meeting(engine.url), engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees one state of the database.

    Raises:
        UserError: when the database cannot be used.
    """
    with meeting(engine.url), engine.begin() as connection:
        yield connection


def migrate(engine: Engine) -> None:
    """Bring the tables to the version of this software, in one transaction; nothing where they have it.

    Raises:
        UserError: for a database of a newer version, or one that cannot be used.
    """
    if version(engine) == HEAD:
        return
    from s2c2.web.migrating import upgrade  # Alembic, a tenth of the time to start

    upgrade(engine)


def version(engine: Engine) -> str | None:
    """Return the version of the tables; None in an empty database.

    Raises:
        UserError: when the database cannot be used.
    """
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


@contextmanager
def meeting(url: URL) -> Iterator[None]:
    """Turn errors of the database into sentences.

    Raises:
        UserError: with the address, without its password, and what the database said.
    """
    try:
        yield
    except DBAPIError as error:
        raise UserError(f"cannot use the database {shown(url)}: {_first_line(error.orig)}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:  # the latter from the set-up of a connection
        raise UserError(f"cannot use the database {shown(url)}: {_first_line(error)}") from error


def shown(url: URL) -> str:
    """Return a database as people know it: the file, or the address without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def _first_line(error: object) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _set_up_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # a deferred transaction that reads first could not become a writer while another one writes
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
