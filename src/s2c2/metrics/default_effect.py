"""The default effect: people accept a label that is proposed to them more often than they would choose it.

With soft label l, a proposal c and an acceptance offset δ, a person answers c with probability

    A = δ + (0.99 − δ) · l_c

and any other class j with (1 − A) · l_j / (1 − l_c) (CleverLabel, Schmarje et al. 2023; DCIC's ``spa.py``).
So answers lean towards what was proposed, whatever it is. This module holds that model and its inverse.
"""

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

CEILING = 0.99
"""Acceptance of a proposal that is certainly right: hands slip (DCIC's value)."""


def acceptance(
    soft_labels: Float[np.ndarray, "n k"], proposals: Int[np.ndarray, " n"], offset: float
) -> Float64[np.ndarray, " n"]:
    """Return the probability that the class proposed for each image is accepted, δ + (0.99 − δ) · l_c.

    Example:
        >>> acceptance(np.array([[0.5, 0.5]]), np.array([0]), 0.2).round(3)
        array([0.595])
    """
    return np.asarray(offset + (CEILING - offset) * _of(soft_labels, proposals), dtype=np.float64)


def biased(
    soft_labels: Float[np.ndarray, "n k"], proposals: Int[np.ndarray, " n"], offset: float
) -> Float64[np.ndarray, "n k"]:
    """Return how a person answers each image, as a distribution over the classes.

    Where the soft label leaves no other class, a slip falls on each of the others alike.

    Args:
        soft_labels: how people answer without a proposal; rows sum to one.
        proposals: the class shown with each image, −1 for none.
        offset: acceptance offset δ in [0, 0.99].

    Example:
        >>> biased(np.array([[0.5, 0.4, 0.1]] * 2), np.array([0, -1]), 0.2).round(3)
        array([[0.595, 0.324, 0.081],
               [0.5  , 0.4  , 0.1  ]])
    """
    answers = np.array(soft_labels, dtype=np.float64)
    shown = np.flatnonzero(proposals >= 0)
    accepted = acceptance(answers[shown], proposals[shown], offset)
    answers[shown] = _composed(answers[shown], proposals[shown], accepted)
    return answers


def unbiased(
    shares: Float[np.ndarray, "n k"], proposals: Int[np.ndarray, " n"], offset: float
) -> Float64[np.ndarray, "n k"]:
    """Return soft labels with the default effect removed, the inverse of :func:`biased` (CleverLabel).

    With a the share of answers that accept the proposal c and m_j the share of class j,

        l_c = (a − δ) / (0.99 − δ), limited to [0, 1]
        l_j = (1 − l_c) · m_j / (1 − a)    for every other class j

    Exact for expected shares. For few votes the limits bind: a below δ says nothing but "not c".

    Args:
        shares: share of the votes of each class; rows sum to one.
        proposals: the class shown with each image, −1 for none: such rows stay as they are.
        offset: acceptance offset δ in [0, 0.99).

    Example:
        >>> unbiased(np.array([[0.595, 0.324, 0.081]]), np.array([0]), 0.2).round(3)
        array([[0.5, 0.4, 0.1]])
    """
    labels = np.array(shares, dtype=np.float64)
    shown = np.flatnonzero(proposals >= 0)
    accepted = _of(labels[shown], proposals[shown])
    believed = np.clip((accepted - offset) / (CEILING - offset), 0, 1)
    labels[shown] = _composed(labels[shown], proposals[shown], believed)
    return labels


def estimated_offset(
    accepted: Bool[np.ndarray, " n"] | Float[np.ndarray, " n"], chosen: Float[np.ndarray, " n"]
) -> float:
    """Return the acceptance offset δ from a round with proposals and one without.

    Solves ``mean(A) = δ + (0.99 − δ) · mean(l_c)`` for δ:

        δ = (mean(accepted) − 0.99 · mean(chosen)) / (1 − mean(chosen))

    Args:
        accepted: for each answer whether the proposal was accepted.
        chosen: for the same answers the share of people who chose that class unasked.

    Returns:
        δ limited to [0, 0.98]; NaN without an answer, and where everybody chooses the proposal unasked.

    Example:
        >>> round(estimated_offset(np.array([0.595]), np.array([0.5])), 3)
        0.2
    """
    unasked = float(chosen.mean()) if len(chosen) else 1.0
    if unasked >= 1:
        return float("nan")
    offset = (float(accepted.mean()) - CEILING * unasked) / (1 - unasked)
    return min(max(offset, 0.0), CEILING - 0.01)


def blended(labels: Float[np.ndarray, "n k"], keep: float = 0.75) -> Float64[np.ndarray, "n k"]:
    """Return soft labels drawn towards the mean label of the images with the same first class (CleverLabel).

    ``keep · l + (1 − keep) · mean of l over the images with the same argmax``: few votes for one image borrow
    from what is usual for its class. DCIC keeps 0.75 and measures the means apart; here they are the labels'.
    """
    first = labels.argmax(axis=1)
    sums = np.zeros((labels.shape[1], labels.shape[1]))
    np.add.at(sums, first, labels)
    sizes = np.maximum(np.bincount(first, minlength=labels.shape[1]), 1)
    return np.asarray(keep * labels + (1 - keep) * (sums / sizes[:, None])[first], dtype=np.float64)


def _of(shares: Float[np.ndarray, "n k"], classes: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return np.asarray(np.take_along_axis(shares, classes[:, None].astype(np.int64), axis=1)[:, 0])


def _composed(
    shares: Float64[np.ndarray, "n k"], proposals: Int[np.ndarray, " n"], share: Float[np.ndarray, " n"]
) -> Float64[np.ndarray, "n k"]:
    """Return distributions that give the proposal a share and the rest to the others as they stand."""
    rows: Int64[np.ndarray, " n"] = np.arange(len(shares))
    others = shares.copy()
    others[rows, proposals] = 0
    total = others.sum(axis=1)
    none = total <= 0
    others[none] = 1
    others *= ((1 - share) / np.where(none, shares.shape[1] - 1, total))[:, None]
    others[rows, proposals] = share
    return others
