"""Further opinions on what a trained network says: a linear probe of what its backbone sees. No torch.

A small network that was trained on few labels and a linear model of the embeddings that it reads err on
different images. So a second opinion is cheap, and it learns from votes what one label does not hold:

- p_n ∝ √(p · q): the class distribution p of the network and q of a multinomial logistic regression on x,
  whose targets are the votes of the labeled images; both count half, as logarithms. Where labels spread over
  neighbours too (:mod:`s2c2.spreading`), once by x and once by what the heads read, p_n ∝ (p · q · g · g′)^¼.
- p_a = 1 − max p_n · (1 − r): the chance that the most probable class is wrong or that people would not agree
  on it; r = σ(w · x + a · u + c · h + b) is a logistic regression, on the labeled images with two votes or
  more, of whether their votes differ; u is the doubt of p_n (:func:`s2c2.readout.doubt`) and h its entropy.

The network and the class probe know the labels of the labeled images, and doubt less there than elsewhere.
Where r is *cross-fitted*, u and h of a labeled image are those of a class probe (and of spread labels) that
was fitted on four fifths of the labeled images without it; elsewhere they are those of p_n.

x is the mean of the frozen embeddings of an image and its weak views, where a network reads such embeddings;
else what its heads read. On standardised x, u and h the weights have a Gaussian prior around zero, nine times
as wide for u and h.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from s2c2 import files, spreading
from s2c2.errors import UserError
from s2c2.metrics.ambiguity import entropy
from s2c2.predictions import Predictions
from s2c2.readout import doubt, sigmoid, stored
from s2c2.spreading import Spread

STRENGTH = 0.003
"""Variance of the prior of the weights of the class probe, for standardised x."""
CAUTION = 0.001
"""Variance of the prior of the weights of the vote probe."""
WARINESS = 0.003
"""The same where it is cross-fitted."""
TRUST = 3.0
"""Factor of doubt and entropy, once standardised, beside x."""
ITERATIONS = 1000
LEAST = 1e-9
"""Least probability in g, so that its logarithm is finite."""
ABSENT = -30.0
"""Logit of a class that no labeled image has."""
ALIKE = (
    "predict.ambiguity=votes learns from labeled images whose votes differ beside others whose votes agree, "
    "and one of the two is missing: set data.votes or data.labels=soft where images have several annotations"
)
"""What is wrong where there is nothing to learn from votes."""


@dataclass(frozen=True)
class Labeled:
    """The labeled images as a network reads them, and what people said of them."""

    inputs: Float[np.ndarray, "l e"]
    """x."""
    probabilities: Float[np.ndarray, "l k"]
    """Class distribution p of the network."""
    votes: Float[np.ndarray, "l k"]
    """Share of the votes of an image that each class has."""
    dissent: Float[np.ndarray, " l"]
    """Share of the votes that are not for the first class; NaN below two votes."""
    groups: Int[np.ndarray, " l"] | None = None
    """The same number for exact copies (:func:`s2c2.data.splits.duplicates`); None where there are none."""


@dataclass(frozen=True)
class Pool:
    """Images that a network was trained on, labeled or not: all, or some."""

    known: tuple[Float[np.ndarray, "n _"], ...]
    """x of each image; and what the heads read, where that is something else."""
    rows: Int[np.ndarray, " p"]
    """Those that are labeled."""
    labeled: Int[np.ndarray, " p"]
    """Which labeled image each of these is."""


@dataclass(frozen=True)
class Linear:
    """A linear map."""

    weights: Float64[np.ndarray, "m e"]
    bias: Float64[np.ndarray, " m"]

    def __call__(self, inputs: Float[np.ndarray, "n e"]) -> Float64[np.ndarray, "n m"]:
        """Return the logits."""
        return np.asarray(inputs @ self.weights.T + self.bias, dtype=np.float64)


@dataclass(frozen=True)
class Probe:
    """What was fitted."""

    classes: Linear | None
    """Logits of q from x; None leaves p_n to the network."""
    dissent: Linear | None
    """Logit of r from x, u and h; None leaves p_a to the network."""
    spreads: tuple[Spread, ...] = ()
    """g: by x alone, or by x and by what the heads read."""

    def write(self, path: Path) -> None:
        """Write one ``.npz`` file, whole or not at all."""
        arrays: dict[str, np.ndarray] = {}
        for name, linear in (("classes", self.classes), ("dissent", self.dissent)):
            if linear is not None:
                arrays |= {f"{name}_weights": linear.weights, f"{name}_bias": linear.bias}
        for number, spread in enumerate(self.spreads):
            arrays |= {f"spread{number}_{name}": array for name, array in spread.arrays().items()}
        with files.atomic(path) as partial, partial.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]

    @classmethod
    def read(cls, path: Path) -> "Probe":
        """Read what :meth:`write` wrote.

        Raises:
            UserError: when the file is damaged.
        """
        with stored(path, "probe") as arrays:
            found = {
                name: Linear(arrays[f"{name}_weights"], arrays[f"{name}_bias"])
                for name in ("classes", "dissent")
                if f"{name}_weights" in arrays
            }
            spreads = [_spread(arrays, number) for number in (0, 1) if f"spread{number}_points" in arrays]
            return cls(found.get("classes"), found.get("dissent"), tuple(spreads))

    def opinions(
        self, inputs: Float[np.ndarray, "n e"], read: Float[np.ndarray, "n v"]
    ) -> list[Float64[np.ndarray, "n k"]]:
        """Return the logits of q, g and g′, where there are such.

        Args:
            inputs: x.
            read: what the heads of the network read.
        """
        said = [] if self.classes is None else [self.classes(inputs)]
        by = zip(self.spreads, (inputs, read), strict=False)
        return said + [_logits(spread(known)) for spread, known in by]


def fit(
    labeled: Labeled, *, classes: bool, dissent: bool, pool: Pool | None = None, crossfit: bool = False
) -> Probe:
    """Fit a probe on the labeled images.

    Args:
        labeled: these images.
        classes: whether p_n takes a second opinion.
        dissent: whether p_a asks if people would agree.
        pool: the images that labels spread over, if they do.
        crossfit: whether r learns from doubt of images whose labels it was not told.

    Raises:
        UserError: when ``dissent`` is asked for, and of the images with two votes or more all agree, or none.
    """
    inputs, votes = labeled.inputs.astype(np.float64), labeled.votes
    graphs = [] if pool is None else [spreading.graph(known) for known in pool.known]
    every = np.arange(len(votes))
    groups = every if labeled.groups is None else labeled.groups
    rows, taught = (every, every) if pool is None else (pool.rows, pool.labeled)
    spreads = tuple(spreading.fit(graph, rows, votes[taught]) for graph in graphs)
    found = Probe(_classes(inputs, votes) if classes else None, None, spreads)
    if not dissent:
        return found
    spoken = [_logits(spreading.apart(graph, rows, votes[taught], groups[taught])) for graph in graphs]
    if crossfit:
        said, variance = blended(softmax(apart(inputs, votes, groups)[taught], axis=1), *spoken), WARINESS
    else:
        own = [] if found.classes is None else [found.classes(inputs)[taught]]
        said, variance = blended(labeled.probabilities.astype(np.float64)[taught], *own, *spoken), CAUTION
    return replace(found, dissent=_dissent(inputs[taught], said, labeled.dissent[taught], variance))


def apart(
    inputs: Float64[np.ndarray, "l e"], votes: Float[np.ndarray, "l k"], groups: Int[np.ndarray, " l"]
) -> Float64[np.ndarray, "l k"]:
    """Return logits of q of each labeled image, fitted on four fifths of the labeled images without it.

    Copies of an image have the same number in ``groups`` and are not among these either. Where these have
    one class only, q is their mean label.
    """
    logits = np.zeros(votes.shape)
    for asked in spreading.folds(groups):
        others = votes[~asked]
        if (others.sum(axis=0) > 0).sum() > 1:
            logits[asked] = _classes(inputs[~asked], others)(inputs[asked])
        elif len(others):
            logits[asked] = _logits(others.mean(axis=0, keepdims=True, dtype=np.float64))
    return logits


def apply(probe: Probe, predictions: Predictions, inputs: Iterable[Float[np.ndarray, "b e"]]) -> Predictions:
    """Return the predictions of a network as the probe corrects them.

    Args:
        probe: what was fitted.
        predictions: what the network says of some images.
        inputs: x of these images in their order, some at a time.
    """
    start, probabilities, ambiguity = 0, predictions.probabilities.copy(), predictions.ambiguity
    contested = np.empty(len(predictions), dtype=np.float32)
    for block in inputs:
        rows = slice(start, start + len(block))
        said = probabilities[rows].astype(np.float64)
        if opinions := probe.opinions(block, predictions.embeddings[rows]):
            said = blended(said, *opinions)
            probabilities[rows] = said
        if probe.dissent is not None:
            differ = sigmoid(probe.dissent(considered(block, said))[:, 0])
            contested[rows] = 1 - said.max(axis=1) * (1 - differ)
        start += len(block)
    ambiguity = ambiguity if probe.dissent is None else contested
    return replace(predictions, probabilities=probabilities, ambiguity=ambiguity)


def blended(
    probabilities: Float[np.ndarray, "n k"], *logits: Float[np.ndarray, "n k"]
) -> Float64[np.ndarray, "n k"]:
    """Return the geometric mean of p and each softmax(logits), made to sum to one row by row.

    Example:
        >>> blended(np.array([[0.2, 0.8]]), np.log([[0.8, 0.2]])).round(3).tolist()
        [[0.5, 0.5]]
    """
    said = sum((log_softmax(one, axis=1) for one in logits), np.log(probabilities.clip(1e-30)))
    return np.asarray(softmax(said / (1 + len(logits)), axis=1))


def considered(
    inputs: Float[np.ndarray, "n e"], probabilities: Float[np.ndarray, "n k"]
) -> Float64[np.ndarray, "n e2"]:
    """Return what the vote probe reads: x, u, h."""
    return np.column_stack([inputs, doubt(probabilities), entropy(probabilities)])


def varied(dissent: Float[np.ndarray, " l"]) -> bool:
    """Return whether the votes of some images differ and those of others agree; else nothing is learned."""
    differ = dissent[~np.isnan(dissent)] > 0
    return bool(differ.any() and not differ.all())


def _logits(said: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, "n k"]:
    return np.asarray(np.log(said.clip(LEAST)))


def _spread(arrays: Mapping[str, np.ndarray], number: int) -> Spread:
    start = f"spread{number}_"
    return spreading.read(
        {name.removeprefix(start): arrays[name] for name in arrays if name.startswith(start)}
    )


def _classes(inputs: Float64[np.ndarray, "n e"], votes: Float[np.ndarray, "n k"]) -> Linear:
    rows, targets = np.nonzero(votes)
    found = _logistic(inputs[rows], targets, votes[rows, targets], STRENGTH, np.ones(inputs.shape[1]))
    present, binary = np.unique(targets), len(found.bias) == 1
    weights, bias = np.zeros((votes.shape[1], inputs.shape[1])), np.full(votes.shape[1], ABSENT)
    if binary:
        found = Linear(np.vstack([-found.weights, found.weights]) / 2, np.r_[-found.bias, found.bias] / 2)
    weights[present], bias[present] = found.weights, found.bias
    return Linear(weights, bias)


def _dissent(
    inputs: Float64[np.ndarray, "l e"],
    probabilities: Float64[np.ndarray, "l k"],
    dissent: Float[np.ndarray, " l"],
    variance: float,
) -> Linear:
    if not varied(dissent):
        raise UserError(ALIKE)
    known = ~np.isnan(dissent)
    features = considered(inputs, probabilities)[known]
    trust = np.r_[np.ones(inputs.shape[1]), TRUST, TRUST]
    return _logistic(features, dissent[known] > 0, np.ones(len(features)), variance, trust)


def _logistic(
    features: Float64[np.ndarray, "n f"],
    targets: np.ndarray,
    weights: Float[np.ndarray, " n"],
    variance: float,
    trust: Float64[np.ndarray, " f"],
) -> Linear:
    """Fit on standardised features, each times its ``trust``; return the map from the plain features."""
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=variance, max_iter=ITERATIONS)
    model.fit(scaler.transform(features) * trust, targets, sample_weight=weights)
    raw = model.coef_ * trust / scaler.scale_
    return Linear(raw, model.intercept_ - raw @ scaler.mean_)
