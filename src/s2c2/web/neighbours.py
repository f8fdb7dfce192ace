"""Which images are near each other: distances and k-means of embeddings, read when they are first needed."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from jaxtyping import Float32, Int32, Int64

from s2c2 import predictions
from s2c2.errors import UserError
from s2c2.web.parts import parted

BLOCK = 1024
"""Rows whose distances are held at a time."""

Embeddings = Float32[np.ndarray, "n e"]


UNTRAINED = "a dataset has no embeddings: train a run, and annotate that"
"""Why nothing is known of a dataset."""


class Neighbours:
    """Embeddings of the numbered images of a run; several threads may ask at once.

    Args:
        path: predictions of the run; None where there is none.
        images: image ids.
        absent: what is said where there is none.
    """

    def __init__(self, path: Path | None, images: Sequence[str], absent: str = UNTRAINED) -> None:
        self._path = path
        self._absent = absent
        self._images = images
        self._lock = Lock()
        self._rows: Embeddings | None = None

    def distances(
        self, members: Sequence[int], candidates: Sequence[int] | Int32[np.ndarray, " c"]
    ) -> Float32[np.ndarray, " c"]:
        """Return the distance of each candidate from the centre of the members, both given by number.

        Raises:
            UserError: where there are no embeddings.
        """
        rows = self._embeddings()
        centre = rows[list(members)].mean(axis=0, dtype=np.float64).astype(np.float32)
        index = np.asarray(candidates, dtype=np.int64)
        found = np.zeros(len(index), dtype=np.float32)
        for i in range(0, len(index), BLOCK):
            away = rows[index[i : i + BLOCK]] - centre
            found[i : i + BLOCK] = np.einsum("ne,ne->n", away, away)
        return np.sqrt(found)

    def parts(self, images: Sequence[int], count: int) -> tuple[tuple[int, ...], ...]:
        """Return images in parts of alike ones by k-means, the largest part first, typical images first.

        The same images always give the same parts.

        Raises:
            UserError: where there are no embeddings, or the images are too few or too alike.
        """
        numbers = np.asarray(sorted(images), dtype=np.int64)
        rows = self._embeddings()[numbers]
        distinct = len(np.unique(rows, axis=0))
        if distinct < count:
            raise UserError(
                f"these {len(numbers)} images have only {distinct} different embeddings: "
                f"{count} parts cannot be made"
            )
        labels, distance = parted(rows, count, np.random.default_rng(0))
        parts = [_nearest(numbers, distance, np.flatnonzero(labels == part)) for part in range(count)]
        return tuple(sorted(parts, key=len, reverse=True))

    def _embeddings(self) -> Embeddings:
        with self._lock:
            if self._rows is None:
                self._rows = self._read()
            return self._rows

    def _read(self) -> Embeddings:
        if self._path is None:
            raise UserError(self._absent)
        names, rows = predictions.embeddings(self._path)
        if names == tuple(self._images):
            return rows
        place = {name: row for row, name in enumerate(names)}
        lost = [name for name in self._images if name not in place]
        if lost:
            raise UserError(f"{self._path} has no embedding of {lost[0]}: run 's2c2 predict' again")
        return rows[[place[name] for name in self._images]]


def _nearest(
    numbers: Int64[np.ndarray, " n"], distance: Float32[np.ndarray, " n"], rows: Int64[np.ndarray, " p"]
) -> tuple[int, ...]:
    return tuple(numbers[rows[np.argsort(distance[rows], kind="stable")]].tolist())
