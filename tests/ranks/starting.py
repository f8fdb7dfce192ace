"""Starts the processes of a run with the variables of torchrun; they are forked from one that has torch."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from torch._C._distributed_c10d import TCPStore

FORKSERVER = get_context("forkserver")
FORKSERVER.set_forkserver_preload(["s2c2.engine", "s2c2.checkpoint", "s2c2.algorithms", "s2c2.ranks.joining"])


@dataclass(frozen=True)
class Started:
    """A process and the file that it writes to."""

    process: ForkServerProcess
    path: Path
    store: TCPStore
    """What they meet at; torchrun too holds it in a process of its own."""

    @property
    def said(self) -> str:
        return self.path.read_text(encoding="utf-8")


def start(world: int, target: Callable[..., None], *arguments: str, **variables: str) -> list[Started]:
    """Start the same function in several processes."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    common = {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    common |= {"TORCHELASTIC_USE_AGENT_STORE": "True"} | variables
    folder = Path(tempfile.mkdtemp())
    found = []
    for rank in range(world):
        path = folder / str(rank)
        path.touch()
        own = common | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        process = FORKSERVER.Process(target=_call, args=(path, own, target, arguments))
        process.start()
        found.append(Started(process, path, store))
    return found


def _call(
    path: Path, variables: dict[str, str], target: Callable[..., None], arguments: tuple[str, ...]
) -> None:
    os.environ.update(variables)
    with path.open("w") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    try:
        target(*arguments)
    finally:
        sys.stdout.flush()


def wait(processes: list[Started], timeout: float) -> list[int | None]:
    """Return how each ended; one that has not after some seconds is killed, and ended by None."""
    end = time.monotonic() + timeout
    for one in processes:
        one.process.join(max(end - time.monotonic(), 0))
    codes = [one.process.exitcode for one in processes]
    for one in processes:
        one.process.kill()
        one.process.join()
    return codes
