"""Jobs of a grid as batch jobs of Slurm."""

import os
import pickle
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from s2c2 import files
from s2c2.errors import UserError
from s2c2.experiments.failures import received
from s2c2.experiments.pool import Ended, Job
from s2c2.experiments.remote import RETRIES, died, perform, work


@dataclass(frozen=True)
class Slurm:
    """Batch jobs with one processor each; ``SBATCH_PARTITION``, ``SBATCH_TIMELIMIT`` and so on set the rest.

    The folder that the command is given in must be on a disk that the nodes share. A job that dies is
    submitted again; one whose node fails or that is preempted, Slurm itself queues again.
    """

    workers: int
    """Number of jobs in the queue at a time."""

    def __call__(
        self, jobs: Sequence[Job], *, stop: Callable[[], bool], watch: Callable[[int], None]
    ) -> Iterator[Ended]:
        """Do jobs, see ``executors.Executor``."""
        if shutil.which("sbatch") is None:
            raise UserError("the executor slurm needs the command sbatch: start the grid on a node of Slurm")
        with TemporaryDirectory(prefix=".s2c2-slurm-", dir=Path.cwd()) as folder:
            queue = _Queue(Path(folder))
            try:
                yield from work(jobs, queue, self.workers, stop=stop, watch=watch)
            finally:
                queue.cancel()


@dataclass
class _Submitted:
    """A job in the queue."""

    job: Job
    folder: Path
    """Its files: job, result, progress, what it printed."""
    process: "subprocess.Popen[bytes]"
    """``sbatch --wait``, which ends up to half a minute after it."""
    retries: int = 0

    @property
    def result(self) -> Path:
        """The file that is there, and whole, once the job is done."""
        return self.folder / "result"

    def __hash__(self) -> int:
        return id(self)


class _Queue:
    """A queue as workers of ``remote.work``; jobs and results are files of a folder.

    Args:
        folder: seen by all nodes; its name is that of the batch jobs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: list[_Submitted] = []

    def start(self, job: Job) -> _Submitted:
        """Submit a job."""
        folder = self.folder / str(len(self.known))
        folder.mkdir()
        (folder / "job").write_bytes(pickle.dumps(job))
        self.known.append(_Submitted(job, folder, self.submitted(folder)))
        return self.known[-1]

    def submitted(self, folder: Path) -> "subprocess.Popen[bytes]":
        """Return the command that submits a job and waits for it."""
        call = shlex.join([sys.executable, "-m", "s2c2.experiments.slurm", str(folder)])
        options = ["--wait", "--requeue", "--ntasks=1", "--cpus-per-task=1", f"--job-name={self.folder.name}"]
        command = ["sbatch", *options, f"--output={folder / 'said'}", f"--wrap=exec {call}"]
        one = os.environ | {"OMP_NUM_THREADS": "1"}
        with (folder / "refused").open("w") as refused:
            quiet = subprocess.DEVNULL
            return subprocess.Popen(command, stdout=quiet, stderr=refused, env=one, start_new_session=True)

    def ended(self, handles: Sequence[_Submitted], seconds: float) -> Sequence[_Submitted]:
        """Return those that ended; one that died is submitted again."""
        time.sleep(seconds)
        for handle in handles:
            if handle.result.exists():
                handle.process.kill()
                handle.process.wait()
        done = [handle for handle in handles if handle.process.poll() is not None]
        return [handle for handle in done if not self._again(handle)]

    def _again(self, handle: _Submitted) -> bool:
        if handle.result.exists() or handle.retries >= RETRIES or (self.folder / "stop").exists():
            return False
        handle.retries += 1
        handle.process = self.submitted(handle.folder)
        return True

    def error(self, handle: _Submitted) -> BaseException | None:
        """Return what went wrong with one that ended."""
        if handle.result.exists():
            return received(handle.result.read_bytes())
        if (self.folder / "stop").exists():
            return KeyboardInterrupt()
        places = [handle.folder / name for name in ("said", "refused")]
        said = "".join(place.read_text(errors="replace") for place in places if place.exists())
        return died((said.strip().splitlines() or ["it said nothing"])[-1])

    def stop(self) -> None:
        """Tell the running jobs to end, and take those out of the queue that wait."""
        if not (self.folder / "stop").exists():
            (self.folder / "stop").touch()
            self.cancel("--state=PENDING")

    def cancel(self, *which: str) -> None:
        """Take batch jobs out of the queue."""
        if any(handle.process.poll() is None for handle in self.known):
            command = ["scancel", f"--name={self.folder.name}", *which]
            subprocess.run(command, capture_output=True, check=False)

    def done(self) -> Mapping[str, int]:
        """Return the units that are done."""
        found = {}
        for handle in self.known:
            with suppress(OSError, ValueError):
                found[handle.job.name] = int((handle.folder / "done").read_text())
        return found


def main(folder: Path) -> None:
    """Do the job of a folder, on a node, and write its result.

    Slurm may queue one again that had written it.
    """
    if (folder / "result").exists():
        return
    job: Job = pickle.loads((folder / "job").read_bytes())

    def report(done: int) -> bool:
        files.write_text(folder / "done", str(done))
        return (folder.parent / "stop").exists()

    result = perform(job.call, job.arguments, report)
    with files.atomic(folder / "result") as partial:
        partial.write_bytes(result)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
