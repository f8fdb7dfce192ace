"""Rounds of relabeling as runs: each learns from what people answered after the one before."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl

from s2c2 import config as configuration
from s2c2 import files
from s2c2.data import dataset as datasets
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError
from s2c2.experiments.folder import Place, differences
from s2c2.experiments.planned import Planned, Relabel, Spread
from s2c2.experiments.spent import LOG, Spent, answers
from s2c2.predictions import Predictions
from s2c2.relabeling import ARMS, TRAINING, Budget, Round, ask, pool_of, relabeled
from s2c2.runs import Run
from s2c2.studies import Entry

ASKED = "asked.json"
"""How the answers of a relabeled run came about, in its folder."""


def rounds(runs: Sequence[Planned], spread: Spread) -> list[Planned]:
    """Return the first runs of one dataset and algorithm, and after each of them the rounds of all arms.

    Raises:
        UserError: when the first labels are not drawn, so that their votes could not be counted.
    """
    data = [run.values["data"] for run in runs]
    if any((one["labels"], one["votes"]) != ("drawn", 1) for one in data):
        raise UserError("a budget starts with one drawn label an image: leave out data.labels and data.votes")
    started = [replace(run, facts=(Spent(spread.budget),)) for run in runs]
    starts = {(run.entry.arm, run.entry.seed): run for run in started}
    following = [
        run
        for seed in spread.numbers
        for name, arm in ARMS.items()
        for run in _chain(starts[arm.learner, seed], name, spread.budget)
    ]
    return [*started, *following]


def _chain(start: Planned, arm: str, budget: Budget) -> Iterator[Planned]:
    """Yield the rounds of one arm and seed."""
    values = configuration.merged(start.values, {"data": {"labels": "soft"}})
    entry, previous = start.entry, start.entry.name
    for number in range(1, budget.rounds + 1):
        name = f"{entry.dataset}-{entry.algorithm}-{arm}-round{number}-{entry.seed}"
        placed = Entry(name, entry.dataset, entry.algorithm, arm, entry.seed, round=number)
        relabel = Relabel(arm, number, previous, budget)
        yield Planned(placed, start.folder, values, relabel, (Spent(budget),))
        previous = name


def learned(planned: Planned, previous: Path | None) -> tuple[Dataset, dict[str, str]]:
    """Return what a run learns from, and the files that say how its labels came about.

    Args:
        planned: the run.
        previous: folder of the run before, where it has one.

    Raises:
        UserError: when the run before is not trained, or no image is left to ask about.
    """
    dataset, relabel = datasets.read(planned.folder), planned.relabel
    if relabel is None or previous is None:
        return dataset, {}
    said, past = Predictions.read(Place(previous).predictions), answers(previous, relabel.budget.costs)
    pool = pool_of(said, past, dataset.annotations, relabel.budget.pool)
    count = relabel.budget.count(sum(split in TRAINING for split in said.splits))
    turn = Round(planned.entry.seed, relabel.round, count)
    log = pl.concat([past, ask(pool, dataset.annotations, relabel.arm, relabel.budget, turn)])
    splits = Run(previous).splits()
    beside = {LOG: log.write_csv(), ASKED: json.dumps(_asked(relabel), indent=2) + "\n"}
    return relabeled(dataset, splits, log), beside


def _asked(relabel: Relabel) -> dict[str, Any]:
    return asdict(relabel) | {"budget": relabel.budget.settings}


def guard(planned: Planned, run: Path) -> None:
    """Refuse a run folder whose labels came about in another way.

    Raises:
        UserError: says what differs.
    """
    if planned.relabel is None or not (run / ASKED).exists():
        return
    changed = sorted(differences(files.read_json(run / ASKED), _asked(planned.relabel)))
    if changed:
        raise UserError(f"{run} was relabeled in another way ({', '.join(changed)}): choose another --out")
