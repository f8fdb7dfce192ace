"""From the predictions of a trained network to those that a probe corrects (:mod:`s2c2.probe`)."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from s2c2 import probe, spreading
from s2c2.config import Config, PredictConfig
from s2c2.errors import UserError
from s2c2.experiments.embedding import Embedded
from s2c2.predictions import Predictions
from s2c2.probe import Labeled, Pool, Probe


@dataclass(frozen=True)
class Known:
    """What people said of the labeled images."""

    rows: Int[np.ndarray, " l"]
    """Number of each in the pack."""
    votes: Float[np.ndarray, "l k"]
    """Share of its votes that each class has."""
    dissent: Float[np.ndarray, " l"]
    """Share of its votes that are not for the first class; NaN below two votes."""
    groups: Int[np.ndarray, " l"]
    """The same number for exact copies (:func:`s2c2.data.splits.duplicates`)."""


def require(options: PredictConfig, known: Known, classes: Sequence[str], heads: Container[str]) -> None:
    """Refuse settings that a trained network could not be read with, before anything is trained.

    Args:
        options: how it is to be read.
        known: the labeled images.
        classes: names of the classes.
        heads: names of the heads of the network.

    Raises:
        UserError: when prototypes need an ambiguity and there is none; when votes are to be read, and those
            of no labeled image differ, or of all; when classes are to be probed, and all labels are of one.
    """
    if (options.clusters, options.ambiguity) == ("prototypes", "head") and "ambiguity" not in heads:
        raise UserError("predict.clusters=prototypes needs an ambiguity: set predict.ambiguity=doubt as well")
    if options.ambiguity == "votes" and not probe.varied(known.dissent):
        raise UserError(probe.ALIKE)
    said = np.flatnonzero(known.votes.sum(axis=0))
    if options.classes != "head" and len(said) < 2:
        raise UserError(
            f"predict.classes={options.classes} needs labels of two classes, and all labels of the labeled "
            f"images are '{classes[said[0]]}': set data.labels=soft or majority, or a larger data.labeled"
        )


def unlearned(known: Known, classes: Sequence[str]) -> list[str]:
    """Return a sentence where no label of a labeled image is of some class."""
    missing = [name for name, votes in zip(classes, known.votes.sum(axis=0), strict=True) if not votes]
    if not missing:
        return []
    names = ", ".join(f"'{name}'" for name in missing)
    return [
        f"warning: no labeled image has the label {names}, which will not be learned: set data.labels=soft "
        "or majority, or a larger data.labeled"
    ]


def fitted(config: Config, said: Predictions, read: Embedded | None, known: Known) -> Probe | None:
    """Return the probe that a configuration asks for; None where it asks for none.

    Args:
        config: of the run.
        said: what the network says of the images of the pack, with their splits.
        read: what it reads instead of them, if so.
        known: the labeled images.
    """
    options = config.predict
    classes, dissent = options.classes != "head", options.ambiguity == "votes"
    if not classes and not dissent:
        return None
    inputs = said.embeddings[known.rows] if read is None else read.mean(known.rows)
    labeled = Labeled(inputs, said.probabilities[known.rows], known.votes, known.dissent, known.groups)
    pool = _pool(said, read, known, config.seed) if options.classes == "spread" else None
    return probe.fit(labeled, classes=classes, dissent=dissent, pool=pool, crossfit=options.crossfit)


def _pool(said: Predictions, read: Embedded | None, known: Known, seed: int) -> Pool:
    trained = np.array([split in ("labeled", "unlabeled") for split in said.splits])
    trained[known.rows] = True
    rows = np.flatnonzero(trained)
    rows = rows[spreading.some(len(rows), np.searchsorted(rows, known.rows), seed)]
    seen = said.embeddings[rows]
    kept = np.flatnonzero(np.isin(known.rows, rows))
    places = np.searchsorted(rows, known.rows[kept])
    return Pool((seen,) if read is None else (read.mean(rows), seen), places, kept)


def corrected(found: Probe, said: Predictions, read: Embedded | None) -> Predictions:
    """Return the predictions for the images of a pack as a probe corrects them."""
    return probe.apply(found, said, iter([said.embeddings]) if read is None else _means(read, len(said)))


def _means(read: Embedded, count: int, block: int = 4096) -> Iterator[Float[np.ndarray, "b e"]]:
    for start in range(0, count, block):
        yield read.mean(np.arange(start, min(start + block, count)))
