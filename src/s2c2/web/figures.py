"""Figures of the dashboard: who did how much in what time, and how well people agree so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
import polars as pl
from jaxtyping import Int64

from s2c2.metrics.agreement import counted, krippendorff_alpha, mean_kappa

MOST_PAIRS = 100
"""Pairs of annotators that kappa is averaged over, at most."""


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
    """Answers an hour of active time; None without any time."""


@dataclass(frozen=True)
class Agreement:
    """How well annotators agree on the images that several of them labeled."""

    images: int
    """Images with labels of at least two passes."""
    kappa: float | None
    """Cohen's kappa, the mean over pairs of passes that share images; None where it is not defined."""
    alpha: float | None
    """Krippendorff's alpha over all passes; None where it is not defined."""


def workers(answers: pl.DataFrame, acts: pl.DataFrame) -> tuple[Worker, ...]:
    """Return each annotator's work, by name.

    Args:
        answers: annotation log; only the rows that are live count.
        acts: table of all acts, also those that were undone: their time was spent.
    """
    counted = answers.filter(pl.col("live") & (pl.col("kind") != "flag"))
    given = dict(counted.group_by("annotator").len().iter_rows())
    spent = acts.group_by("annotator").agg(pl.len(), pl.col("active").sum()).sort("annotator")
    return tuple(
        _worker(name, given.get(name, 0), number, active) for name, number, active in spent.iter_rows()
    )


def agreement(answers: pl.DataFrame, classes: Sequence[str]) -> Agreement:
    """Return how well passes agree; a pass is one round of one annotator in one arm.

    Args:
        answers: annotation log; only labels that are live and no decisions count.
        classes: class names.
    """
    said = answers.filter(
        pl.col("live") & pl.col("label").is_not_null() & ~pl.col("kind").is_in(["flag", "decide"])
    )
    passes = said.select("annotator", "round", "arm").unique(maintain_order=True).rows()
    labels = _labels(said, passes, {name: i for i, name in enumerate(classes)})
    several = labels[(labels >= 0).sum(axis=1) > 1]
    kappa = mean_kappa(several.T, islice(combinations(range(len(passes)), 2), MOST_PAIRS))
    alpha = krippendorff_alpha(counted(several, len(classes)))
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
    rate = answers / active * 3600 if active > 0 else None
    return Worker(name, answers, acts, active / 60, rate)


def _labels(
    said: pl.DataFrame, passes: Sequence[tuple[str, int, str]], number: Mapping[str, int]
) -> Int64[np.ndarray, "n p"]:
    """Return the class each pass gave to each image; −1 for none."""
    rows = {image: i for i, image in enumerate(said["image"].unique(maintain_order=True))}
    columns = {key: i for i, key in enumerate(passes)}
    labels = np.full((len(rows), len(passes)), -1, dtype=np.int64)
    for image, annotator, round_, arm, label in said.select(
        "image", "annotator", "round", "arm", "label"
    ).iter_rows():
        labels[rows[image], columns[annotator, round_, arm]] = number[label]
    return labels
