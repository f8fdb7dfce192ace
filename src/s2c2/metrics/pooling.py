"""Few answers and what is known of alike images as one soft label: partial pooling.

Two answers say little of an image alone. A network that saw the image, and people's answers to images that
the network holds for alike, say more. With v the answers for an image in each class, n their number, and m
the mean that is expected beforehand, the soft label is the mean of a Dirichlet distribution around m that has
seen the answers:

    l = (v + c · m) / (n + c)        m = w · p + (1 − w) · g

p is the class distribution of the network, g the mean answer to the *other* images of the group, drawn
towards that of the predicted class, and this towards that of all. c, how many answers m is worth, and w are
those under which the answers are most probable (Dirichlet–multinomial likelihood; empirical Bayes).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.special import gammaln

CONCENTRATIONS = tuple(np.geomspace(0.25, 64, 17).tolist())
"""Choices of c, a factor of √2 apart."""
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Choices of w."""
UNLEARNED = 0.5
"""c where no image has two answers: then every c makes the answers equally probable."""
TOWARDS = 2.0
"""Answers that the mean of a class is worth beside those of a group, and the mean of all beside a class's."""
SLACK = 1e-9
"""How far parts of one answer may add up to more than it."""
LEAST = 1e-6
"""Smallest probability of a class that a network is taken at its word for."""


@dataclass(frozen=True)
class Pooled:
    """Soft labels from answers and from what is known beforehand."""

    labels: Float64[np.ndarray, "n k"]
    """Soft label of each image, also of those that nobody answered; rows sum to one."""
    concentration: float
    """Answers that what is known beforehand is worth, c."""
    weight: float
    """Part that the network has in it, w in [0, 1]; the rest is that of alike images."""
    error: Float64[np.ndarray, " n"]
    """Squared distance from the truth that is expected of each label: the variance of the Dirichlet
    distribution, ``sum_j l_j (1 − l_j) / (n + c + 1)``."""
    gain: Float64[np.ndarray, " n"]
    """By how much one more answer is expected to lower it, ``sum_j l_j (1 − l_j) / (n + c + 1)²``."""


def pooled(
    answers: Float[np.ndarray, "n k"],
    network: Float[np.ndarray, "n k"],
    classes: Int[np.ndarray, " n"],
    groups: Int[np.ndarray, " n"],
    learned: Bool[np.ndarray, " n"] | None = None,
) -> Pooled:
    """Return soft labels that draw answers towards those of alike images and towards a network.

    Args:
        answers: answers for each class; a distribution counts as parts. A row of zeros where nobody answered.
        network: class distribution of a network that was not told these answers.
        classes: class that the network predicts for each image.
        groups: group of each image, as in :attr:`s2c2.predictions.Predictions.groups`.
        learned: images from which c and w are learned, all by default: those with an answer that is spread
            over classes are no sample of classes, and would look as if people agreed.

    Example:
        >>> answers = np.array([[2.0, 0.0], [1.0, 1.0], [2.0, 0.0], [0.0, 0.0]])
        >>> same = np.zeros(4, dtype=int)
        >>> found = pooled(answers, np.full((4, 2), 0.5), same, same)
        >>> found.labels[1].round(2), found.labels[3].round(2)
        (array([0.69, 0.31]), array([0.66, 0.34]))
    """
    counts = np.asarray(answers, dtype=np.float64)
    told = np.maximum(np.asarray(network, dtype=np.float64), LEAST)
    told /= told.sum(axis=1, keepdims=True)
    alike = of_others(counts, groups, of_others(counts, classes, of_others(counts)))
    rows = np.ones(len(counts), dtype=bool) if learned is None else learned
    several = (counts[rows].sum(axis=1) > 1 + SLACK).any()
    choices = product(WEIGHTS if rows.any() else (0.5,), CONCENTRATIONS if several else (UNLEARNED,))
    expected = {weight: weight * told + (1 - weight) * alike for weight in WEIGHTS}
    weight, concentration = max(
        choices, key=lambda one: likelihood(counts[rows], expected[one[0]][rows], one[1])
    )
    total = counts.sum(axis=1) + concentration
    labels = (counts + concentration * expected[weight]) / total[:, None]
    error = (labels * (1 - labels)).sum(axis=1) / (total + 1)
    return Pooled(labels, concentration, weight, error, error / (total + 1))


def of_others(
    answers: Float64[np.ndarray, "n k"],
    groups: Int[np.ndarray, " n"] | None = None,
    towards: Float64[np.ndarray, "n k"] | None = None,
) -> Float64[np.ndarray, "n k"]:
    """Return for each image the mean answer to the other images of its group.

    Args:
        answers: answers for each class.
        groups: group of each image; without them all images are one.
        towards: what it is drawn to, as if that were :data:`TOWARDS` more answers; without it all classes
            alike.

    Example:
        >>> of_others(np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])).round(3).tolist()
        [[0.333, 0.667], [0.667, 0.333], [0.5, 0.5]]
    """
    keys = np.zeros(len(answers), dtype=np.int64) if groups is None else groups
    number = np.unique(keys, return_inverse=True)[1]
    sums = np.zeros((len(answers), answers.shape[1]))
    np.add.at(sums, number, answers)
    others = sums[number] - answers
    drawn = 1 / answers.shape[1] if towards is None else towards
    return np.asarray((others + TOWARDS * drawn) / (others.sum(axis=1, keepdims=True) + TOWARDS))


def likelihood(
    answers: Float64[np.ndarray, "n k"], expected: Float64[np.ndarray, "n k"], concentration: float
) -> float:
    """Return the log-probability of the answers in nats, but for the number of their orders.

    ``sum_x log Γ(c) / Γ(c + n_x) + sum_j log Γ(c m_xj + v_xj) / Γ(c m_xj)``

    Example:
        >>> round(float(np.exp(likelihood(np.array([[1.0, 0.0]]), np.array([[0.3, 0.7]]), 5.0))), 3)
        0.3
    """
    prior = concentration * expected
    seen = gammaln(concentration) - gammaln(concentration + answers.sum(axis=1))
    return float(seen.sum() + (gammaln(prior + answers) - gammaln(prior)).sum())
