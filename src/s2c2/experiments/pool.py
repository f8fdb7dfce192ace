"""Jobs in processes of their own, one job at a time in each: one that dies takes no other with it.

Where the system allows it, they are forked from one process that has imported what jobs need and does nothing
else, so that this is in memory once.
"""

import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.process import parent_process
from typing import Any

from s2c2.allocator import give_back
from s2c2.experiments.failures import portable

LONG = 60
"""Bytes of the path of the folder for temporary files from which a socket there may have too long a name."""


def _method() -> str:
    """Return how processes are made: none is forked where frameworks of the system have threads (macOS)."""
    short = len(os.fsencode(tempfile.gettempdir())) < LONG
    return "forkserver" if sys.platform == "linux" and short else "spawn"


PROCESSES: Any = multiprocessing.get_context(_method())
"""What makes processes."""
LATE = "torch._dynamo"
"""What the first optimizer of a process imports, a fifth of what a job needs."""
THREADS = "OMP_NUM_THREADS"
POLL = 0.5
"""Seconds between two looks at what the processes do."""


@dataclass(frozen=True)
class Job:
    """Something to do in a process."""

    name: str
    """Its name; no two are alike."""
    call: Callable[..., object]
    """A function of a module, called with the arguments."""
    arguments: tuple[Any, ...]
    """Values that can be sent to a process."""
    size: int = 1
    """Units of progress it takes."""
    after: tuple[str, ...] = ()
    """Jobs that must have ended before, well or not."""


@dataclass(frozen=True)
class Ended:
    """A job that ended."""

    job: Job
    error: BaseException | None
    """What went wrong."""


@dataclass
class _Slot:
    """A process that does one job after another."""

    stop: Any
    done: Any = field(default_factory=lambda: PROCESSES.Value("q", 0))
    job: Job | None = None
    future: Future[object] | None = None
    executor: ProcessPoolExecutor | None = None

    def start(self, job: Job) -> None:
        self.done.value = 0
        try:
            self.future = self._process().submit(_do, job)
        except BrokenProcessPool:  # it died while it had nothing to do
            self.close()
            self.future = self._process().submit(_do, job)
        self.job = job

    def _process(self) -> ProcessPoolExecutor:
        if self.executor is None:
            self.executor = ProcessPoolExecutor(1, PROCESSES, _prepare, (self.stop, self.done))
        return self.executor

    def take(self) -> Ended:
        """Return the job that ended; a process that died is replaced at the next start."""
        assert self.job is not None
        assert self.future is not None
        error = self.future.exception()
        ended, self.job, self.future = Ended(self.job, error), None, None
        if isinstance(error, BrokenProcessPool):
            self.close()
        return ended

    def close(self) -> None:
        if self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)
            self.executor = None


def work(
    jobs: Sequence[Job],
    workers: int,
    *,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[int], None] = lambda done: None,
) -> Iterator[Ended]:
    """Do jobs and yield each as it ends, in the order of the jobs as far as they wait for none.

    Args:
        jobs: what to do.
        workers: number of processes, each with one thread.
        stop: asked often; once it says yes no job is started, and the running ones are told to end.
        watch: called often with the units of progress of the jobs that ended and those that are running.
    """
    _import_once({job.call.__module__ for job in jobs})
    told = PROCESSES.Event()
    slots = [_Slot(told) for _ in range(workers)]
    waiting, ended, past = list(jobs), set[str](), 0
    with ExitStack() as stack:
        for slot in slots:
            stack.callback(slot.close)
        stack.callback(told.set)
        while True:
            if stop():
                told.set()
                waiting.clear()
            _start(slots, waiting, ended, stop)
            futures = [slot.future for slot in slots if slot.future is not None]
            if not futures:
                return
            wait(futures, POLL, FIRST_COMPLETED)
            for slot in slots:
                if slot.future is not None and slot.future.done():
                    found = slot.take()
                    ended.add(found.job.name)
                    past += found.job.size
                    yield found
            watch(past + sum(slot.done.value for slot in slots if slot.job is not None))


def _import_once(modules: Collection[str]) -> None:
    """Start the process that others are forked from; libraries count their threads when they are imported."""
    if not modules or PROCESSES.get_start_method() != "forkserver":
        return
    PROCESSES.set_forkserver_preload([*modules, LATE])
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        with _deaf():
            forkserver.ensure_running()
    finally:
        os.environ.pop(THREADS)
        if before is not None:
            os.environ[THREADS] = before


@contextmanager
def _deaf() -> Iterator[None]:
    """Start processes that Ctrl-C does not end, not even while they import; only a main thread can say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)


def _start(slots: Sequence[_Slot], waiting: list[Job], ended: set[str], stop: Callable[[], bool]) -> None:
    """Give each idle process the first job whose predecessors ended."""
    for slot in slots:
        if slot.job is None:
            ready = next((job for job in waiting if ended.issuperset(job.after)), None)
            if ready is None:
                return
            waiting.remove(ready)
            try:
                slot.start(ready)
            except (EOFError, ConnectionError):  # what stops this has ended what processes come from, too
                if not stop():
                    raise
                return


_here: dict[str, Any] = {}
"""In a process that does jobs: its event ``stop`` and its counter ``done``."""


def _prepare(stop: Any, done: Any) -> None:
    """Prepare a process: one thread, no answer to Ctrl-C, and no life beyond its parent's.

    What it has from the process that it was forked from stays shared: to look for garbage there would write
    to each object, and copy a hundred megabytes.
    """
    gc.freeze()
    os.environ[THREADS] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connect(stop, done)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _do(job: Job) -> None:
    """Do a job, in its process, and give back the memory that it freed, which others may need."""
    try:
        job.call(*job.arguments)
    except BaseException as error:
        if (carried := portable(error)) is error:
            raise
        raise carried from error
    finally:
        give_back()


def connect(stop: Any, done: Any) -> None:
    """Say, in a process that does jobs, what :func:`stopped` asks and where :func:`advance` writes.

    Args:
        stop: ``stop.is_set()`` says whether the job is to end.
        done: ``done.value`` takes the units that are done.
    """
    _here.update(stop=stop, done=done)


def _die_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def stopped() -> bool:
    """Return, inside a job, whether it is to end."""
    return bool(_here) and bool(_here["stop"].is_set())


def advance(done: int) -> None:
    """Say, inside a job, how many units are done."""
    if _here:
        _here["done"].value = done
