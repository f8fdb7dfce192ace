"""From an annotation log to annotations: an answer is a vote, a distribution a vote that is spread."""

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from s2c2.data.annotations import Annotations
from s2c2.data.logs.log import Log

PARTS = 10
"""Votes that stand for one answer at an image where somebody answered with a distribution."""
EXTRA = ("round", "arm")
"""Columns of the log that stay beside the votes."""


def annotations(log: Log) -> Annotations:
    """Return the answers that count as annotations: one vote each, the decision of a reviewer alone.

    Votes are whole numbers. Where somebody gave an image a distribution over several classes, every answer to
    that image is ten votes, and those of the distribution are spread by largest remainder.
    """
    settled = log.settled()
    spread = set(spread_images(settled))
    numbers = np.where(settled.table["image"].is_in(list(spread)).to_numpy(), PARTS, 1)
    votes = apportioned(settled.shares(), numbers.astype(np.int64))
    row, column = votes.nonzero()
    names = pl.Series("label", log.classes, dtype=pl.String)
    kept = settled.table.select("image", "annotator", *EXTRA)[row]
    table = kept.with_columns(names[column], pl.Series("votes", votes[row, column], dtype=pl.Int64))
    return Annotations.build(table.select("image", "annotator", "label", "votes", *EXTRA), log.classes)


def spread_images(log: Log) -> list[str]:
    """Return the images that somebody gave a distribution over several classes."""
    rows = log.table.filter(pl.col("distribution").list.max() < 1 - 1e-9)
    return rows["image"].unique(maintain_order=True).to_list()


def apportioned(
    shares: Float64[np.ndarray, "m k"], totals: Int64[np.ndarray, " m"]
) -> Int64[np.ndarray, "m k"]:
    """Return whole votes by largest remainder; of equal remainders the first class gets the vote.

    Args:
        shares: rows that sum to one, or hold zeros only and get no votes.
        totals: votes of each row.

    Example:
        >>> apportioned(np.array([[0.55, 0.3, 0.15]]), np.array([10])).tolist()
        [[6, 3, 1]]
    """
    exact = shares * totals[:, None]
    votes = np.floor(exact + 1e-9)
    left = np.rint(exact.sum(axis=1) - votes.sum(axis=1)).astype(np.int64)
    rank = np.argsort(np.argsort(votes - exact, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray(votes + (rank < left[:, None]), dtype=np.int64)
