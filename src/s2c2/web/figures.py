"""Figures of the dashboard: who did how much in what time, and how well people agree so far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from jaxtyping import Int16

from s2c2.metrics.agreement import counted, krippendorff_alpha, mean_kappa

MOST_PAIRS = 100
"""Pairs of annotators that kappa is averaged over, at most; drawn where there are more."""

ENOUGH = 60.0
"""Seconds of active work from which on it has a rate."""

NOTHING, UNLABELED = -1, -2
"""In place of a class: no answer, and an answer that names no class."""

Pass = tuple[str, int, str]
"""One round of one annotator in one arm."""


@dataclass(frozen=True)
class Worker:
    """What one annotator did, in all scopes."""

    annotator: str
    answers: int
    """Images with an answer that counts."""
    acts: int
    minutes: float
    """Active minutes."""
    images_per_hour: float | None
    """Answers an hour of active time; None in the first minute."""


@dataclass(frozen=True)
class Agreement:
    """How well different people agree on the images that several of them labeled in one round and arm."""

    images: int
    """Images with labels of at least two people in the same round and arm."""
    kappa: float | None
    """Cohen's kappa, the mean over pairs of people who share images; None where it is not defined."""
    alpha: float | None
    """Krippendorff's alpha of all of them; None where it is not defined."""


@dataclass(frozen=True, eq=False)
class Work:
    """What everybody did."""

    passes: tuple[Pass, ...]
    """Passes that answered."""
    labels: Int16[np.ndarray, "n p"]
    """The class that each pass gave to each image, ``UNLABELED`` or ``NOTHING``."""
    classes: int
    """Number of classes k."""
    acts: Mapping[str, int]
    """Acts of each annotator, also those that were undone."""
    active: Mapping[str, float]
    """Active seconds of each annotator, also those of acts that were undone: they were spent."""

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Each annotator's work, by name."""
        given = dict.fromkeys(self.acts, 0)
        for (name, _, _), answers in zip(self.passes, (self.labels != NOTHING).sum(axis=0), strict=True):
            given[name] += int(answers)
        return tuple(_worker(name, given[name], self.acts[name], self.active[name]) for name in sorted(given))

    @cached_property
    def agreement(self) -> Agreement:
        """How well people agree on labels, without decisions; found out when it is first asked for.

        Only passes of the same round and arm are held against each other: those of other arms saw other
        proposals, and those of other rounds are often of the same person.
        """
        labels = np.maximum(self.labels, -1).astype(np.int64)
        together = self._together
        shared = np.zeros(len(labels), dtype=bool)
        for columns in together:
            shared |= (labels[:, columns] >= 0).sum(axis=1) > 1
        votes = [counted(labels[shared][:, columns], self.classes) for columns in together]
        kappa = mean_kappa(labels[shared].T, _drawn(together))
        alpha = krippendorff_alpha(np.concatenate(votes)) if votes else np.nan
        return Agreement(int(shared.sum()), *(None if np.isnan(one) else one for one in (kappa, alpha)))

    @property
    def _together(self) -> tuple[list[int], ...]:
        """The passes of each round and arm, which are of different people."""
        found: dict[tuple[int, str], list[int]] = {}
        for column, (_, turn, arm) in enumerate(self.passes):
            found.setdefault((turn, arm), []).append(column)
        return tuple(found.values())


def entropy(shares: Sequence[float]) -> float:
    """Return the entropy of a distribution in bits.

    Example:
        >>> entropy([0.5, 0.5]), entropy([1.0, 0.0])
        (1.0, 0.0)
    """
    present = np.array([share for share in shares if share > 0])
    return float(-(present * np.log2(present)).sum()) + 0.0


def _drawn(together: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    """Return pairs of passes within the same round and arm, at most ``MOST_PAIRS``, drawn alike each time."""
    pairs = [pair for columns in together for pair in combinations(columns, 2)]
    if len(pairs) <= MOST_PAIRS:
        return pairs
    chosen = np.random.default_rng(0).choice(len(pairs), MOST_PAIRS, replace=False)
    return [pairs[at] for at in chosen.tolist()]


def _worker(name: str, answers: int, acts: int, active: float) -> Worker:
    rate = answers / active * 3600 if active >= ENOUGH else None
    return Worker(name, answers, acts, active / 60, rate)
