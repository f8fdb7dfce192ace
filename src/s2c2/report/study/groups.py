"""The runs of a study, put together by dataset, algorithm and arm."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from s2c2.metrics.comparison import CLUSTERINGS
from s2c2.metrics.coverage import UNCERTAINTIES
from s2c2.report.study.spread import Difference, Spread, difference, spread
from s2c2.studies import Outcome

Pair = tuple[float | None, float | None]


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed alone, each with the plain run it is held against."""

    dataset: str
    """Name of the dataset's folder."""
    algorithm: str
    """The semi-supervised algorithm."""
    arm: str
    """What is varied."""
    outcomes: tuple[Outcome, ...]
    """The planned runs."""
    plain: tuple[Outcome | None, ...]
    """The run that each is held against, of the same dataset, algorithm and seed: the one that was planned
    for it, else the plain one."""

    @property
    def scored(self) -> list[Outcome]:
        """The runs that have scores."""
        return [outcome for outcome in self.outcomes if outcome.scores is not None]

    @property
    def partner(self) -> str | None:
        """The arm that it is held against; None where no run has a partner."""
        return next((other.entry.arm for other in self.plain if other is not None), None)

    def flagged(self, name: str) -> int:
        """Return how many runs are ``degenerate`` or ``collapsed``."""
        return sum(bool((outcome.scores or {}).get(name)) for outcome in self.outcomes)

    def score(self, name: str) -> Spread:
        """Return a score over the runs, degenerate and collapsed ones too."""
        return spread((outcome.scores or {}).get(name) for outcome in self.outcomes)

    def best(self, name: str) -> float | None:
        """Return a score of the run with the lowest d − F1: what the paper calls its best."""
        known = [outcome.scores for outcome in self.outcomes if outcome.scores is not None]
        chosen = [scores for scores in known if scores.get("score") is not None]
        return min(chosen, key=lambda scores: scores["score"]).get(name) if chosen else None

    def pairs(self, name: str) -> list[Pair]:
        """Return a score of each run and of its plain partner."""
        return [
            ((one.scores or {}).get(name), (other.scores or {}).get(name))
            for one, other in zip(self.outcomes, self.plain, strict=True)
            if other is not None
        ]

    def gain(self, name: str) -> Difference:
        """Return a score minus that of the plain partner."""
        return difference(self.pairs(name))

    def compared(self, measure: Callable[[Outcome], Pair]) -> list[Pair]:
        """Return what each comparison at equal coverage says of S2C2 and of its best partner."""
        return [measure(outcome) for outcome in self.outcomes if outcome.comparison is not None]


def groups(outcomes: Sequence[Outcome]) -> tuple[Group, ...]:
    """Return the groups of a study in the order of its runs."""
    named = {outcome.entry.name: outcome for outcome in outcomes}
    plain = {_place(outcome): outcome for outcome in outcomes if outcome.entry.arm == "vanilla"}
    found: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        entry = outcome.entry
        found.setdefault((entry.dataset, entry.algorithm, entry.arm), []).append(outcome)

    def partner(run: Outcome) -> Outcome | None:
        if run.entry.against is not None:
            return named.get(run.entry.against)
        return None if run.entry.arm == "vanilla" else plain.get(_place(run))

    return tuple(Group(*key, tuple(runs), tuple(map(partner, runs))) for key, runs in found.items())


def _place(outcome: Outcome) -> tuple[str, str, int]:
    return outcome.entry.dataset, outcome.entry.algorithm, outcome.entry.seed


def rejection(outcome: Outcome) -> Pair:
    """Return F1 of S2C2 and of the best plain rejection of as many images."""
    f1 = (outcome.comparison or {})["f1"]
    return f1["s2c2"], _best(max, [f1[name] for name in UNCERTAINTIES])


def macro(outcome: Outcome) -> Pair:
    """Return macro d of S2C2 and of the plain clustering with the lowest one, on the same images."""
    return _distance(outcome, "macro")


def size(outcome: Outcome) -> Pair:
    """Return d by size of S2C2 and of the plain clustering with the lowest one, on the same images."""
    return _distance(outcome, "size")


def floor(outcome: Outcome) -> Pair:
    """Return F1 where as many images are set aside at random, and where they are by human entropy."""
    f1 = (outcome.comparison or {})["f1"]
    return f1["random"], f1["oracle"]


def area(outcome: Outcome) -> Pair:
    """Return the area under the risk–coverage curve of p_a and of the best plain confidence."""
    found = (outcome.comparison or {})["aurc"]
    return found["s2c2"], _best(min, [found[name] for name in UNCERTAINTIES])


def area_floor(outcome: Outcome) -> Pair:
    """Return the area under the risk–coverage curve of a random order, and of that by human entropy."""
    found = (outcome.comparison or {})["aurc"]
    return found["random"], found["oracle"]


def detector(outcome: Outcome) -> Pair:
    """Return AUROC of p_a and of the best plain detector."""
    found = (outcome.comparison or {})["auroc"]
    return found["s2c2"], _best(max, [found[name] for name in UNCERTAINTIES])


def _distance(outcome: Outcome, weighting: str) -> Pair:
    found = (outcome.comparison or {})["distance"]
    plain = [found[name][weighting] for name in CLUSTERINGS if name in found]
    return found["s2c2"][weighting], _best(min, plain)


def _best(choose: Callable[[list[float]], float], values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return choose(known) if known else None


def ratio(pairs: Sequence[Pair]) -> Spread:
    """Return first over second of each pair of which both are defined and the second is not zero."""
    return spread(a / b for a, b in pairs if a is not None and b)
