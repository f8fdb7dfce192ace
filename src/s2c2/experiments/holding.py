"""A run folder that one process alone writes into."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from s2c2 import files
from s2c2.errors import UserError
from s2c2.experiments.folder import Place

GRACE = 120.0
"""Seconds to wait for another process to let go of a run folder: one that was killed takes a moment, and a
machine that failed keeps its locks of a network file system for a minute or two."""


@contextmanager
def held(place: Place, stop: Callable[[], bool], say: Callable[[str], None]) -> Iterator[None]:
    """Hold a run folder, which need not exist yet, so that no other process trains the same run.

    Args:
        place: the folder.
        stop: asked while this waits for another process whether to stop.
        say: told that this waits.

    Raises:
        KeyboardInterrupt: when asked to stop.
        UserError: when another process holds it, and does not end within :data:`GRACE`.
    """
    existed, started, said = place.root.exists(), time.monotonic(), False

    def waiting() -> None:
        nonlocal said
        if stop():
            raise KeyboardInterrupt
        if time.monotonic() - started > GRACE:
            raise UserError(
                f"another process trains {place.root}: let it end, or choose another --out. If its machine "
                f"failed, remove {place.lock}"
            )
        if not said:
            said = True
            say(f"another process trains {place.root}: waiting up to {GRACE:g} s for its end")

    try:
        with files.awaited(place.lock, waiting):
            yield
    finally:
        if not existed:
            with suppress(OSError):  # what was begun stays
                place.root.rmdir()
