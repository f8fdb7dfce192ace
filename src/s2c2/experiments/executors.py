"""What does the jobs of a grid: processes of this machine, or of others; all in one registry."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from s2c2.errors import UserError, chosen
from s2c2.experiments import pool
from s2c2.experiments.pool import Ended, Job
from s2c2.experiments.ray_cluster import Ray
from s2c2.experiments.slurm import Slurm


@runtime_checkable
class Executor(Protocol):
    """Does jobs and says which ended."""

    def __call__(
        self, jobs: Sequence[Job], *, stop: Callable[[], bool], watch: Callable[[int], None]
    ) -> Iterator[Ended]:
        """Do jobs and yield each as it ends.

        A job starts once those it waits for ended, well or not. One that fails, or whose process dies, is
        yielded with its error and takes no other with it.

        Args:
            jobs: what to do; calls and arguments can be sent to another process.
            stop: asked often; once it says yes no job is started and the running ones are told to end.
            watch: called often with the units of progress that are done.
        """
        ...


@dataclass(frozen=True)
class Local:
    """Processes of this machine, with one thread each."""

    workers: int
    """Number of processes."""

    def __call__(
        self, jobs: Sequence[Job], *, stop: Callable[[], bool], watch: Callable[[int], None]
    ) -> Iterator[Ended]:
        """Do jobs, see :class:`Executor`."""
        return pool.work(jobs, self.workers, stop=stop, watch=watch)


EXECUTORS: Mapping[str, Callable[[int], Executor]] = {"local": Local, "ray": Ray, "slurm": Slurm}
"""Executors by name, each made with the number of jobs at a time."""


def executor(text: str, workers: int) -> Executor:
    """Return the executor that ``NAME`` or ``NAME:N`` stands for.

    Args:
        text: name, and the number of jobs at a time after a colon.
        workers: that number where the text has none.

    Raises:
        UserError: for an unknown name, and for a number that is none.

    Example:
        >>> executor("local:3", 2), executor("local", 2)
        (Local(workers=3), Local(workers=2))
    """
    name, colon, number = text.partition(":")
    build = chosen("executor", name, EXECUTORS)
    if colon and not (number.isdecimal() and int(number) >= 1):
        raise UserError(f"executor '{text}': give a number of jobs at a time, as in {name}:2")
    return build(int(number) if colon else workers)
