"""Annotation logs: who answered what of which image, in which round, shown which proposal, in what time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from s2c2.data.answers import PASS, SCHEMA
from s2c2.errors import UserError, unknown
from s2c2.metrics.agreement import counted
from s2c2.metrics.default_effect import unbiased

NAN = float("nan")
COLUMNS: Mapping[str, pl.DataType] = {name: SCHEMA[name] for name in (*PASS, "label", "proposal", "seconds")}
"""Columns that are read; ``proposal`` is null where none was shown, ``seconds`` where not timed."""

SEAT = ("annotator", "round", "seat")
"""Columns that name a pass; ``seat`` is 0 but for people without a name."""


@dataclass(frozen=True)
class Answers:
    """The answers of one arm as arrays; a pass is one round of one annotator."""

    labels: Int64[np.ndarray, "n p"]
    """Class answered for each image in each pass; −1 for none."""
    proposals: Int64[np.ndarray, "n p"]
    """Class proposed with it; −1 for none."""
    passes: tuple[tuple[str, int], ...]
    """Annotator and round of each pass; an unnamed annotator may have several in a round."""
    seconds: float
    """All time spent; NaN when none was taken."""
    classes: int
    """Number of classes k."""

    @property
    def shown(self) -> Int64[np.ndarray, "2 m"]:
        """Image and pass of each answer that was given to a proposal."""
        return np.stack(np.nonzero((self.proposals >= 0) & (self.labels >= 0)))

    @property
    def votes(self) -> Int64[np.ndarray, "n k"]:
        """Answers of each class for each image."""
        return counted(self.labels, self.classes)

    def soft_labels(self, offset: float = NAN) -> Float64[np.ndarray, "n k"]:
        """Return the mean answer for each image, with the default effect removed where δ is given.

        Answers to one image under different proposals are corrected apart and averaged by their number.

        Args:
            offset: acceptance offset δ in [0, 0.99); NaN leaves the answers as they are.

        Returns:
            Rows sum to one; NaN where nobody answered.
        """
        total = np.zeros((len(self.labels), self.classes))
        for proposal in np.unique(self.proposals):
            votes = counted(np.where(self.proposals == proposal, self.labels, -1), self.classes)
            rows = np.flatnonzero(votes.any(axis=1))
            seen = votes[rows].sum(axis=1, keepdims=True)
            shares, shown = votes[rows] / seen, np.full(len(rows), proposal)
            total[rows] += seen * (shares if np.isnan(offset) else unbiased(shares, shown, offset))
        answered = total.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(total, answered, out=np.full(total.shape, np.nan), where=answered > 0))


def checked(log: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each image, annotator, round and arm: the last label, all seconds.

    Annotators without a name cannot be told apart: each of their rows stays, numbered by ``seat``.

    Where a column ``kind`` says what else an answer can be, a label may be null: skipped, or ambiguous
    without a class above one half. Its time counts, its label does not.

    Raises:
        UserError: for a missing column, a value of a wrong kind, or an empty cell.
    """
    missing = [name for name in COLUMNS if name not in log.columns]
    if missing:
        raise UserError(f"annotation log without {', '.join(missing)}; needed: {', '.join(COLUMNS)}")
    try:
        typed = log.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
    except pl.exceptions.PolarsError as error:
        raise UserError(f"annotation log: {' '.join(str(error).split())}") from error
    for name in PASS if "kind" in log.columns else (*PASS, "label"):
        if empty := typed[name].is_null().arg_true().to_list():
            raise UserError(f"annotation log, row {empty[0] + 1}: no {name}")
    times = pl.col("seconds")
    added = pl.when(times.count() > 0).then(times.sum()).alias("seconds")
    unnamed = pl.when(pl.col("annotator") == "").then(pl.int_range(pl.len()).over(PASS)).otherwise(0)
    grouped = typed.with_columns(seat=unnamed).group_by(*PASS, "seat", maintain_order=True)
    return grouped.agg(pl.col("label", "proposal").last(), added)


def classes_of(log: pl.DataFrame, possible: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the class names that a log uses, sorted; or the possible ones, in their order.

    Raises:
        UserError: for a label or a proposal that is not possible.
    """
    used = sorted({*log["label"].drop_nulls(), *log["proposal"].drop_nulls()})
    for name in used if possible is not None else ():
        if name not in (possible or ()):
            raise unknown("class in the annotation log", name, possible or ())
    return tuple(used if possible is None else possible)


def answers(arm: pl.DataFrame, images: Sequence[str], classes: Sequence[str]) -> Answers:
    """Return the checked rows of one arm as arrays over the given images."""
    passes = arm.select(SEAT).unique().sort(SEAT).rows()
    row, column, number = (
        {key: i for i, key in enumerate(keys)} for keys in (images, passes, (None, *classes))
    )
    cells = [row[image] for image in arm["image"]], [column[key] for key in arm.select(SEAT).rows()]
    arrays = []
    for name in ("label", "proposal"):
        array = np.full((len(images), len(passes)), -1, dtype=np.int64)
        array[cells] = [number[value] - 1 for value in arm[name]]
        arrays.append(array)
    spent = float(arm["seconds"].sum()) if arm["seconds"].count() else NAN
    named = tuple((person, turn) for person, turn, _ in passes)
    return Answers(arrays[0], arrays[1], named, spent, len(classes))
