"""Drawing images class by class without cutting groups of duplicates; the arithmetic under splits."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Shaped


class Group(NamedTuple):
    """Rows of images that stay together: one image, or exact duplicates."""

    annotated: tuple[int, ...]
    bare: tuple[int, ...]
    """Rows that nobody annotated."""


Strata = Mapping[int, tuple[Group, ...]]
"""Groups by class, in random order; class −1 holds those that nobody annotated."""


def shuffled(labels: Int[np.ndarray, " n"], groups: Shaped[np.ndarray, " n"], seed: int) -> Strata:
    """Return the groups of each class in random order; a group has the most frequent class of its members."""
    _, number = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1])
    strata: dict[int, list[Group]] = {}
    for index in np.random.default_rng(seed).permutation(len(members)):
        rows = members[index]
        known = rows[labels[rows] >= 0]
        label = int(np.bincount(labels[known]).argmax()) if len(known) else -1
        bare = rows[labels[rows] < 0]
        strata.setdefault(label, []).append(Group(tuple(known.tolist()), tuple(bare.tolist())))
    return {label: tuple(strata[label]) for label in sorted(strata)}


def apportion(
    size: int, weights: Int[np.ndarray, " k"], capacity: Int[np.ndarray, " k"], least: int = 0
) -> Int[np.ndarray, " k"]:
    """Divide ``size`` in proportion to weights, by largest remainder, within ``least`` … capacity each.

    The parts sum to ``size`` where the bounds allow it, else they come as near as they can.

    Example:
        >>> apportion(10, np.array([50, 30, 20]), np.array([50, 30, 20]))
        array([5, 3, 2])
        >>> apportion(10, np.array([97, 2, 1]), np.array([97, 2, 1]), least=1)
        array([8, 1, 1])
    """
    ideal = size * weights / max(int(weights.sum()), 1)
    low = np.minimum(least, capacity)
    parts = np.clip(np.floor(ideal).astype(np.int64), low, capacity)
    while (short := size - int(parts.sum())) != 0:
        step = 1 if short > 0 else -1
        free = parts < capacity if short > 0 else parts > low
        if not free.any():
            break
        parts[np.where(free, step * (ideal - parts), -np.inf).argmax()] += step
    return parts


def take(strata: Strata, size: int, *, keep: int = 0, least: int = 0) -> tuple[list[Group], Strata]:
    """Draw groups with together about ``size`` annotated images, each class in proportion.

    Args:
        strata: the groups to draw from; class −1 is left alone.
        size: number of annotated images.
        keep: groups at the head of each class that are left for a later draw.
        least: groups that each class gives at least.

    Returns:
        What was drawn, and what is left.
    """
    classes = [label for label in strata if label >= 0]
    weights = np.array([_annotated(strata[label]) for label in classes], dtype=np.int64)
    kept = np.array([_annotated(strata[label][:keep]) for label in classes], dtype=np.int64)
    quotas = apportion(size, weights, weights - kept, least)
    drawn: list[Group] = []
    left = dict(strata)
    for label, quota in zip(classes, quotas, strict=True):
        chosen, rest = _fill(strata[label][keep:], int(quota), least)
        drawn += chosen
        left[label] = strata[label][:keep] + rest
    return drawn, left


def rest(strata: Strata, size: int) -> list[Group]:
    """Draw groups with together about ``size`` images for the unlabeled split, unannotated ones first."""
    whole = {label: tuple(Group(sum(group, ()), ()) for group in groups) for label, groups in strata.items()}
    everything = [group for groups in whole.values() for group in groups]
    if size >= _annotated(everything):
        return everything
    bare, _ = _fill(whole.pop(-1, ()), size)
    more, _ = take(whole, size - _annotated(bare))
    return bare + more


def _fill(groups: tuple[Group, ...], quota: int, least: int = 0) -> tuple[list[Group], tuple[Group, ...]]:
    """Take groups in order as long as they fit, the first ``least`` in any case."""
    chosen: list[Group] = []
    left: list[Group] = []
    for group in groups:
        fits = len(group.annotated) <= quota or len(chosen) < least
        (chosen if fits else left).append(group)
        quota -= len(group.annotated) if fits else 0
    return chosen, tuple(left)


def _annotated(groups: Iterable[Group]) -> int:
    return sum(len(group.annotated) for group in groups)
