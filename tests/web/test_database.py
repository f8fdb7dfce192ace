"""Addresses, migrations, and what people read when a database cannot be used."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, text

from s2c2.errors import UserError
from s2c2.web import migrating
from s2c2.web.database import HEAD, version
from s2c2.web.identity import tables as people
from s2c2.web.store import Store
from s2c2.web.tables import metadata
from tests.web.starts import small


def test_migrations_make_the_tables_that_are_used(opened: Callable[[], Store]) -> None:
    with opened().engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        everything = MetaData(naming_convention=metadata.naming_convention)
        for table in (*metadata.sorted_tables, *people.metadata.sorted_tables):
            table.to_metadata(everything)
        assert compare_metadata(context, everything) == []


def test_the_version_is_that_of_the_last_step(opened: Callable[[], Store]) -> None:
    assert ScriptDirectory(str(migrating.MIGRATIONS)).get_heads() == [HEAD]
    assert version(opened().engine) == HEAD


def test_opening_again_changes_nothing(opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    monkeypatch.delattr(migrating, "upgrade")
    with opened().engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]


def test_each_database_has_an_id_also_one_of_an_older_version(
    opened: Callable[[], Store], tmp_path: Path
) -> None:
    store = opened()
    with pytest.raises(UserError, match="holds no images yet"):
        store.id()
    store.begin(small())
    first = store.id()
    store.begin(small())
    assert (len(first), store.id(), opened().id()) == (32, first, first)
    other = Store.open(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other.begin(small())
    assert other.id() != first
    other.close()
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE project DROP COLUMN database"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    drawn = opened().id()
    assert len(drawn) == 32
    assert drawn != first
    assert opened().id() == drawn
    assert (kept := opened().start()) is not None
    assert kept.images == small().images


def test_a_database_of_a_newer_version_is_refused(opened: Callable[[], Store]) -> None:
    with opened().engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="was made by a newer version of s2c2"):
        opened()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("annotations.db", "is no database: sqlite:///FILE or postgresql://"),
        ("mysql://u@h/d", "database 'mysql' is not supported"),
        ("sqlite://", "must be a file"),
        ("sqlite:////nowhere/at/all.sqlite", "no such folder"),
        ("postgresql://u:secret@127.0.0.1:1/d", r"u:\*\*\*@127.0.0.1:1/d: .*[Cc]onnection refused"),
    ],
)
def test_an_address_that_cannot_work_gets_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        Store.open(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    path.write_text("something else " * 100, encoding="utf-8")
    with pytest.raises(UserError, match=r"predictions.parquet: file is not a database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text(encoding="utf-8") == "something else " * 100


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a folder is there"):
        Store.open(f"sqlite:///{tmp_path}")


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE images (a TEXT)")
    other.close()
    with pytest.raises(UserError, match="cannot use the database"):
        Store.open(f"sqlite:///{path}")


def test_an_unknown_postgresql_database_is_named(server: str) -> None:
    with pytest.raises(UserError, match='database "nothing" does not exist'):
        Store.open(f"{server}/nothing")


def test_sqlite_is_durable_and_lets_readers_read(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with store.engine.begin() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    store.close()
