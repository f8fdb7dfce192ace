"""A process that has imported the package, and forks another one for each line of JSON that it reads."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from select import select
from typing import NoReturn

WAIT = 240.0
"""Seconds that a forked process may take."""


@dataclass(frozen=True)
class Forks:
    """The process that forks, as tests see it."""

    process: "subprocess.Popen[str]"

    def __call__(self, *values: object) -> int:
        """Let a process be forked for some values; return its exit code, negative for a signal.

        Raises:
            TimeoutError: when it takes too long; no other can be forked then.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()
        if not select([self.process.stdout], [], [], WAIT)[0]:
            self.process.kill()
            raise TimeoutError(f"no end of {values[0]}")
        return int(self.process.stdout.readline())


@contextmanager
def forks(module: str, environment: Mapping[str, str]) -> Iterator[Forks]:
    """Yield what forks in a module that calls :func:`serve`."""
    call = [sys.executable, "-m", module]
    with subprocess.Popen(
        call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Forks(process)
        assert process.stdin is not None
        process.stdin.close()


def serve(become: Callable[..., NoReturn]) -> None:
    """Fork a process for each line, which is called with the values in it; answer with its exit code."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            become(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
