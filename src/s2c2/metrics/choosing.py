"""What the data say, without a label, of how many images are ambiguous and of how many clusters there are.

Whether they say it rightly is another matter: ``results/choices``.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

DRAWS = 3
"""Times that the images are halved."""
RESTARTS = 3
"""Starts of each k-means, of which the best is kept."""


def elbow(scores: Float[np.ndarray, " n"]) -> float:
    """Return the share of images before the elbow of the falling scores: farthest below the straight line.

    The line joins the highest and the lowest score (Satopää et al. 2011, Kneedle, without smoothing). In
    [0, 1]; NaN when all scores are equal.

    Example:
        >>> elbow(np.array([9.0, 8.0, 1.0, 0.5, 0.0, 0.0]))
        0.4
    """
    falling = np.sort(scores.astype(np.float64))[::-1]
    if len(falling) < 2 or falling[0] == falling[-1]:
        return float("nan")
    place = np.linspace(0, 1, len(falling))
    height = (falling - falling[-1]) / (falling[0] - falling[-1])
    return float(place[np.argmax((1 - place) - height)])


def divide(scores: Float[np.ndarray, " n"]) -> float:
    """Return the share of images above the threshold that divides the scores into two groups best.

    Best is the least squared distance to the means of the two (Otsu 1979, on the scores themselves). In
    (0, 1); NaN when all scores are equal.

    Example:
        >>> divide(np.array([9.0, 8.0, 1.0, 0.5, 0.0]))
        0.4
    """
    falling = np.sort(scores.astype(np.float64))[::-1]
    if len(falling) < 2 or falling[0] == falling[-1]:
        return float("nan")
    upper = np.arange(1, len(falling))
    sums = falling.cumsum()
    above, below = sums[:-1] / upper, (sums[-1] - sums[:-1]) / (len(falling) - upper)
    between = upper * (len(falling) - upper) * np.square(above - below)
    between[falling[1:] == falling[:-1]] = -1
    return float(upper[np.argmax(between)] / len(falling))


def stability(
    points: Float[np.ndarray, "n f"],
    asked: Float[np.ndarray, "m f"],
    counts: Sequence[int],
    rng: np.random.Generator,
) -> list[float]:
    """Return for each number of clusters how much k-means of two halves of the points agree on others.

    The adjusted Rand index of their clusters of the ``asked`` points, mean over :data:`DRAWS` halvings (in
    the manner of Lange et al. 2004): 1 where they are the same, 0 as by chance; the number with the highest
    is the most stable.

    Raises:
        ValueError: when a half has fewer points than clusters are asked for.
    """
    if min(len(points) // 2, len(asked)) < max(counts):
        raise ValueError(f"{len(points)} points cannot be halved for {max(counts)} clusters")
    found = np.zeros((DRAWS, len(counts)))
    for draw in range(DRAWS):
        halves = np.array_split(rng.permutation(len(points)), 2)
        for column, count in enumerate(counts):
            seed = int(rng.integers(2**31))
            said = (
                KMeans(count, n_init=RESTARTS, random_state=seed).fit(points[rows]).predict(asked)
                for rows in halves
            )
            found[draw, column] = adjusted_rand_score(*said)
    return [float(mean) for mean in found.mean(axis=0)]
