"""A command in a process of its own that need not import the package again."""

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from s2c2.cli import main
from s2c2.experiments import run, saved  # the heavy imports, before a fork

WARM = (run, saved)


class Forked:
    """A process forked from this one, with the part of the interface of ``Popen`` that is needed."""

    def __init__(self, arguments: list[str], cwd: Path, said: TextIO) -> None:
        self.code: int | None = None
        self.pid = os.fork()
        if not self.pid:
            _become(arguments, cwd, said)

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while the process runs."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code


def _become(arguments: list[str], cwd: Path, said: TextIO) -> None:
    """Run the command line and end, whatever happens."""
    code: object = 1
    try:
        os.chdir(cwd)
        for number in (1, 2):
            os.dup2(said.fileno(), number)
        sys.argv = ["s2c2", *arguments]
        main()
        code = 0
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        traceback.print_exc()
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)
