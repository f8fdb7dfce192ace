"""Figures of the dashboard: who did how much in what time, and how well people agree so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice

import numpy as np
from jaxtyping import Int16

from s2c2.metrics.agreement import counted, krippendorff_alpha, mean_kappa

MOST_PAIRS = 100
"""Pairs of annotators that kappa is averaged over, at most."""

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
    """How well annotators agree on the images that several of them labeled."""

    images: int
    """Images with labels of at least two passes."""
    kappa: float | None
    """Cohen's kappa, the mean over pairs of passes that share images; None where it is not defined."""
    alpha: float | None
    """Krippendorff's alpha over all passes; None where it is not defined."""


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
        """How well passes agree on labels, without decisions; found out when it is first asked for."""
        said = self.labels[(self.labels >= 0).sum(axis=1) > 1]
        several = np.where(said < 0, -1, said).astype(np.int64)
        kappa = mean_kappa(several.T, islice(combinations(range(len(self.passes)), 2), MOST_PAIRS))
        alpha = krippendorff_alpha(counted(several, self.classes))
        return Agreement(len(several), *(None if np.isnan(value) else value for value in (kappa, alpha)))


def entropy(shares: Sequence[float]) -> float:
    """Return the entropy of a distribution in bits.

    Example:
        >>> entropy([0.5, 0.5]), entropy([1.0, 0.0])
        (1.0, 0.0)
    """
    present = np.array([share for share in shares if share > 0])
    return float(-(present * np.log2(present)).sum()) + 0.0


def _worker(name: str, answers: int, acts: int, active: float) -> Worker:
    rate = answers / active * 3600 if active >= ENOUGH else None
    return Worker(name, answers, acts, active / 60, rate)
