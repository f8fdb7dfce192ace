"""Databases for the tests: SQLite files, and a PostgreSQL server of our own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from s2c2.web.store import Store
from tests.needed import missing
from tests.ports import free_port
from tests.web.starts import small


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a PostgreSQL server; yield its address without a database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not programs:
        missing("no PostgreSQL here: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="s2c2-postgres-"))
    user = unprivileged()
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    try:
        yield from serving(programs[-1].parent, folder, user)
    finally:
        shutil.rmtree(folder)


def unprivileged() -> str | None:
    """Return whom to run the server as: PostgreSQL refuses root."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def serving(programs: Path, folder: Path, user: str | None) -> Iterator[str]:
    """Make a cluster in a folder, serve it on a free port, stop it at the end."""
    data, port = folder / "data", free_port()
    make: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "s2c2",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
    ]
    subprocess.run(make, user=user, cwd=folder, check=True, capture_output=True)
    serve: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder]
    serve += ["-h", "127.0.0.1", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(serve, user=user, cwd=folder, stdout=log, stderr=log)
    address = f"postgresql://s2c2@127.0.0.1:{port}"
    try:
        ready(address, running, folder / "log")
        yield address
    finally:
        running.send_signal(signal.SIGQUIT)  # at once: the data are thrown away
        running.wait(60)


def ready(address: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        assert running.poll() is None, log.read_text(encoding="utf-8")
        try:
            psycopg.connect(f"{address}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"PostgreSQL did not start: {log.read_text(encoding='utf-8')}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'annotations.sqlite'}"
    return new_database(request.getfixturevalue("server"))


@pytest.fixture
def postgres(server: str) -> str:
    """Return the address of an empty PostgreSQL database."""
    return new_database(server)


def new_database(server: str) -> str:
    name = f"s2c2_{uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[], Store]]:
    """Return a function that opens the database, as one more process of the server would."""
    stores: list[Store] = []

    def again() -> Store:
        stores.append(Store.open(url))
        return stores[-1]

    yield again
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    """Return a store that holds the small start."""
    store = opened()
    store.begin(small())
    return store
