"""A grid of runs: trained, scored and recorded in processes; what is done is not repeated."""

import fcntl
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from s2c2 import config as configuration
from s2c2 import files
from s2c2.data import dataset as datasets
from s2c2.errors import UserError
from s2c2.experiments import pool
from s2c2.experiments.folder import Place, differences
from s2c2.experiments.grids import Planned
from s2c2.experiments.pool import Ended, Job
from s2c2.experiments.records import record
from s2c2.experiments.run import run
from s2c2.experiments.saved import score


@dataclass(frozen=True)
class Output:
    """Where the files of a grid lie."""

    root: Path

    @property
    def records(self) -> Path:
        """One small JSON file for each run, without a path in it."""
        return self.root / "records"

    def run(self, name: str) -> Path:
        """Return the run folder of a run."""
        return self.root / "runs" / name

    def record(self, name: str) -> Path:
        """Return the record of a run."""
        return self.records / f"{name}.json"

    def error(self, name: str) -> Path:
        """Return where the traceback of a run goes that met a defect."""
        return self.root / "errors" / f"{name}.txt"


@dataclass(frozen=True)
class State:
    """How far a grid is."""

    done: int
    """Units of progress done, of those that were left at the start."""
    total: int
    """Units of progress that were left at the start."""
    failed: int
    """Runs that failed."""


@dataclass(frozen=True)
class Worked:
    """What a grid did."""

    skipped: int
    """Runs that were there before."""
    failed: tuple[tuple[str, str], ...]
    """Name of each run that failed, and why in one line."""
    stopped: bool
    """Whether it was asked to stop before its end."""


def execute(
    runs: Sequence[Planned],
    out: Output,
    workers: int = 1,
    *,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[State], None] = lambda state: None,
) -> Worked:
    """Train, score and record the runs of a grid that are not done yet; a run that fails stops no other.

    A run that was killed or stopped goes on from its newest checkpoint.

    Args:
        runs: the grid.
        out: where its files go.
        workers: number of processes, with one thread each.
        stop: asked often whether to stop; running ones then leave a checkpoint behind.
        watch: called often with how far the grid is.

    Raises:
        UserError: when ``out`` holds a run of another configuration, or another grid is at work there.
    """
    with alone(out):
        return _execute(runs, out, workers, (stop, watch))


def _execute(
    runs: Sequence[Planned],
    out: Output,
    workers: int,
    asked: tuple[Callable[[], bool], Callable[[State], None]],
) -> Worked:
    stop, watch = asked
    guard(runs, out)
    jobs = outstanding(runs, out)
    total, failed, stopped = sum(job.size for job in jobs), dict[str, str](), False

    def saw(done: int) -> None:
        watch(State(done, total, len(failed)))

    for ended in pool.work(jobs, workers, stop=stop, watch=saw):
        stopped |= isinstance(ended.error, KeyboardInterrupt)
        if ended.error is not None and not isinstance(ended.error, KeyboardInterrupt):
            name = ended.job.arguments[0].entry.name
            failed[name] = note(ended, out)
    busy = {job.arguments[0].entry.name for job in jobs}
    return Worked(len(runs) - len(busy), tuple(failed.items()), stopped or stop())


@contextmanager
def alone(out: Output) -> Iterator[None]:
    """Hold a folder while a grid is at work there; the system lets go of it however the process ends.

    Raises:
        UserError: when another grid holds it.
    """
    out.root.mkdir(parents=True, exist_ok=True)
    with (out.root / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another experiment is at work in {out.root}: let it end first") from None
        yield


def guard(runs: Sequence[Planned], out: Output) -> None:
    """Refuse a folder with a run of the same name but another configuration.

    Raises:
        UserError: says what differs.
    """
    for planned in runs:
        place = Place(out.run(planned.entry.name))
        old = configuration.completed(configuration.read(place.config)) if place.config.exists() else None
        changed = [] if old is None else sorted(differences(old, planned.values))
        if changed:
            raise UserError(
                f"{place.root} was made with another configuration ({', '.join(changed)}): "
                "choose another --out"
            )


def outstanding(runs: Sequence[Planned], out: Output) -> list[Job]:
    """Return what is left to do: runs without predictions, then those without a record that is complete."""
    training = {planned.entry.name for planned in runs if not trained(out, planned.entry.name)}
    jobs = [
        Job(f"train {planned.entry.name}", train, (planned, out), planned.values["train"]["steps"])
        for planned in runs
        if planned.entry.name in training
    ]
    for planned in runs:
        entry = planned.entry
        needed = [name for name in (entry.name, entry.against) if name in training]
        if needed or not recorded(planned, out):
            after = tuple(f"train {name}" for name in needed)
            jobs.append(Job(f"score {entry.name}", judge, (planned, out), 1, after))
    return jobs


def trained(out: Output, name: str) -> bool:
    """Return whether a run is trained to its end."""
    return Place(out.run(name)).predictions.exists()


def recorded(planned: Planned, out: Output) -> bool:
    """Return whether a run has a record with scores, and with a comparison where its partner is trained."""
    path, against = out.record(planned.entry.name), planned.entry.against
    if not path.exists():
        return False
    known = files.read_json(path)
    compared = against is None or not trained(out, against) or "comparison" in known
    return "scores" in known and compared


def train(planned: Planned, out: Output) -> None:
    """Train a run, in a process of the pool."""
    run(
        datasets.read(planned.folder),
        planned.config,
        out.run(planned.entry.name),
        resume=True,
        watch=lambda record, steps: pool.advance(record.step),
        stop=pool.stopped,
        progress=obey,
        predicting=obey,
    )


def obey(done: int, total: int) -> None:
    """Stop what has no checkpoint, reading and predicting, once the grid is to stop."""
    if pool.stopped():
        raise KeyboardInterrupt


def judge(planned: Planned, out: Output) -> None:
    """Score a trained run, against its plain partner where that is trained, and write its record."""
    entry = planned.entry
    if not trained(out, entry.name):
        return
    known = entry.against is not None and trained(out, entry.against)
    folder = out.run(entry.name)
    score(folder, out.run(entry.against) if known and entry.against else None)
    classes = len(files.read_json(Place(folder).dataset)["classes"])
    facts = {"dataset": entry.dataset, "arm": entry.arm, "classes": classes}
    files.write_json(out.record(entry.name), record(folder) | facts)


def note(ended: Ended, out: Output) -> str:
    """Write down why a run failed, and return it in one line; a defect leaves its traceback too."""
    name, error = ended.job.arguments[0].entry.name, ended.error
    reason = " ".join(str(error).split())
    if isinstance(error, BrokenProcessPool):
        reason = "its process died; it was killed, or the memory was not enough"
    elif error is not None and not isinstance(error, UserError):
        reason = f"{type(error).__name__}: {reason}"
        files.write_text(out.error(name), "".join(traceback.format_exception(error)))
    files.write_json(out.record(name), {"run": name, "failed": nameless(reason, out)})
    return reason


def nameless(reason: str, out: Output) -> str:
    """Return a reason without the folder of this machine."""
    return reason.replace(f"{out.root.resolve()}/", "").replace(f"{out.root}/", "")
