"""A grid of runs: trained, scored and recorded in processes; what is done is not repeated."""

import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from s2c2 import files
from s2c2.errors import UserError
from s2c2.experiments import pool, rounds
from s2c2.experiments.callbacks import Callbacks
from s2c2.experiments.device import within
from s2c2.experiments.executors import Executor, Local
from s2c2.experiments.failures import named, words
from s2c2.experiments.folder import Place
from s2c2.experiments.output import Output, guard, known, recorded, trained
from s2c2.experiments.planned import Planned
from s2c2.experiments.pool import Ended, Job
from s2c2.experiments.records import record
from s2c2.experiments.run import run
from s2c2.experiments.saved import reread, score


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
    waiting: int
    """Runs that had not begun when it was stopped."""
    failed: tuple[tuple[str, str], ...]
    """Name of each run that failed, and why in one line."""
    stopped: bool
    """Whether it was asked to stop before its end."""


ONE = Local(1)
"""One process of this machine."""


def execute(
    runs: Sequence[Planned],
    out: Output,
    executor: Executor = ONE,
    *,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[State], None] = lambda state: None,
) -> Worked:
    """Train, score and record the runs of a grid that are not done yet; a run that fails stops no other.

    A run that was killed or stopped goes on from its newest checkpoint.

    Args:
        runs: the grid.
        out: where its files go.
        executor: what does the jobs, for example some processes of this machine.
        stop: asked often whether to stop; running ones then leave a checkpoint behind.
        watch: called often with how far the grid is.

    Raises:
        UserError: when ``out`` holds a run of another configuration, or another grid is at work there.
    """
    with alone(out):
        return _execute(runs, out, executor, stop, watch)


def _execute(
    runs: Sequence[Planned],
    out: Output,
    executor: Executor,
    stop: Callable[[], bool],
    watch: Callable[[State], None],
) -> Worked:
    guard(runs, out)
    forget(runs, out)
    jobs = outstanding(runs, out)
    total, failed, stopped = sum(job.size for job in jobs), dict[str, str](), False
    left = {job.arguments[0].entry.name for job in jobs}
    begun = set[str]()

    def saw(done: int) -> None:
        watch(State(done, total, len(failed)))

    for ended in executor(jobs, stop=stop, watch=saw):
        name = ended.job.arguments[0].entry.name
        begun.add(name)
        stopped |= isinstance(ended.error, KeyboardInterrupt)
        if ended.error is not None and not isinstance(ended.error, KeyboardInterrupt):
            failed[name] = note(ended, out)
    return Worked(len(runs) - len(left), len(left - begun), tuple(failed.items()), stopped or stop())


@contextmanager
def alone(out: Output) -> Iterator[None]:
    """Hold a folder while a grid is at work there; the system lets go of it however the process ends.

    Raises:
        UserError: when another grid holds it.
    """
    out.root.mkdir(parents=True, exist_ok=True)
    with files.locked(out.lock) as mine:
        if not mine:
            raise UserError(
                f"another experiment is at work in {out.root}: let it end first. If its machine failed, "
                f"remove {out.lock}"
            )
        yield


def forget(runs: Sequence[Planned], out: Output) -> None:
    """Take out of records how this experiment failed before, where another one has made what it asked."""
    for planned in runs:
        path = out.record(planned.entry.name)
        if known(planned, out) and (kept := _kept(planned, out)) != files.read_json(path):
            files.write_json(path, kept)


def outstanding(runs: Sequence[Planned], out: Output) -> list[Job]:
    """Return what is left to do: runs to train, then those without a record that is complete."""
    training = untrained(runs, out)
    present = [run for run in runs if run.entry.name in training or trained(out, run.entry.name)]
    lenders = lent(present, training)
    jobs = [
        _training(planned, out, training, lenders.get(planned.entry.name))
        for planned in present
        if planned.entry.name in training
    ]
    for planned in present:
        entry = planned.entry
        needed = [name for name in (entry.name, entry.against) if name in training]
        if needed or not recorded(planned, out):
            after = tuple(f"train {name}" for name in needed)
            jobs.append(Job(f"score {entry.name}", judge, (planned, out), 1, after))
    return jobs


def untrained(runs: Sequence[Planned], out: Output) -> set[str]:
    """Return the names of the runs to train: not known, not trained, and those that such runs need."""
    named = {run.entry.name: run for run in runs}
    wanted = [run for run in runs if not known(run, out)]
    found = set[str]()
    for planned in wanted:
        if not trained(out, planned.entry.name):
            found.add(planned.entry.name)
        needs = named.keys() & {planned.entry.against, planned.relabel and planned.relabel.previous}
        wanted += [named[name] for name in needs - found if not trained(out, name)]
    return found


def lent(runs: Sequence[Planned], training: Collection[str]) -> dict[str, str]:
    """Return, for runs that need no training of their own, the run that has or makes the same network.

    Args:
        runs: the grid.
        training: names of those that are not trained yet.
    """
    first = sorted(runs, key=lambda run: run.entry.name in training)
    found: dict[str, str] = {}
    sources: dict[str, list[Planned]] = {}
    for planned in first:
        alike = sources.setdefault(f"{planned.folder} {planned.values['seed']}", [])
        source = next((run for run in alike if planned.trains_as(run)), None)
        if source is None:
            alike.append(planned)
        elif planned.entry.name in training:
            found[planned.entry.name] = source.entry.name
    return found


def _training(planned: Planned, out: Output, training: set[str], lender: str | None) -> Job:
    """Return the job that trains a run; it waits for the runs that it needs where those are trained too."""
    before = [planned.relabel.previous] if planned.relabel is not None else []
    before += [] if lender is None else [lender]
    after = tuple(f"train {name}" for name in before if name in training)
    size = planned.values["train"]["steps"] if lender is None else 1
    return Job(f"train {planned.entry.name}", train, (planned, out, lender), size, after)


def train(planned: Planned, out: Output, lender: str | None = None) -> None:
    """Train a run, in a process of the pool; where a trained run has the same network, read that anew."""
    folder = out.run(planned.entry.name)
    if trained(out, planned.entry.name):  # a job that is started again after it had ended
        return
    if lender is not None and trained(out, lender) and not folder.exists():
        reread(out.run(lender), folder, planned.values["predict"])
        return
    before = None if planned.relabel is None else out.run(planned.relabel.previous)
    dataset, beside = rounds.learned(planned, before)
    with within():
        run(
            dataset,
            planned.config,
            folder,
            resume=True,
            stop=pool.stopped,
            callbacks=Callbacks(lambda record, steps: pool.advance(record.step), obey, obey),
            beside=beside,
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
    folder = out.run(entry.name)
    partner = out.run(entry.against) if entry.against and trained(out, entry.against) else None
    score(folder, partner)
    classes = len(files.read_json(Place(folder).dataset)["classes"])
    facts = {"dataset": entry.dataset, "arm": entry.arm, "classes": classes}
    facts |= {fact.name: found for fact in planned.facts if (found := fact(folder, partner)) is not None}
    files.write_json(out.record(entry.name), _kept(planned, out) | record(folder) | facts)


def _kept(planned: Planned, out: Output) -> dict[str, Any]:
    """Return what was recorded of the same trained run, without how this experiment failed before."""
    path = out.record(planned.entry.name)
    old = files.read_json(path) if path.exists() else {}
    if "scores" not in old:
        return {}
    later = {name: why for name, why in old.pop("failed_later", {}).items() if name != planned.experiment}
    return old | ({"failed_later": later} if later else {})


def note(ended: Ended, out: Output) -> str:
    """Write down why a run failed, and return it in one line; a defect leaves its traceback too.

    Beside scores that are known it stands as what this experiment asked in vain.
    """
    planned, error = ended.job.arguments[0], ended.error
    name = planned.entry.name
    reason = "" if error is None else words(error)
    if isinstance(error, BrokenProcessPool):
        reason = "its process died; it was killed, or the memory was not enough"
    elif error is not None and not isinstance(error, UserError):
        reason = named(error)
        files.write_text(out.error(name), "".join(traceback.format_exception(error)))
    files.write_json(out.record(name), _failed(planned, out, nameless(reason, out)))
    return reason


def _failed(planned: Planned, out: Output, reason: str) -> dict[str, Any]:
    kept = _kept(planned, out)
    if not kept:
        return {"run": planned.entry.name, "failed": reason}
    return kept | {"failed_later": kept.get("failed_later", {}) | {planned.experiment: reason}}


def nameless(reason: str, out: Output) -> str:
    """Return a reason without the folder of this machine."""
    return reason.replace(f"{out.root.resolve()}/", "").replace(f"{out.root}/", "")
