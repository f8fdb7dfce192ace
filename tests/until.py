"""Waiting for what another process does; who waits in vain says for what."""

import subprocess
import time
from collections.abc import Callable
from typing import Any


def until(
    there: Callable[[], object],
    what: str,
    process: "subprocess.Popen[Any] | None" = None,
    seconds: float = 250,
) -> None:
    """Wait until something is there; a process that ends before fails at once.

    Args:
        there: asked often.
        what: what is waited for, for people.
        process: who is to bring it about.
        seconds: after which nobody waits any longer.
    """
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, f"{what}: not there after {seconds:g} s"
        ended = process is not None and process.poll() is not None
        assert not ended or there(), f"{what}: not there, and its process has ended"
        time.sleep(0.01)
