"""When scores mean nothing: degenerate and collapsed networks."""

import numpy as np
from jaxtyping import Bool, Int

from s2c2.metrics.clustering import usage

SHARE = 0.1
"""Least share of images that must be certain, and that must be ambiguous (paper §3.2)."""
LARGEST = 0.9
"""Largest share of the ambiguous images that one cluster may hold."""


def degenerate(ambiguous: Bool[np.ndarray, " n"]) -> bool:
    """Return whether fewer than 10 % or more than 90 % of the images are predicted ambiguous (paper §3.2).

    Only for networks with an ambiguity head. Without images: False.

    Example:
        >>> degenerate(np.array([True] * 95 + [False] * 5))
        True
    """
    if not len(ambiguous):
        return False
    count = int(ambiguous.sum())
    return count < SHARE * len(ambiguous) or len(ambiguous) - count < SHARE * len(ambiguous)


def constant_class(predicted: Int[np.ndarray, " n"]) -> bool:
    """Return whether several images all got the same class.

    Example:
        >>> constant_class(np.array([1, 1, 1]))
        True
    """
    return len(predicted) > 1 and bool((predicted == predicted[0]).all())


def single_cluster(clusters: Int[np.ndarray, " n"]) -> bool:
    """Return whether one cluster holds more than 90 % of several ambiguous images.

    Example:
        >>> single_cluster(np.array([4] * 19 + [5]))
        True
    """
    return len(clusters) > 1 and usage(clusters).largest > LARGEST
