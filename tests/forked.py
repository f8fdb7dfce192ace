"""Commands that need not import the package again: each is forked from one process that has."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import NoReturn

from bench.becoming import become

from s2c2.experiments import pool
from tests.forks import Forks, forks, serve

HEAVY = ["s2c2.experiments.run", "s2c2.experiments.saved", "s2c2.report", "torch._dynamo"]
"""What commands import, in seconds; the last is what the first optimizer of a process imports."""
FORKSERVER = get_context("forkserver")
"""What the processes of a grid are forked from, not from the command: its threads would be lost in them."""


@dataclass(frozen=True)
class Forked:
    """Commands, called like ``subprocess.run`` with what is printed kept."""

    forks: Forks
    folder: Path
    """For what is printed."""

    def __call__(self, *arguments: object, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command of the command line to its end."""
        words = [str(argument) for argument in arguments]
        said = [self.folder / name for name in ("stdout", "stderr")]
        code = self.forks(words, os.fspath(cwd or Path.cwd()), dict(os.environ), [str(path) for path in said])
        return subprocess.CompletedProcess(["s2c2", *words], code, *(path.read_text() for path in said))


@contextmanager
def forked() -> Iterator[Forked]:
    """Yield what runs commands."""
    with tempfile.TemporaryDirectory() as folder, forks("tests.forked", os.environ) as process:
        yield Forked(process, Path(folder))


def begin() -> None:
    """Import what is heavy, and fork from here on."""
    FORKSERVER.set_forkserver_preload(HEAVY)
    forkserver.ensure_running()
    for name in HEAVY:
        import_module(name)
    serve(command)


def command(arguments: list[str], cwd: str, environment: dict[str, str], said: list[str]) -> NoReturn:
    """Be a command from here on."""
    os.environ.clear()
    os.environ.update(environment)
    out, error = (os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path in said)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    pool.PROCESSES = FORKSERVER
    # It runs, but as a child of the process that this one was forked from, where nobody looks.
    forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]
    become(arguments, Path(cwd), out, lambda: os.dup2(error, 2))


if __name__ == "__main__":
    begin()
