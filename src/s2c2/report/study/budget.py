"""The tables of the budget experiment: scores by what was spent on labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2c2.relabeling import ARMS
from s2c2.report.study.sheets import Sheet, alarms, problems
from s2c2.report.study.spread import Spread, difference, spread
from s2c2.studies import Outcome, Study

MEASURES = (
    ("F1, all images", "f1_all"),
    ("F1, most confident 40 %", "f1_covered"),
    ("accuracy", "accuracy"),
    ("KL", "kl"),
)
"""Scores on the validation split by heading; a lower KL is better."""
FLOORS = {"s2c2": "random", "vanilla": "plain-random"}
"""The arm that others with the same learner are held against."""
Pair = tuple[float | None, float | None]


@dataclass(frozen=True)
class Step:
    """One round of one arm: runs that differ in their seed alone."""

    dataset: str
    """Name of the dataset's folder."""
    algorithm: str
    """The semi-supervised algorithm."""
    arm: str
    """Which images were asked about."""
    round: int
    """Rounds of asking before; 0 is where all arms of a learner start."""
    outcomes: tuple[Outcome, ...]
    """The planned runs, by seed."""

    @property
    def scored(self) -> int:
        """Runs that have scores."""
        return sum(outcome.scores is not None for outcome in self.outcomes)

    def over(self, name: str) -> Spread:
        """Return a measure over the runs."""
        return spread(measure(outcome, name) for outcome in self.outcomes)


def measure(outcome: Outcome, name: str) -> float | None:
    """Return a score of a run, or what was spent on its labels; None where it is not known."""
    spent = (outcome.record or {}).get("budget", {})
    found = spent[name] if name in spent else (outcome.scores or {}).get(name)
    return None if found is None else float(found)


def steps(outcomes: Sequence[Outcome]) -> tuple[Step, ...]:
    """Return all rounds of all arms, each arm with the start that it shares with others."""
    places = dict.fromkeys((o.entry.dataset, o.entry.algorithm) for o in outcomes)
    rounds = sorted({o.entry.round for o in outcomes})
    found = []
    for place in places:
        here = [o for o in outcomes if (o.entry.dataset, o.entry.algorithm) == place]
        for name, arm in ARMS.items():
            for number in rounds:
                wanted = name if number else arm.learner
                runs = [o for o in here if (o.entry.arm, o.entry.round) == (wanted, number)]
                if runs:
                    found.append(Step(*place, name, number, tuple(sorted(runs, key=_seed))))
    return tuple(found)


def _seed(outcome: Outcome) -> int:
    return outcome.entry.seed


def sheets(study: Study, outcomes: Sequence[Outcome]) -> tuple[Sheet, ...]:
    """Return the tables of the experiment; those without a row are left out."""
    found = steps(outcomes)
    made = (curve(found), at_equal_votes(found), at_equal_minutes(found), alarms(outcomes))
    return tuple(sheet for sheet in (*made, problems(outcomes)) if sheet.rows)


def curve(found: Sequence[Step]) -> Sheet:
    """Return what was spent and what came of it, round by round."""
    columns = ("dataset", "algorithm", "arm", "round", "runs", "labeled images", "votes", "minutes",
               *(heading for heading, _ in MEASURES), "KL of the labels")  # fmt: skip
    rows = tuple(
        (step.dataset, step.algorithm, step.arm, step.round, f"{step.scored} of {len(step.outcomes)}",
         _count(step.over("images")), _count(step.over("votes")), step.over("minutes"),
         *(step.over(name) for _, name in MEASURES), step.over("label_kl"))
        for step in found
    )  # fmt: skip
    title = "By round: what was spent in all, and mean ± standard deviation over seeds"
    return Sheet("curve", title, columns, rows)


def _count(counted: Spread) -> Any:
    """Return a whole number where all runs have the same."""
    return round(counted.mean) if counted.count and not counted.deviation > 0 else counted


def at_equal_votes(found: Sequence[Step]) -> Sheet:
    """Return each arm minus the random one of its learner after as many rounds, which is as many votes."""

    def partner(outcome: Outcome, name: str, floor: Sequence[Outcome]) -> float | None:
        same = (o for o in floor if o.entry.round == outcome.entry.round)
        return next((measure(o, name) for o in same), None)

    title = "Minus random at as many votes: mean [95 % interval of t over seeds]; a lower KL is better"
    return _against("votes", title, found, partner)


def at_equal_minutes(found: Sequence[Step]) -> Sheet:
    """Return each arm minus the random one of its learner after as many minutes.

    The random arm's score lies on the line between its rounds; beyond its last round nothing is compared.
    """

    def partner(outcome: Outcome, name: str, floor: Sequence[Outcome]) -> float | None:
        return interpolated(floor, name, measure(outcome, "minutes"))

    title = "Minus random at as many minutes, on the line between its rounds"
    return _against("minutes", title, found, partner)


def interpolated(curve: Sequence[Outcome], name: str, minutes: float | None) -> float | None:
    """Return a score of an arm at a number of minutes, on the line between its rounds; None outside."""
    points = sorted(
        (spent, score)
        for o in curve
        if (spent := measure(o, "minutes")) is not None and (score := measure(o, name)) is not None
    )
    if minutes is None or not points or not points[0][0] <= minutes <= points[-1][0]:
        return None
    places, scores = (np.array(column) for column in zip(*points, strict=True))
    return float(np.interp(minutes, places, scores))


Partner = Callable[[Outcome, str, Sequence[Outcome]], float | None]


def _against(name: str, title: str, found: Sequence[Step], partner: Partner) -> Sheet:
    rows = []
    for step in found:
        floor = FLOORS[ARMS[step.arm].learner]
        if step.round and step.arm != floor:
            of = [o for one in found if _place(one) == (*_place(step)[:2], floor) for o in one.outcomes]
            differences = [difference(_pairs(step, measured, of, partner)) for _, measured in MEASURES]
            rows.append((*_place(step), floor, step.round, differences[0].count, *differences))
    heads = (f"Δ {heading}" for heading, _ in MEASURES)
    return Sheet(name, title, ("dataset", "algorithm", "arm", "minus", "round", "pairs", *heads), tuple(rows))


def _place(step: Step) -> tuple[str, str, str]:
    return step.dataset, step.algorithm, step.arm


def _pairs(step: Step, name: str, floor: Sequence[Outcome], partner: Partner) -> list[Pair]:
    """Return the score of each run beside that of the random arm of the same seed."""
    return [
        (measure(o, name), partner(o, name, [other for other in floor if _seed(other) == _seed(o)]))
        for o in step.outcomes
    ]
