"""Jobs in processes that another system starts, such as Ray or Slurm: which is next, and how far they are."""

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from s2c2.experiments import pool
from s2c2.experiments.failures import sent
from s2c2.experiments.pool import POLL, Ended, Job

RETRIES = 3
"""How often a job is started again whose process died; a run then goes on from its newest checkpoint."""


@runtime_checkable
class Workers(Protocol):
    """A system that starts processes. A handle is whatever it calls a job that it started."""

    def start(self, job: Job) -> Hashable:
        """Start a job and return its handle; it may wait until there is room."""

    def ended(self, handles: Sequence[Any], seconds: float) -> Sequence[Any]:
        """Return those that ended, after at most some seconds."""

    def error(self, handle: Any) -> BaseException | None:
        """Return what went wrong with one that ended."""

    def stop(self) -> None:
        """Tell all jobs to end."""

    def done(self) -> Mapping[str, int]:
        """Return the units that are done, by the name of the job."""


def work(
    jobs: Sequence[Job],
    workers: Workers,
    count: int,
    *,
    stop: Callable[[], bool],
    watch: Callable[[int], None],
) -> Iterator[Ended]:
    """Do jobs and yield each as it ends, at most ``count`` at a time, see ``executors.Executor``."""
    waiting, ended, past = list(jobs), set[str](), 0
    running: dict[Hashable, Job] = {}
    while True:
        if stop():
            workers.stop()
            waiting.clear()
        ready = [job for job in waiting if ended.issuperset(job.after)][: count - len(running)]
        running |= {workers.start(job): job for job in ready}
        waiting = [job for job in waiting if job not in ready]
        if not running:
            return
        for handle in workers.ended(list(running), POLL):
            job = running.pop(handle)
            ended.add(job.name)
            past += job.size
            yield Ended(job, workers.error(handle))
        known = workers.done()
        watch(past + sum(known.get(job.name, 0) for job in running.values()))


def died(reason: str) -> BrokenProcessPool:
    """Return the error of a job whose process died each time that it was started."""
    return BrokenProcessPool(f"its process died {RETRIES + 1} times: {reason}")


def perform(call: Callable[..., object], arguments: tuple[Any, ...], report: Callable[[int], bool]) -> bytes:
    """Do a job, in its process, and return what went wrong, for ``failures.received``.

    Args:
        call: the function.
        arguments: what it is called with.
        report: takes the units that are done and returns whether the job is to end; called now and then.
    """
    link = _Link(report)
    pool.connect(link, link)
    try:
        call(*arguments)
    except BaseException as error:
        return sent(error)
    return sent(None)


@dataclass
class _Link:
    """What a job writes its progress to and reads the wish to stop from; it reports not too often."""

    report: Callable[[int], bool]
    done: int = 0
    at: float = 0.0
    told: bool = False

    @property
    def value(self) -> int:
        """Units that are done."""
        return self.done

    @value.setter
    def value(self, done: int) -> None:
        self.done = done
        self.is_set()

    def is_set(self) -> bool:
        """Return whether the job is to end."""
        now = time.monotonic()
        if now - self.at > POLL:
            self.at, self.told = now, self.report(self.done)
        return self.told
