"""What a network says of each image, as plain arrays and a Parquet file. No torch from here on."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float32, Int32, Int64

from s2c2 import files
from s2c2.errors import UserError


@dataclass(frozen=True)
class Predictions:
    """Predictions of one run, one row an image.

    A plain algorithm has no ambiguity and no cluster head: both are ``None`` and every image counts as
    certain (paper §3.2).
    """

    classes: tuple[str, ...]
    """The k class names."""
    images: tuple[str, ...]
    """The n image ids."""
    splits: tuple[str, ...]
    """For each image ``labeled``, ``unlabeled``, ``validation``, ``selection``, or empty."""
    probabilities: Float32[np.ndarray, "n k"]
    """Class distribution p_n of each image; rows sum to one."""
    embeddings: Float32[np.ndarray, "n e"]
    """Last features before the heads."""
    ambiguity: Float32[np.ndarray, " n"] | None = None
    """Ambiguity p_a in [0, 1]."""
    clusters: Int32[np.ndarray, " n"] | None = None
    """Cluster with the highest p_o, in 0 … m − 1."""
    cluster_confidence: Float32[np.ndarray, " n"] | None = None
    """Highest p_o, in (0, 1]."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def ambiguous(self) -> Bool[np.ndarray, " n"]:
        """Images predicted ambiguous: p_a ≥ 0.5 (paper §2.2)."""
        if self.ambiguity is None:
            return np.zeros(len(self), dtype=bool)
        return np.asarray(self.ambiguity >= 0.5)

    @property
    def predicted(self) -> Int32[np.ndarray, " n"]:
        """Most probable class of each image, in 0 … k − 1."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int32)

    @property
    def groups(self) -> Int64[np.ndarray, " n"]:
        """Group of each image: predicted class c as c, cluster m of ambiguous ones as k + m.

        Without clusters an ambiguous image is in a group by its predicted class, beside the certain ones.
        """
        clusters = self.predicted if self.clusters is None else self.clusters
        apart = len(self.classes) + clusters.astype(np.int64)
        return np.where(self.ambiguous, apart, self.predicted).astype(np.int64)

    def take(self, rows: np.ndarray) -> "Predictions":
        """Return the predictions of some rows, given as a mask or as indices."""
        index = np.flatnonzero(rows) if rows.dtype == bool else rows
        taken: dict[str, Any] = {name: _rows(getattr(self, name), index) for name in ARRAYS}
        images, splits = (tuple(column[i] for i in index) for column in (self.images, self.splits))
        return replace(self, images=images, splits=splits, **taken)

    def named(self, images: Iterable[str]) -> "Predictions":
        """Return the predictions of some images in their order.

        Raises:
            KeyError: for an image that is not there.
        """
        rows = {image: row for row, image in enumerate(self.images)}
        return self.take(np.array([rows[image] for image in images], dtype=np.int64))

    def of(self, split: str) -> "Predictions":
        """Return the predictions of one split."""
        return self.take(np.array([name == split for name in self.splits], dtype=bool))

    def write(self, path: Path) -> None:
        """Write one file, whole or not at all: CSV by its ending, else Parquet.

        In Parquet the class names travel as file metadata; a CSV has no embeddings.
        """
        with files.atomic(path) as partial:
            if _is_csv(path):
                self.flat().write_csv(partial)
            else:
                self.frame().write_parquet(partial, metadata={"classes": json.dumps(self.classes)})

    def frame(self) -> pl.DataFrame:
        """Return the table that is written: a person's columns first, the arrays last."""
        columns: dict[str, Any] = {
            "image": self.images,
            "split": self.splits,
            "class": [self.classes[i] for i in self.predicted],
            "confidence": self.probabilities.max(axis=1),
        }
        optional = ("ambiguity", "clusters", "cluster_confidence")
        columns |= {name: getattr(self, name) for name in optional if getattr(self, name) is not None}
        columns |= {"probabilities": self.probabilities, "embeddings": self.embeddings}
        return pl.DataFrame(columns)

    def flat(self) -> pl.DataFrame:
        """Return the columns of a CSV: each holds one value, such as ``p_cat``, the probability of a cat."""
        frame = self.frame().drop("probabilities", "embeddings").rename(FLAT, strict=False)
        shares = {f"{SHARE}{name}": self.probabilities[:, i] for i, name in enumerate(self.classes)}
        return frame.with_columns(pl.Series(name, values) for name, values in shares.items())

    @classmethod
    def read(cls, path: Path) -> "Predictions":
        """Read what :meth:`write` wrote; from a CSV without embeddings.

        Raises:
            UserError: when the file is absent, damaged or not a predictions file.
        """
        frame, classes = _read(path)
        try:
            arrays = {name: frame[name].to_numpy() for name in ARRAYS if name in frame.columns}
            return cls(classes, tuple(frame["image"]), tuple(frame["split"]), **arrays)
        except (pl.exceptions.PolarsError, KeyError, TypeError, ValueError) as error:
            raise UserError(f"{path} is not a predictions file: {error}") from error


def names(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return images and classes of a predictions file, without reading its arrays.

    Raises:
        UserError: when the file is absent, damaged or not a predictions file.
    """
    frame, classes = _read(path, ["image"])
    return tuple(frame["image"]), classes


def present(path: Path) -> bool:
    """Return whether a file holds predictions: an annotation log has images and classes, too."""
    try:
        _read(path, list(FIRST))
    except UserError:
        return False
    return True


def embeddings(path: Path) -> tuple[tuple[str, ...], Float32[np.ndarray, "n e"]]:
    """Return images and embeddings of a predictions file, without reading the rest.

    Raises:
        UserError: when the file is absent, damaged or not a predictions file.
    """
    frame, _ = _read(path, ["image", "embeddings"])
    return tuple(frame["image"]), frame["embeddings"].to_numpy()


def _read(path: Path, columns: list[str] | None = None) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the table of a predictions file, or some of its columns, and the classes."""
    if not path.is_file():
        raise UserError(
            f"no predictions at {path}: a run has them once it is trained to the end, "
            "'s2c2 train' with --resume goes on with a stopped one"
        )
    try:
        if _is_csv(path):
            return _read_csv(path)
        classes = tuple(json.loads(pl.read_parquet_metadata(path)["classes"]))
        return pl.read_parquet(path, columns=columns, glob=False), classes
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise UserError(f"{path} is not a predictions file: {error}") from error


def _read_csv(path: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return a table with the columns of a Parquet file, and the classes."""
    header = _header(path)
    shares = [name for name in header if name.startswith(SHARE)]
    if header[: len(FIRST)] != list(FIRST) or not shares:
        raise ValueError(f"a CSV of predictions has {', '.join(FIRST)}, and {SHARE}CLASS for each class")
    types: dict[str, Any] = dict.fromkeys(FIRST[:3], pl.String) | {"cluster": pl.Int32}
    table = pl.read_csv(
        path,
        new_columns=header,
        schema_overrides=[types.get(name, pl.Float32) for name in header],
        glob=False,
    ).with_columns(pl.col(pl.String).fill_null(""))
    arrays = {
        "probabilities": table.select(shares).to_numpy(),
        "embeddings": np.zeros((len(table), 0), dtype=np.float32),
    }
    kept = table.drop(shares).rename({new: old for old, new in FLAT.items()}, strict=False)
    return kept.with_columns(pl.Series(name, values) for name, values in arrays.items()), tuple(
        name.removeprefix(SHARE) for name in shares
    )


def _header(path: Path) -> list[str]:
    """Return the names of the columns of a CSV; polars leaves quotes within them doubled."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), [])
    except csv.Error as error:
        raise ValueError(f"its header is not CSV: {error}") from error


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


FIRST = ("image", "split", "class", "confidence")
"""First columns of the table."""
FLAT = {"clusters": "cluster"}
"""Columns that a CSV calls by another name."""
SHARE = "p_"
"""Begins the column of a class in a CSV."""
ARRAYS = ("probabilities", "embeddings", "ambiguity", "clusters", "cluster_confidence")


def _rows(array: np.ndarray | None, index: np.ndarray) -> np.ndarray | None:
    return None if array is None else array[index]
