"""Annotations: who said what of which image, and the soft labels that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int64

from s2c2.data.layout import spelled
from s2c2.data.tables import validated
from s2c2.errors import chosen

TOLERANCES: Mapping[str, float] = {"strict": 0.0, "dissent": 0.03}
"""Share of dissenting votes that still counts as certain, by name.

``strict`` is the definition of paper §2.1: one vote for a second class makes an image ambiguous (56 % of
CIFAR-10H). ``dissent`` needs about two votes of fifty and gives the 32 % of paper Table 1.
"""


@dataclass(frozen=True, eq=False)
class Annotations:
    """A long table of annotations: one row says that an annotator gave an image a label.

    An image may have many rows or none.
    """

    table: pl.DataFrame
    """Columns ``image``, ``annotator``, ``label`` (text), ``votes`` (whole number ≥ 1), and any others."""
    classes: tuple[str, ...]
    """The k class names; every label is one of them."""

    @classmethod
    def build(cls, frame: pl.DataFrame, classes: Sequence[str]) -> "Annotations":
        """Check a table and fill its defaults: an unnamed annotator (``""``) and one vote a row.

        Accents of a label may be in another form of Unicode than those of its class.

        Raises:
            UserError: for a missing column, an empty cell, a label outside the classes, or votes that are
                not whole numbers ≥ 1; names row (the first one is 1) and value.

        Example:
            >>> frame = pl.DataFrame({"image": ["a.png", "a.png"], "label": ["cat", "dog"], "votes": [3, 1]})
            >>> Annotations.build(frame, ["cat", "dog"]).soft_labels(["a.png"])
            array([[0.75, 0.25]])
        """
        if "label" in frame.columns and frame["label"].dtype == pl.String:
            frame = frame.with_columns(spelled(frame["label"], classes))
        return cls(validated(frame, tuple(classes)), tuple(classes))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Annotations):
            return NotImplemented
        return self.classes == other.classes and self.table.equals(other.table)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return self.table.height

    def counts(self, images: Sequence[str]) -> Int64[np.ndarray, "n k"]:
        """Return how many votes each class has for each image; all zero where nobody annotated."""
        rows = pl.DataFrame({"image": images}, schema={"image": pl.String}).with_row_index("row")
        names = pl.DataFrame({"label": self.classes}, schema={"label": pl.String}).with_row_index("class")
        cells = (
            self.table.select("image", "label", "votes")
            .join(rows, on="image", how="inner")
            .join(names, on="label", how="inner")
        )
        counts = np.zeros((len(images), len(self.classes)), dtype=np.int64)
        np.add.at(counts, (cells["row"].to_numpy(), cells["class"].to_numpy()), cells["votes"].to_numpy())
        return counts

    def votes(self, images: Sequence[str]) -> Int64[np.ndarray, " n"]:
        """Return the number of votes of each image, the n of paper §3.1."""
        return np.asarray(self.counts(images).sum(axis=1))

    def soft_labels(self, images: Sequence[str]) -> Float[np.ndarray, "n k"]:
        """Return the soft label l of each image: the mean of its annotations (paper §3.1).

        Rows sum to one; a row is NaN where nobody annotated.
        """
        counts = self.counts(images)
        total = counts.sum(axis=1, keepdims=True)
        unknown_label = np.full(counts.shape, np.nan)
        return np.asarray(np.divide(counts, total, out=unknown_label, where=total > 0))

    def majority(self, images: Sequence[str]) -> Int64[np.ndarray, " n"]:
        """Return the class with most votes, the first of equal ones; −1 where nobody annotated."""
        counts = self.counts(images)
        return np.where(counts.any(axis=1), counts.argmax(axis=1), -1).astype(np.int64)

    def draw(self, images: Sequence[str], rng: np.random.Generator) -> Int64[np.ndarray, " n"]:
        """Draw one hard label for each image from its soft label (paper §3.1).

        Returns:
            Class indices in 0 … k − 1, and −1 where nobody annotated.
        """
        cumulative = self.counts(images).cumsum(axis=1)
        total = cumulative[:, -1]
        vote = rng.integers(np.maximum(total, 1))
        drawn = (cumulative <= vote[:, None]).sum(axis=1)
        return np.where(total > 0, drawn, -1).astype(np.int64)


def ambiguous(soft_labels: Float[np.ndarray, "n k"], tolerance: float = 0.0) -> Bool[np.ndarray, " n"]:
    """Return which images are ambiguous to people: max l < 1 − tolerance.

    An image that nobody annotated (a NaN row) is not counted as ambiguous.

    Args:
        soft_labels: one distribution l a row.
        tolerance: share of dissent in [0, 1) that still counts as certain; see ``TOLERANCES``.

    Example:
        >>> ambiguous(np.array([[1.0, 0.0], [0.98, 0.02], [0.5, 0.5]]), TOLERANCES["dissent"])
        array([False, False,  True])
    """
    return np.asarray(soft_labels.max(axis=1) < 1.0 - tolerance)


def tolerance(name: str) -> float:
    """Return a tolerance by its name.

    Raises:
        UserError: for a name that does not exist.
    """
    return chosen("tolerance", name, TOLERANCES)
