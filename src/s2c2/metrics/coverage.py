"""Setting images aside: the plain ways to do it, and what is gained at each coverage.

Any network can look better by answering less often. These are the partners that a network with an ambiguity
head has to be compared with: the same number of images, rejected by plain confidence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from s2c2.metrics.ambiguity import entropy

Uncertainty = Callable[[Float[np.ndarray, "n k"]], Float64[np.ndarray, " n"]]
"""Class distributions to one score an image: higher is less certain."""


@dataclass(frozen=True)
class RiskCoverage:
    """Error among the most certain images, for each number of images kept."""

    coverage: Float64[np.ndarray, " n"]
    """Share of the images that is kept: 1/n, 2/n … 1."""
    risk: Float64[np.ndarray, " n"]
    """Mean error of the kept images, in [0, 1]."""

    @property
    def area(self) -> float:
        """AURC: the mean risk over all coverages, in [0, 1], lower is better; NaN without images."""
        return float(self.risk.mean()) if len(self.risk) else float("nan")

    def at(self, shares: Sequence[float]) -> Float64[np.ndarray, " c"]:
        """Return the risk where these shares of the images are kept, in (0, 1]; one image at least.

        Example:
            >>> RiskCoverage(np.array([0.25, 0.5, 0.75, 1]), np.array([0, 0, 0.3, 0.5])).at([0.1, 0.8, 1.0])
            array([0. , 0.3, 0.5])
        """
        kept = np.maximum(np.rint(np.array(shares) * len(self.risk)).astype(int), 1)
        return np.asarray(self.risk[kept - 1])


def least_confidence(probabilities: Float[np.ndarray, "n k"]) -> Float64[np.ndarray, " n"]:
    """Return one minus the highest probability, in [0, 1 − 1/k].

    Example:
        >>> least_confidence(np.array([[0.75, 0.25]])).tolist()
        [0.25]
    """
    return np.asarray(1.0 - probabilities.max(axis=1).astype(np.float64))


def margin(probabilities: Float[np.ndarray, "n k"]) -> Float64[np.ndarray, " n"]:
    """Return one minus the gap between the two highest probabilities, in [0, 1]; 0 for a single class.

    Example:
        >>> margin(np.array([[0.75, 0.25]])).tolist()
        [0.5]
    """
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    second, first = np.partition(probabilities.astype(np.float64), -2, axis=1)[:, -2:].T
    return np.asarray(1.0 - (first - second))


UNCERTAINTIES: Mapping[str, Uncertainty] = {
    "max-softmax": least_confidence,
    "entropy": entropy,
    "margin": margin,
}
"""The plain uncertainty scores by name."""


def reject(scores: Float[np.ndarray, " n"], count: int) -> Bool[np.ndarray, " n"]:
    """Return a mask of exactly ``count`` images with the highest scores; among ties, earlier rows first.

    Raises:
        ValueError: when ``count`` is not in 0 … n.

    Example:
        >>> reject(np.array([0.2, 0.9, 0.9, 0.1]), 1).tolist()
        [False, True, False, False]
    """
    if not 0 <= count <= len(scores):
        raise ValueError(f"cannot reject {count} of {len(scores)} images")
    rejected = np.zeros(len(scores), dtype=bool)
    rejected[np.argsort(-scores, kind="stable")[:count]] = True
    return rejected


def rejections(
    scores: Float[np.ndarray, " n"], count: int, rng: np.random.Generator, draws: int
) -> tuple[Bool[np.ndarray, " n"], ...]:
    """Return masks of exactly ``count`` images with the highest scores, whatever the order of the rows.

    One, where no tie is cut in two; else ``draws`` of them, in which the images of that tie are drawn.

    Raises:
        ValueError: when ``count`` is not in 0 … n.

    Example:
        >>> len(rejections(np.array([0.2, 0.9, 0.9, 0.1]), 2, np.random.default_rng(0), 5))
        1
        >>> len(rejections(np.array([0.2, 0.9, 0.9, 0.1]), 1, np.random.default_rng(0), 5))
        5
    """
    gone = reject(scores, count)
    if not 0 < count < len(scores) or scores[gone].min() > scores[~gone].max():
        return (gone,)
    orders = (rng.permutation(len(scores)) for _ in range(draws))
    return tuple(reject(scores[order], count)[np.argsort(order)] for order in orders)


def risk_coverage(scores: Float[np.ndarray, " n"], errors: Bool[np.ndarray, " n"]) -> RiskCoverage:
    """Return the risk–coverage curve: keep the images with the lowest scores, from one to all.

    ``risk(i) = 1/i sum of the errors of the i images with the lowest scores``. Images with the same score
    stand in random order: the curve is the expected one, so it does not depend on the order of the rows. A
    score that says nothing has the error rate as its area, the floor to beat.

    Example:
        >>> curve = risk_coverage(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, False, True, True]))
        >>> curve.risk.round(4).tolist(), round(curve.area, 4)
        ([0.0, 0.0, 0.3333, 0.5], 0.2083)
    """
    _, tied, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    error = np.bincount(tied, weights=errors, minlength=len(sizes)) / sizes
    kept = np.arange(1, len(scores) + 1)
    return RiskCoverage(kept / len(scores), np.cumsum(np.repeat(error, sizes)) / kept)
