"""Soft labels from outside, as votes."""

from typing import Any

import numpy as np

from s2c2.errors import UserError

FINEST = 1000
"""Votes that stand for a soft label which no smaller number of votes gives."""


def votes_of(distribution: Any, classes: int, at: str) -> list[int]:
    """Return the fewest votes whose mean is a soft label, for example (0.7, 0.3) as 7 and 3.

    The number of people behind a soft label is unknown; where no total up to ``FINEST`` gives it exactly
    (to 10⁻⁵, what six digits hold), votes out of ``FINEST`` are nearest to it.

    Args:
        distribution: one probability a class, which sum to one.
        classes: the number of classes k.
        at: where it stands, for the message.

    Raises:
        UserError: when it is no distribution over the classes.

    Example:
        >>> votes_of([0.75, 0.25, 0.0], 3, "line 1")
        [3, 1, 0]
    """
    label = _distribution(distribution, classes, at)
    for total in range(1, FINEST + 1):
        votes = np.rint(label * total)
        if np.abs(votes / total - label).max() <= 1e-5 and votes.sum() == total:
            return [int(vote) for vote in votes]
    votes = np.floor(label * FINEST)
    nearest = np.argsort(votes - label * FINEST, kind="stable")
    votes[nearest[: FINEST - int(votes.sum())]] += 1
    return [int(vote) for vote in votes]


def _distribution(given: Any, classes: int, at: str) -> np.ndarray:
    numbers = isinstance(given, list) and all(type(value) in (int, float) for value in given)
    if not numbers or len(given) != classes:
        raise UserError(f"{at}: soft_label must be a list of {classes} numbers, one a class")
    if not all(0 <= value <= 1.001 for value in given) or abs(sum(given) - 1) > 1e-3:
        raise UserError(f"{at}: soft_label {given} must hold probabilities that sum to 1")
    label = np.array(given, dtype=np.float64)
    return np.asarray(label / label.sum())
