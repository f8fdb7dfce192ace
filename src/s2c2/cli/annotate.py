"""``s2c2 annotate``: the server of the annotation app."""

import gc
import getpass
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2c2.cli import screen, team
from s2c2.errors import UserError, command_line

if TYPE_CHECKING:
    from s2c2.web.opening import Opened
    from s2c2.web.study import Study
    from s2c2.web.workspace import Workspace

BACKUP = "copy the SQLite database to a file, and stop; for PostgreSQL use pg_dump"


def annotate(
    source: Annotated[Path, typer.Argument(metavar="RUN|DATASET", help="run, dataset or folder of images")],
    port: Annotated[int | None, typer.Option(help="port; the first free one from 8765 by default")] = None,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    no_open: Annotated[bool, typer.Option("--no-open", help="do not open a browser")] = False,
    annotator: Annotated[str | None, typer.Option(help="your name in the log; the log-in name else")] = None,
    database: Annotated[str | None, typer.Option(help="file, or postgresql://… address")] = None,
    backup: Annotated[Path | None, typer.Option(help=BACKUP)] = None,
    classes: Annotated[str | None, typer.Option(help="class names of a plain folder, with commas")] = None,
    images: Annotated[Path | None, typer.Option(help="dataset folder of a run, where it was moved")] = None,
    only: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="only the images in its column 'image'")
    ] = None,
    against: Annotated[Path | None, typer.Option(metavar="VANILLA_RUN", help="run for the arm 'ssl'")] = None,
    study: Annotated[Path | None, typer.Option(metavar="STUDY.YAML", help="arms, rounds, orders")] = None,
    accounts: Annotated[bool, typer.Option("--accounts", help="a team: people log in")] = False,
    url: Annotated[str | None, typer.Option(help="address at which a team opens the server")] = None,
    trusted_proxy: Annotated[str | None, typer.Option(help="address of the proxy that ends TLS")] = None,
) -> None:
    """Open a page on which people accept, split and correct proposals, or label images."""
    with uncollected():
        from s2c2.web.opening import local, open_app
        from s2c2.web.serving import listening
        from s2c2.web.settings import Settings, shared
        from s2c2.web.workspace import narrowed, open_workspace

        reached = team.reach(host, accounts, url, trusted_proxy)
        workspace = open_workspace(source, named(classes), against, images)
        workspace = workspace if only is None else narrowed(workspace, only)
        kept = address(database)
        if backup is not None:
            back_up(workspace, kept, backup)
            return
        plan = planned(study, annotator, accounts)
        who = None if accounts else local(workspace, annotator or login())
        bound = listening(host, port)
        settings = Settings(shared(workspace.arm), hosts=reached.hosts, study=plan)
        opened = open_app(workspace, settings, lambda store: who or team.entrance(store), kept)
    announce(workspace, opened, "people log in" if who is None else f"annotator {who.annotator}")
    run(opened, bound, reached, browser=not no_open)


@contextmanager
def uncollected() -> Iterator[None]:
    """Do not look for cyclic garbage: what a server makes before it listens stays as long as the server.

    Looking through it took a tenth of the time until then; nor is it looked through later.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def planned(path: Path | None, annotator: str | None, accounts: bool) -> "Study | None":
    """Return the study of a file, in which the one person of a local server takes part; None for none.

    Args:
        path: the file.
        annotator: name that was given; None for the log-in name.
        accounts: whether people log in, and are asked for their names then.

    Raises:
        UserError: for mistakes in the file, and for somebody who does not take part.
    """
    from s2c2.web.opening import checked_annotator
    from s2c2.web.study import read_study, takes_part

    if path is None:
        return None
    study = read_study(path)
    if not accounts:
        advice = None if annotator else "that is your log-in name; say who you are with --annotator NAME"
        takes_part(study, checked_annotator(annotator or login()), advice)
    return study


def run(opened: "Opened", bound: socket.socket, reached: team.Reach, *, browser: bool) -> None:
    """Say where the server listens, and answer until it is told to stop."""
    from s2c2.web import serving

    place = serving.address(bound)

    def ready() -> None:
        say(f"listening on {place} (Ctrl-C stops)")
        if reached.accounts:
            team.welcome(opened.app.state.identity, reached, place)
        if browser and can_browse():
            threading.Thread(target=webbrowser.open, args=(place,), daemon=True).start()

    serving.serve(opened.app, bound, reached.proxies, ready)
    say("stopped; everything that was acknowledged is in the database")


def announce(workspace: "Workspace", opened: "Opened", who: str) -> None:
    """Say what is annotated, by whom, and where it is kept."""
    count = f"{opened.images} images, {len(workspace.classes)} classes, {opened.acts} acts so far"
    lines = [f"{workspace.title}: {count}; {who}", f"database {opened.database}"]
    if opened.new:
        lines.append(f"{opened.new} images came after the database was made and are not in it")
    for line in lines:
        say(line)


def back_up(workspace: "Workspace", url: str | None, path: Path) -> None:
    """Copy the database of a workspace, also while a server uses it.

    Raises:
        UserError: when there is none.
    """
    from s2c2.web.opening import shown
    from s2c2.web.store import Store

    found = url or workspace.database
    if found.startswith("sqlite:///") and not Path(shown(found)).is_file():
        made = command_line("annotate", workspace.root)
        raise UserError(f"there is no database {shown(found)} yet; to make it: {made}")
    store = Store.open(found)
    try:
        store.backup(path)
    finally:
        store.close()
    say(f"copied {shown(found)} to {path}")


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    screen.console.print(line)
    sys.stdout.flush()


def named(classes: str | None) -> tuple[str, ...] | None:
    """Return class names that are separated by commas."""
    return tuple(part.strip() for part in classes.split(",")) if classes is not None else None


def address(database: str | None) -> str | None:
    """Return what was given as the address of a database; a file is one of SQLite."""
    if database is None or "://" in database:
        return database
    return f"sqlite:///{Path(database).resolve()}"


def login() -> str:
    """Return the log-in name.

    Raises:
        UserError: where there is none.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UserError("who annotates? name yourself with --annotator NAME") from error


def can_browse() -> bool:
    """Return whether there is a screen for a browser: one in the terminal would take it over."""
    graphical = {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    return sys.platform in ("darwin", "win32") or bool(graphical)
