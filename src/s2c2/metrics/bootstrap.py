"""How far a score would move with other images of the same kind."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64


@dataclass(frozen=True)
class Interval:
    """A range that a score falls into with the given level."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""


def bootstrap(
    statistic: Callable[[Int64[np.ndarray, " n"]], float],
    count: int,
    rng: np.random.Generator,
    repeats: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Return the percentile interval of a statistic over images drawn again with replacement.

    Args:
        statistic: from the rows of the drawn images (each in 0 … count − 1) to the score.
        count: number of images.
        rng: source of the draws.
        repeats: number of draws.
        level: share of the draws that the interval holds, in (0, 1).

    Returns:
        The interval; draws where the score is NaN are left out, NaN when it always is. It covers the choice
        of images, not the luck of a training run.

    Example:
        >>> values = np.array([3.0, 3.0, 3.0])
        >>> bootstrap(lambda rows: float(values[rows].mean()), 3, np.random.default_rng(0))
        Interval(low=3.0, high=3.0)
    """
    if not count:
        return Interval(float("nan"), float("nan"))
    scores = np.array([statistic(rng.integers(count, size=count)) for _ in range(repeats)])
    known = scores[~np.isnan(scores)]
    if not len(known):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
