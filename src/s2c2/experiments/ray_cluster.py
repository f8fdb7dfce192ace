"""Jobs of a grid on a Ray cluster, or on one of this machine, by the extra ``s2c2[ray]``."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from s2c2.errors import UserError
from s2c2.experiments.failures import received
from s2c2.experiments.pool import Ended, Job
from s2c2.experiments.remote import RETRIES, died, perform, work


@dataclass(frozen=True)
class Ray:
    """Workers of a Ray cluster, with one processor each: of a running one, else of one on this machine.

    The machines of a cluster share the disk that the grid is on, and have s2c2 installed. A job whose worker
    dies is started again.
    """

    workers: int
    """Number of jobs at a time."""

    def __call__(
        self, jobs: Sequence[Job], *, stop: Callable[[], bool], watch: Callable[[int], None]
    ) -> Iterator[Ended]:
        """Do jobs, see ``executors.Executor``."""
        if jobs:
            with _connected(self.workers) as ray:
                yield from work(jobs, _Cluster(ray), self.workers, stop=stop, watch=watch)


@contextmanager
def _connected(workers: int) -> Iterator[Any]:
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise UserError("the executor ray needs the extra: pip install 's2c2[ray]'") from error
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        ray.init(address="auto", **quiet)
    except ConnectionError:
        ray.init(address="local", num_cpus=workers, include_dashboard=False, **quiet)
    try:
        yield ray
    finally:
        ray.shutdown()


class _Board:
    """What the driver and the jobs tell each other; it lives in a process of the cluster."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.told = False

    def stop(self) -> None:
        self.told = True

    def report(self, name: str, done: int) -> bool:
        self.done[name] = done
        return self.told

    def read(self) -> dict[str, int]:
        return self.done


class _Cluster:
    """A cluster as workers of :func:`work`; the handle of a job is the reference to its result."""

    def __init__(self, ray: Any) -> None:
        self.ray = ray
        lasting = {"max_restarts": -1, "max_task_retries": -1}  # on another node where its own dies
        self.board = ray.remote(num_cpus=0, **lasting)(_Board).remote()
        self.do = ray.remote(num_cpus=1, max_retries=RETRIES)(_do)

    def start(self, job: Job) -> Any:
        """Start a job; Ray starts it again when its worker dies."""
        return self.do.remote(self.board, job.name, job.call, job.arguments)

    def ended(self, handles: Sequence[Any], seconds: float) -> Sequence[Any]:
        """Return those that ended."""
        done: Sequence[Any] = self.ray.wait(list(handles), timeout=seconds)[0]
        return done

    def error(self, handle: Any) -> BaseException | None:
        """Return what went wrong with one that ended."""
        try:
            return received(self.ray.get(handle))
        except self.ray.exceptions.RayError as lost:
            return died(str(lost).splitlines()[0])

    def stop(self) -> None:
        """Tell all jobs to end."""
        self.board.stop.remote()

    def done(self) -> Mapping[str, int]:
        """Return the units that are done."""
        done: Mapping[str, int] = self.ray.get(self.board.read.remote())
        return done


def _do(board: Any, name: str, call: Callable[..., object], arguments: tuple[Any, ...]) -> Any:
    """Do a job in a worker. What it raises is returned: Ray takes a raised interrupt for its own."""
    ray = importlib.import_module("ray")
    return perform(call, arguments, lambda done: bool(ray.get(board.report.remote(name, done))))
