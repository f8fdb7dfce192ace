"""A readout of a trained network: ambiguity from its doubt, clusters as prototypes. No torch.

The paper reads p_a and p_o from heads. Nothing ties its p_a to the images, and its clusters do not look at
what the network believes of the classes. A readout is fitted on the images that were trained on, without a
label:

- p_a(x) = σ(u(x) − Δ) with the doubt u = −log(m / (1 − m)), m = max p_n(x), and Δ such that a share p_A of
  the images is ambiguous. So its polarity is right by construction, and the share is that of the prior.
  Where p_a comes from votes (:mod:`s2c2.probe`), u is its logit instead.
- p_o(x) = softmax(−‖φ(x) − C_j‖² / T) with φ = [p_n, α · e / ‖e‖]: alike in what the classes may be *and* in
  appearance. The prototypes C are weighted k-means centres; ambiguous images weigh more.
"""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int64
from scipy.stats import rankdata
from sklearn.cluster import KMeans

from s2c2 import files
from s2c2.errors import UserError
from s2c2.predictions import Predictions

TEMPERATURE = 0.1
"""T of p_o; it changes the confidence of a cluster, not which one is chosen."""
WIDTH = 0.05
"""Width, in shares of the images, of the step from certain to ambiguous in the weights of k-means."""
FLOOR = 0.01
"""Weight of a certain image in k-means."""
RESTARTS = 5
"""Starts of k-means, of which the best is kept."""
FITTED = 131_072
"""Images up to which k-means sees all of them; of more, so many are drawn."""
BLOCK = 65_536
"""Images that are compared with the prototypes at a time."""
DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged ``.npz`` file may raise."""


@dataclass(frozen=True)
class Readout:
    """What was fitted."""

    shift: float | None
    """Δ: doubt at which an image counts as ambiguous; None leaves the ambiguity as it is."""
    prototypes: Float64[np.ndarray, "m f"] | None
    """C; None leaves the clusters as they are."""
    appearance: float
    """α: weight of the embedding beside the class distribution."""
    votes: bool = False
    """Whether Δ shifts the ambiguity that the predictions have, else their doubt."""

    def write(self, path: Path) -> None:
        """Write one ``.npz`` file, whole or not at all."""
        prototypes = np.empty((0, 0)) if self.prototypes is None else self.prototypes
        with files.atomic(path) as partial, partial.open("wb") as stream:
            shift = np.nan if self.shift is None else self.shift
            np.savez(stream, shift=shift, prototypes=prototypes, appearance=self.appearance, votes=self.votes)

    @classmethod
    def read(cls, path: Path) -> "Readout":
        """Read what :meth:`write` wrote.

        Raises:
            UserError: when the file is damaged.
        """
        with stored(path, "readout") as found:
            prototypes = found["prototypes"] if found["prototypes"].size else None
            shift = None if np.isnan(found["shift"]) else float(found["shift"])
            votes = bool(found["votes"]) if "votes" in found else False
            return cls(shift, prototypes, float(found["appearance"]), votes)


@contextmanager
def stored(path: Path, kind: str) -> Iterator[Mapping[str, np.ndarray]]:
    """Yield the arrays of an ``.npz`` file by name.

    Args:
        path: the file.
        kind: what it holds, for example ``"readout"``.

    Raises:
        UserError: when the file is damaged, or what is made of its arrays in the block shows that it is.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            yield {name: arrays[name] for name in arrays.files}
    except DAMAGED as error:
        raise UserError(f"the {kind} {path} is damaged: {error}") from error


@dataclass(frozen=True)
class Wanted:
    """What to read."""

    prior: float
    """Share p_A of images that are to be ambiguous, in [0, 1]."""
    clusters: int | None
    """Number of prototypes; None fits none."""
    appearance: float
    """α ≥ 0."""
    ambiguity: Literal["head", "doubt", "votes"] = "doubt"
    """Whether p_a stays as it is, is the doubt, or is shifted."""


def fit(pool: Predictions, wanted: Wanted, seed: int) -> Readout:
    """Fit a readout on the images that were trained on; no label is used.

    Args:
        pool: predictions of these images; with an ambiguity where that is to stay.
        wanted: what to read.
        seed: seed of k-means.
    """
    votes = wanted.ambiguity == "votes"
    scores = doubt(pool.probabilities) if wanted.ambiguity == "doubt" else logit(pool.ambiguity)
    shift = None if wanted.ambiguity == "head" else threshold(scores, wanted.prior)
    if wanted.clusters is None:
        return Readout(shift, None, wanted.appearance, votes)
    ranks = (rankdata(scores) - 1) / max(len(scores) - 1, 1)
    weights = FLOOR + sigmoid((ranks - (1 - wanted.prior)) / WIDTH)
    drawn = some(len(pool), seed)
    points, weights = features(pool.take(drawn), wanted.appearance), weights[drawn]
    count = min(wanted.clusters, len(np.unique(points, axis=0)))
    fitted = KMeans(count, n_init=RESTARTS, random_state=seed).fit(points, sample_weight=weights)
    return Readout(shift, fitted.cluster_centers_.astype(np.float64), wanted.appearance, votes)


def some(images: int, seed: int) -> Int64[np.ndarray, " d"]:
    """Return the rows that prototypes are fitted on, rising: all, or as many as are to be drawn."""
    if images <= FITTED:
        return np.arange(images)
    return np.sort(np.random.default_rng(seed).choice(images, FITTED, replace=False))


def apply(readout: Readout, predictions: Predictions) -> Predictions:
    """Return the predictions with what was read in the place of what the heads say."""
    read = predictions
    if readout.shift is not None:
        scores = logit(predictions.ambiguity) if readout.votes else doubt(predictions.probabilities)
        read = replace(predictions, ambiguity=sigmoid(scores - readout.shift).astype(np.float32))
    if readout.prototypes is None:
        return read
    blocks = [
        assigned(readout.prototypes, features(predictions.take(rows), readout.appearance))
        for rows in np.array_split(np.arange(len(predictions)), max(-(-len(predictions) // BLOCK), 1))
    ]
    clusters, confidence = (np.concatenate(column) for column in zip(*blocks, strict=True))
    return replace(read, clusters=clusters.astype(np.int32), cluster_confidence=confidence.astype(np.float32))


def doubt(probabilities: Float[np.ndarray, "n k"]) -> Float64[np.ndarray, " n"]:
    """Return u = −log(m / (1 − m)) of the largest probability m: 0 at one half, falling with confidence."""
    largest = probabilities.max(axis=1).astype(np.float64).clip(1e-6, 1 - 1e-6)
    return np.asarray(np.log1p(-largest) - np.log(largest))


def threshold(doubts: Float64[np.ndarray, " n"], prior: float) -> float:
    """Return Δ between the ⌊n · p_A⌋ largest doubts and the others; beyond all of them for none or all.

    Equal doubts stay together: where Δ would fall among them, it is beyond all, on the side nearer to p_A.
    """
    ordered = np.sort(doubts)
    certain = len(ordered) - int(len(ordered) * prior + 1e-9)
    if 0 < certain < len(ordered):
        low, high = (int(np.searchsorted(ordered, ordered[certain], side)) for side in ("left", "right"))
        certain = low if certain - low < high - certain else high
    if certain == 0:
        return float(ordered[0]) - 1.0
    if certain == len(ordered):
        return float(ordered[-1]) + 1.0
    return float(ordered[certain - 1] + ordered[certain]) / 2


def features(predictions: Predictions, appearance: float) -> Float64[np.ndarray, "n f"]:
    """Return φ = [p_n, α · e / ‖e‖]."""
    embeddings = predictions.embeddings.astype(np.float64)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.hstack([predictions.probabilities, appearance * embeddings / np.maximum(lengths, 1e-12)])


def assigned(
    prototypes: Float64[np.ndarray, "m f"], points: Float64[np.ndarray, "n f"]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest prototype of each point and its share of p_o."""
    squares = (points**2).sum(1)[:, None] - 2 * points @ prototypes.T + (prototypes**2).sum(1)
    scores = -np.maximum(squares, 0) / TEMPERATURE
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores.argmax(axis=1), shares.max(axis=1) / shares.sum(axis=1)


def logit(ambiguity: Float[np.ndarray, " n"] | None) -> Float64[np.ndarray, " n"]:
    """Return log(p / (1 − p)) of each p_a.

    Raises:
        ValueError: when there is none.
    """
    if ambiguity is None:
        raise ValueError("the predictions have no ambiguity")
    known = ambiguity.astype(np.float64).clip(1e-6, 1 - 1e-6)
    return np.asarray(np.log(known) - np.log1p(-known))


def sigmoid(values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Return 1 / (1 + exp(−x)), without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -values)))
