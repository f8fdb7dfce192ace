from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from s2c2.web import tables as store
from s2c2.web.database import reading
from s2c2.web.identity.tables import metadata


def test_the_migrations_make_these_tables(engine: Engine) -> None:
    both: Any = [store.metadata, metadata]
    with reading(engine) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, both) == []
