"""A process that does one work again and again when it is asked to: ``python -m s2c2.benchmarks.worker``.

Each work has a process of its own, so that it has its own allocator and its own peak of memory. They wait for
a line while another one computes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TextIO

from s2c2.benchmarks.timing import Sample, peak

Work = Callable[[], dict[str, float]]
Options = Mapping[str, Any]


def serve(kind: str, options: Options, asked: TextIO, answered: TextIO) -> None:
    """Prepare a work and do it once for each line.

    Args:
        kind: module of this package whose ``prepare(options)`` returns the work.
        options: what it is to do.
        asked: lines; the work is done for each.
        answered: takes a line when all is prepared, then JSON for each, with the peak of memory so far: of
            this process, where the work names no other.
    """
    work: Work = import_module(f"s2c2.benchmarks.{kind}").prepare(options)
    print("{}", file=answered, flush=True)
    for _ in asked:
        print(json.dumps({"peak_bytes": float(peak())} | work()), file=answered, flush=True)


@contextmanager
def working(
    kind: str, options: Options, threads: int = 1, *, ready: bool = True
) -> Iterator[Callable[[], Sample]]:
    """Yield a function that does a work once in a process of its own and returns what it cost.

    Args:
        kind: of work.
        options: what it is to do.
        threads: that compute.
        ready: whether to wait for the process to be ready, so that several works do not prepare side by side.

    Raises:
        RuntimeError: when the process ends instead of answering.
    """
    command = [sys.executable, "-m", __name__, kind, json.dumps(dict(options))]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        waited = [_answer(process, kind)] if ready else []

        def ask() -> Sample:
            if not waited:
                waited.append(_answer(process, kind))
            print(file=process.stdin, flush=True)
            return _answer(process, kind)

        yield ask


def _answer(process: "subprocess.Popen[str]", kind: str) -> dict[str, float]:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"the process of '{kind}' ended with exit code {process.wait()}")
    answer: dict[str, float] = json.loads(line)
    return answer


if __name__ == "__main__":
    serve(sys.argv[1], json.loads(sys.argv[2]), sys.stdin, sys.stdout)
