"""One writer at a time, on SQLite and PostgreSQL: what a transaction has read holds until it has written."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

LOCK = 0x53324332
"""The advisory lock of PostgreSQL under which people and permissions are written."""


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection whose changes are all kept when the block ends, or none of them after an error."""
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection to read by."""
    with engine.connect() as connection:
        yield connection
