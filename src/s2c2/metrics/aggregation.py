"""Many answers to one image as one soft label: mean, Dawid–Skene, or with the default effect removed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from s2c2.data.logs.log import Log
from s2c2.metrics.default_effect import unbiased

FLOOR = 1e-10
"""Smallest probability in a confusion matrix: an answer that was never seen is not impossible."""


@dataclass(frozen=True)
class Votes:
    """Answers as arrays; m answers of a people to n images in k classes."""

    images: tuple[str, ...]
    """The n image ids."""
    annotators: tuple[str, ...]
    """The a people."""
    classes: tuple[str, ...]
    """The k class names."""
    image: Int64[np.ndarray, " m"]
    """Image of each answer, in 0 … n − 1."""
    annotator: Int64[np.ndarray, " m"]
    """Who gave it, in 0 … a − 1."""
    shares: Float64[np.ndarray, "m k"]
    """What it says: a one-hot row for a class, else a distribution."""
    proposal: Int64[np.ndarray, " m"]
    """Class that was shown with it, −1 for none."""


@dataclass(frozen=True)
class DawidSkene:
    """What the answers say of images and of people (Dawid and Skene 1979)."""

    labels: Float64[np.ndarray, "n k"]
    """Probability of each class for each image; rows sum to one, NaN where nobody answered."""
    confusions: Float64[np.ndarray, "a k k"]
    """For each person the probability of answering class j (column) where class i (row) is right."""
    prior: Float64[np.ndarray, " k"]
    """Share of each class among the images."""
    steps: int
    """Steps of the expectation–maximisation."""
    likelihood: float
    """Log-likelihood of the answers, in nats."""

    @property
    def quality(self) -> Float64[np.ndarray, " a"]:
        """Chance of each person to answer right, over the classes as they occur; in [0, 1]."""
        return np.asarray(np.einsum("k,akk->a", self.prior, self.confusions))


def votes(log: Log) -> Votes:
    """Return the judgements of a log as arrays; images and people sorted.

    Reviewers' decisions are left out: they are made in sight of the answers that they settle.
    """
    rows = log.judgements()
    own = rows.table["kind"] != "decide"
    table, shares = rows.table.filter(own), rows.shares()[own.to_numpy()]
    images, people = (tuple(table[name].unique().sort()) for name in ("image", "annotator"))
    shown = [label if seen else None for label, seen in table.select("proposal", "shown").iter_rows()]
    return Votes(
        images,
        people,
        log.classes,
        _numbers(table["image"].to_list(), images),
        _numbers(table["annotator"].to_list(), people),
        shares,
        _numbers(shown, (None, *log.classes)) - 1,
    )


def vote_mean(given: Votes) -> Float64[np.ndarray, "n k"]:
    """Return the mean answer to each image, the soft label l of paper §3.1; NaN where nobody answered.

    Example:
        >>> two = Votes(("a",), ("x", "y"), ("cat", "dog"), np.array([0, 0]), np.array([0, 1]), np.eye(2),
        ...     np.array([-1, -1]))
        >>> vote_mean(two).tolist()
        [[0.5, 0.5]]
    """
    return _normalised(_summed(given.shares, given.image, len(given.images)))


def bias_corrected(given: Votes, offset: float) -> Float64[np.ndarray, "n k"]:
    """Return the mean answer to each image with the default effect removed (CleverLabel).

    Answers to one image under different proposals are corrected apart, and averaged by their number.

    Args:
        given: the answers.
        offset: acceptance offset δ in [0, 0.99).
    """
    total = np.zeros((len(given.images), len(given.classes)))
    for proposal in np.unique(given.proposal):
        rows = given.proposal == proposal
        sums = _summed(given.shares[rows], given.image[rows], len(total))
        seen = sums.sum(axis=1)
        some = np.flatnonzero(seen)
        shown = np.full(len(some), proposal)
        total[some] += seen[some, None] * unbiased(_normalised(sums[some]), shown, offset)
    return _normalised(total)


def dawid_skene(given: Votes, steps: int = 100, tolerance: float = 1e-5) -> DawidSkene:
    """Return class probabilities of the images and confusion matrices of the people by EM.

    Starts from the mean answer. With T_xi the probability that image x is of class i, and n_axj what person a
    says of it, ``π_aij ∝ sum_x T_xi n_axj`` and ``p_i = mean_x T_xi``; then
    ``T_xi ∝ p_i prod_a prod_j π_aij^n_axj``. A distribution counts as parts of answers.

    Args:
        given: the answers.
        steps: at most so many steps.
        tolerance: ends when the log-likelihood an image grows by less than that.

    Raises:
        ValueError: without an answer.
    """
    if not len(given.image):
        raise ValueError("nobody answered")
    labels, likelihoods = vote_mean(given), [-np.inf]
    while len(likelihoods) <= steps:
        labels, likelihood = _expected(given, *_maximised(given, labels))
        likelihoods.append(likelihood)
        if likelihood - likelihoods[-2] < tolerance * len(labels):
            break
    prior, people = _maximised(given, labels)
    return DawidSkene(labels, people, prior, len(likelihoods) - 1, likelihoods[-1])


def confusions(given: Votes, labels: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, "a k k"]:
    """Return how often each person answers class j (column) where the soft labels say class i (row).

    Expected counts: an image of soft label (0.7, 0.3) counts 0.7 in the first row and 0.3 in the second.
    """
    counts = np.zeros((len(given.annotators), len(given.classes), len(given.classes)))
    np.add.at(counts, given.annotator, labels[given.image][:, :, None] * given.shares[:, None, :])
    return counts


def with_others(given: Votes) -> Float64[np.ndarray, " a"]:
    """Return how well each person agrees with the mean answer of the others, in [0, 1].

    Mean over the images that somebody else answered, too, of the share of the others who say the same; NaN
    where nobody did.
    """
    sums = _summed(given.shares, given.image, len(given.images))
    agreed = np.full(len(given.annotators), np.nan)
    for person in range(len(given.annotators)):
        own = given.annotator == person
        mine = _summed(given.shares[own], given.image[own], len(sums))
        rows = (mine.sum(axis=1) > 0) & ((sums - mine).sum(axis=1) > 1e-9)
        if rows.any():
            others = _normalised((sums - mine)[rows])
            agreed[person] = float((_normalised(mine[rows]) * others).sum(axis=1).mean())
    return agreed


def _maximised(
    given: Votes, labels: Float64[np.ndarray, "n k"]
) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, "a k k"]]:
    known = labels[np.unique(given.image)]
    counts = np.maximum(confusions(given, labels), FLOOR)
    return known.mean(axis=0), counts / counts.sum(axis=2, keepdims=True)


def _expected(
    given: Votes, prior: Float64[np.ndarray, " k"], confusion: Float64[np.ndarray, "a k k"]
) -> tuple[Float64[np.ndarray, "n k"], float]:
    evidence = np.einsum("mij,mj->mi", np.log(confusion)[given.annotator], given.shares)
    log = _summed(evidence, given.image, len(given.images)) + np.log(np.maximum(prior, FLOOR))
    top = log.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(log - top).sum(axis=1, keepdims=True))
    labels = np.exp(log - total)
    answered = np.zeros(len(labels), dtype=bool)
    answered[given.image] = True
    labels[~answered] = np.nan
    return labels, float(total[answered].sum())


def _summed(
    rows: Float64[np.ndarray, "m k"], index: Int64[np.ndarray, " m"], count: int
) -> Float64[np.ndarray, "n k"]:
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, index, rows)
    return sums


def _normalised(sums: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, "n k"]:
    total = sums.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0))


def _numbers(values: list[str | None], names: tuple[str | None, ...]) -> Int64[np.ndarray, " m"]:
    number = {name: i for i, name in enumerate(names)}
    return np.array([number[value] for value in values], dtype=np.int64)
