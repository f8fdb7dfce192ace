"""Work on many images at once, in order, with bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def workers() -> int:
    """Return how many threads decode images: the processors that this process may use, at most 8."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, 8)


def ordered(
    function: Callable[[T], R], items: Iterable[T], threads: int | None = None
) -> Generator[R, None, None]:
    """Yield ``function(item)`` for each item, in the order of the items, worked on by threads.

    At most four items a thread are under way. Pillow releases the interpreter while it decodes, so threads
    do. When the caller closes the generator or an item fails, what waits is dropped and what runs is awaited.
    """
    count = threads or workers()
    pool = ThreadPoolExecutor(count)
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= 4 * count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
