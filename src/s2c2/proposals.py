"""Proposals: predictions as groups of alike images that a person can judge together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Float32, Float64, Int

from s2c2 import files
from s2c2.errors import UserError
from s2c2.predictions import Predictions

Kind = Literal["class", "cluster"]
ROWS = 65536
"""Images whose distances are held in float64 at a time."""


@dataclass(frozen=True)
class Proposal:
    """A group of alike images with the labels the network suggests for them, typical images first."""

    group: str
    """Group id, ``class-3`` or ``cluster-17``; the number is that of the class or of the cluster."""
    kind: Kind
    """``class``: certain images of one predicted class. ``cluster``: ambiguous images of one cluster."""
    name: str
    """Name for people: the class, or ``cluster 17``."""
    classes: tuple[str, ...]
    """The k class names."""
    distribution: Float32[np.ndarray, " k"]
    """Suggested label: mean class distribution p_n of the images; sums to one."""
    images: tuple[str, ...]
    """Image ids, the nearest to the centre first; among equals, in the order of the predictions."""
    distances: Float32[np.ndarray, " n"]
    """Distance of each image's embedding from the mean embedding of the group, rising."""
    extreme: Bool[np.ndarray, " n"]
    """The images farthest from the centre: look at them first when you doubt the group."""
    ambiguity: float
    """Mean ambiguity p_a of the images in [0, 1]; NaN without an ambiguity head."""
    coherence: float
    """One minus the spread inside the group over the spread of all images, limited to [0, 1].

    Spread is the mean squared distance from the centre, inside a group with n − 1 in the denominator: 1 for
    equal embeddings, 0 for a group as spread as everything, and 0 for a single image, which shows nothing.
    """

    def __len__(self) -> int:
        return len(self.images)

    @property
    def suggestion(self) -> str:
        """The most probable class of the suggested label."""
        return self.classes[int(self.distribution.argmax())]

    @property
    def typicality(self) -> Float32[np.ndarray, " n"]:
        """One minus distance over the largest one in the group, in [0, 1], falling; 1 if all are equal."""
        farthest = self.distances.max(initial=0)
        relative = self.distances / farthest if farthest > 0 else np.zeros_like(self.distances)
        return np.asarray(1 - relative, dtype=np.float32)


def propose(predictions: Predictions, extremes: int = 6) -> tuple[Proposal, ...]:
    """Return all images in groups, each image exactly once.

    Images predicted certain are grouped by predicted class, ambiguous ones by cluster (by predicted class
    when there is no cluster head). Groups come in falling order of size · coherence, the images a person
    settles at a glance; equal ones with classes before clusters, then by number. Time is that of one sort.

    Args:
        predictions: what the network says of any images.
        extremes: images marked as extreme in each group, at most a third of the group.

    Raises:
        UserError: for predictions without embeddings, as those of a CSV: all groups would look alike.
    """
    if not len(predictions):
        return ()
    if not predictions.embeddings.shape[1]:
        raise UserError(
            "predictions without embeddings do not say which images are alike, and a CSV has none: "
            "read them from Parquet"
        )
    spread = float(_squared_distances(predictions.embeddings).mean())
    keys = predictions.groups
    order = np.argsort(keys, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
    found = [
        Proposal(
            **_identity(int(keys[rows[0]]), predictions.classes),
            **_contents(predictions, rows, spread, extremes),
        )
        for rows in groups
    ]
    return tuple(sorted(found, key=lambda proposal: -len(proposal) * proposal.coherence))


def frame(proposals: Sequence[Proposal]) -> pl.DataFrame:
    """Return one row an image, group after group, in the order of the proposals.

    Columns: group, kind, name, size, suggestion, ambiguity, coherence, distribution, the same in all rows of
    a group; rank (0 is the most typical), image, distance, typicality, extreme.
    """
    if not proposals:
        return pl.DataFrame(schema=_SCHEMA)
    sizes = np.array([len(proposal) for proposal in proposals])
    whole = pl.DataFrame([_group_row(proposal) for proposal in proposals], schema=_GROUP_SCHEMA)
    whole = whole.with_columns(distribution=np.stack([proposal.distribution for proposal in proposals]))
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return whole[np.repeat(np.arange(len(sizes)), sizes)].with_columns(
        rank=pl.Series(np.arange(len(starts)) - starts),
        image=pl.Series([image for proposal in proposals for image in proposal.images], dtype=pl.String),
        **{name: pl.Series(_joined(proposals, attribute)) for name, attribute in _ARRAYS.items()},
    )


def write(proposals: Sequence[Proposal], path: Path) -> None:
    """Write one Parquet file, whole or not at all; the class names travel as file metadata."""
    classes = proposals[0].classes if proposals else ()
    with files.atomic(path) as partial:
        frame(proposals).write_parquet(partial, metadata={"classes": json.dumps(classes)})


def read(path: Path) -> tuple[Proposal, ...]:
    """Read what :func:`write` wrote.

    Raises:
        UserError: when the file is absent, damaged or not a proposals file.
    """
    if not path.is_file():
        raise UserError(f"no proposals at {path}: run 's2c2 propose' first")
    try:
        table = pl.read_parquet(path, glob=False)
        classes = tuple(json.loads(pl.read_parquet_metadata(path)["classes"]))
        return tuple(_from_rows(rows, classes) for rows in table.partition_by("group", maintain_order=True))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, KeyError, ValueError) as error:
        raise UserError(f"{path} is not a proposals file: {error}") from error


_GROUP_SCHEMA: dict[str, Any] = {
    "group": pl.String,
    "kind": pl.String,
    "name": pl.String,
    "size": pl.Int64,
    "suggestion": pl.String,
    "ambiguity": pl.Float64,
    "coherence": pl.Float64,
}
_SCHEMA: dict[str, Any] = _GROUP_SCHEMA | {
    "distribution": pl.Array(pl.Float32, 0),
    "rank": pl.Int64,
    "image": pl.String,
    "distance": pl.Float32,
    "typicality": pl.Float32,
    "extreme": pl.Boolean,
}
_ARRAYS = {"distance": "distances", "typicality": "typicality", "extreme": "extreme"}


def _contents(
    predictions: Predictions, rows: Int[np.ndarray, " g"], spread: float, extremes: int
) -> dict[str, Any]:
    """Return what the images in some rows, which are one group, make of it."""
    squared = _squared_distances(predictions.embeddings[rows])
    order = np.argsort(squared, kind="stable")
    ambiguity = predictions.ambiguity
    return {
        "classes": predictions.classes,
        "distribution": predictions.probabilities[rows].mean(axis=0, dtype=np.float64).astype(np.float32),
        "images": tuple(predictions.images[i] for i in rows[order]),
        "distances": np.sqrt(squared[order]).astype(np.float32),
        "extreme": np.arange(len(rows)) >= len(rows) - min(extremes, len(rows) // 3),
        "ambiguity": float("nan") if ambiguity is None else float(ambiguity[rows].mean(dtype=np.float64)),
        "coherence": _coherence(squared, spread),
    }


def _identity(key: int, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return id, kind and name of a group."""
    if key < len(classes):
        return {"group": f"class-{key}", "kind": "class", "name": classes[key]}
    number = key - len(classes)
    return {"group": f"cluster-{number}", "kind": "cluster", "name": f"cluster {number}"}


def _squared_distances(embeddings: Float[np.ndarray, "n e"]) -> Float64[np.ndarray, " n"]:
    """Return the squared distance of each embedding from their mean, a block of rows at a time."""
    centre = embeddings.mean(axis=0, dtype=np.float64)
    blocks = (embeddings[start : start + ROWS] for start in range(0, len(embeddings), ROWS))
    return np.concatenate([np.square(block - centre).sum(axis=1) for block in blocks])


def _coherence(squared: Float64[np.ndarray, " g"], spread: float) -> float:
    if len(squared) < 2:
        return 0.0
    inside = float(squared.sum()) / (len(squared) - 1)
    return max(0.0, 1 - inside / spread) if spread > 0 else 1.0


def _group_row(proposal: Proposal) -> dict[str, Any]:
    return {"size": len(proposal)} | {
        name: getattr(proposal, name) for name in _GROUP_SCHEMA if name != "size"
    }


def _joined(proposals: Sequence[Proposal], attribute: str) -> np.ndarray:
    return np.concatenate([getattr(proposal, attribute) for proposal in proposals])


def _from_rows(rows: pl.DataFrame, classes: tuple[str, ...]) -> Proposal:
    """Return the proposal that is written in the rows of one group."""
    first = rows.row(0, named=True)
    return Proposal(
        **{name: first[name] for name in ("group", "kind", "name", "ambiguity", "coherence")},
        classes=classes,
        distribution=rows["distribution"][:1].to_numpy()[0],
        images=tuple(rows["image"]),
        distances=rows["distance"].to_numpy(),
        extreme=rows["extreme"].to_numpy(),
    )
