"""A command in a process of its own that need not import the package again."""

import os
from pathlib import Path
from typing import TextIO

import torch._dynamo  # the heavy imports, before a fork; this one belongs to the first optimizer

from bench.becoming import become
from s2c2.experiments import run, saved

WARM = (torch, run, saved)


class Forked:
    """A process forked from this one, with the part of the interface of ``Popen`` that is needed."""

    def __init__(self, arguments: list[str], cwd: Path, said: TextIO) -> None:
        self.code: int | None = None
        self.pid = os.fork()
        if not self.pid:
            become(arguments, cwd, said.fileno())

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
