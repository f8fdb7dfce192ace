"""From a folder to a server: opens the database beside it, or another one."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI

from s2c2.errors import UserError
from s2c2.web.app import app
from s2c2.web.asking import Identity, Local
from s2c2.web.board import Start
from s2c2.web.desk import set_up
from s2c2.web.settings import Settings
from s2c2.web.store import Store
from s2c2.web.study import Study
from s2c2.web.studying import check_study, study_start
from s2c2.web.workspace import Workspace, check_same

LONGEST_NAME = 64
"""Most characters in the name of an annotator."""


@dataclass(frozen=True)
class Opened:
    """A server that is ready, and what is to be said of it."""

    app: FastAPI
    database: str
    """Where the database is, without a password."""
    images: int
    acts: int
    """Acts recorded so far."""
    new: int
    """Images of the workspace that the database lacks, as they came later."""


def open_app(
    workspace: Workspace,
    settings: Settings,
    identity: Callable[[Store], Identity],
    database: str | None = None,
) -> Opened:
    """Open the database of a workspace, making it where there is none, and return the server.

    Raises:
        UserError: when the database cannot be opened or belongs to another dataset.
    """
    url = database or workspace.database
    store = Store.open(url)
    try:
        start, new = started(store, workspace, shown(url), settings.study)
        desk = set_up(workspace, settings, identity(store), store, start)
        with desk.live.board() as board:
            return Opened(app(desk), shown(url), len(start.images), board.seq, new)
    except BaseException:
        store.close()
        raise


def started(store: Store, workspace: Workspace, name: str, study: Study | None = None) -> tuple[Start, int]:
    """Return the start that a database keeps, and how many images of the workspace it lacks.

    An empty database gets the start of the workspace; proposals are read or made only for arms that are new.

    Raises:
        UserError: when the database belongs to another dataset or study.
    """
    kept = store.start()
    if kept is None:
        return store.begin(_first(workspace, study)), 0
    new = check_same(kept, workspace, name)
    check_study(kept.study, study, name)
    if study is not None or workspace.arms <= kept.groups.keys():
        return kept, new
    return store.begin(replace(workspace, images=kept.images).start()), new


def _first(workspace: Workspace, study: Study | None) -> Start:
    start = workspace.start()
    if study is None:
        return start
    run = workspace.run
    return study_start(start, study, None if run is None else run.predictions().splits)


def local(workspace: Workspace, annotator: str) -> Local:
    """Return the one person of a server on their own machine.

    Raises:
        UserError: for a name that cannot be one.
    """
    return Local(checked_annotator(annotator), secret(workspace.cache / "secret"))


def checked_annotator(name: str) -> str:
    """Return the name of an annotator without blanks around it.

    Raises:
        UserError: when it is empty, too long, reserved, or cannot be shown.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or "/" in name:
        raise UserError(
            f"--annotator must be a name of 1 to {LONGEST_NAME} characters without '/', not {name!r}"
        )
    if name.casefold() == "shared":
        raise UserError("'shared' is the name of the common board: choose another one with --annotator")
    return name


def secret(path: Path) -> str:
    """Return the secret that is kept in a file, or a new one.

    It outlives the server, so that a page which is still open goes on after a restart; and it differs between
    folders, so that a page of one cannot write into another one that is served on the same port. Databases of
    one folder are told apart by ``dataset`` of the session.
    """
    made = secrets.token_urlsafe(24)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            partial = path.with_name(f"{path.name}.{os.getpid()}")
            partial.touch(mode=0o600)
            partial.write_text(made, encoding="ascii")
            try:
                os.link(partial, path)
            finally:
                partial.unlink()
        kept = path.read_text(encoding="ascii", errors="replace").strip()
        return kept if len(kept) >= len(made) and kept.isascii() else made
    return made


def shown(url: str) -> str:
    """Return a database address as it may be printed: the file of SQLite, else without a password.

    Example:
        >>> shown("sqlite:///a/b.sqlite"), shown("postgresql://me:secret@host/db")
        ('a/b.sqlite', 'postgresql://me:***@host/db')
    """
    if url.startswith("sqlite:///"):
        return url.removeprefix("sqlite:///")
    scheme, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}://{user}{':***' if colon else ''}{at}{place}"
