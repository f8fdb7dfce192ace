"""Commands that are killed before their n-th change of the file system, each forked from one process."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from bench.becoming import become

from tests.forks import Forks, forks, serve

CHANGES = frozenset(
    {
        *("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime", "os.truncate", "os.link"),
        *("os.symlink", "shutil.rmtree", "shutil.copyfile", "fcntl.flock"),
    }
)
"""Audit events that come before a change, and the taking of a lock."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Commands:
    """Commands, as the tests call them."""

    forks: Forks

    def __call__(self, work: Path, before: int, *arguments: object) -> int:
        """Run a command in a folder, killed before a change of that number; 0 lets it end."""
        work.mkdir(exist_ok=True)
        return self.forks(str(work), before, *map(str, arguments))


@contextmanager
def commands() -> Iterator[Commands]:
    # An import that writes its bytecode is a change too, but only the first time.
    quiet = {"OMP_NUM_THREADS": "1", "TERM": "dumb", "PYTHONDONTWRITEBYTECODE": "1"}
    with forks("tests.cli.dying", os.environ | quiet) as process:
        yield Commands(process)


def die(before: int) -> None:
    """Kill this process before a change of that number."""
    numbers, counting, own = count(1), threading.Lock(), os.getpid()

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        opens = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if not (opens or event in CHANGES) or os.getpid() != own:
            return
        with counting:
            if next(numbers) == before:
                os.kill(own, signal.SIGKILL)

    fsync = os.fsync

    def flushed(fd: Any) -> None:
        look("os.rename", ())
        fsync(fd)

    os.fsync = flushed  # it has no event
    sys.addaudithook(look)


def begin() -> None:
    from s2c2.data import synthetic  # noqa: F401  the imports, before a fork
    from s2c2.data.formats import folders  # noqa: F401

    serve(command)


def command(work: str, before: int, *arguments: str) -> NoReturn:
    """Be a command from here on."""
    said = os.open(f"{work}.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    become(arguments, Path(work), said, lambda: die(before))


if __name__ == "__main__":
    begin()
