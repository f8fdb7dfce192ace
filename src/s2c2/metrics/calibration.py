"""Do probabilities mean what they say?"""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import rel_entr

DCIC_BINS = 9
"""Bins of the DCIC benchmark: it asks for ten edges from 0 to 1."""
DCIC_CLIP = 1e-5
"""Smallest probability of the DCIC benchmark's divergence."""


def ece(probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"], bins: int = 15) -> float:
    """Return the expected calibration error of the predicted class.

    Confidences (highest probability) are put into ``bins`` equally wide bins (low, high] over [0, 1];
    ``sum_b |B_b|/n |accuracy(B_b) - mean confidence(B_b)|``. In [0, 1], lower is better; it depends on the
    number of bins: :data:`DCIC_BINS` gives the DCIC benchmark's number. NaN without images.

    Example:
        >>> round(ece(np.array([[0.9, 0.1], [0.7, 0.3]]), np.array([0, 1])), 4)
        0.4
    """
    if not len(target):
        return float("nan")
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == target
    inner_edges = np.linspace(0, 1, bins + 1)[1:-1]
    gaps = np.bincount(np.digitize(confidence, inner_edges, right=True), weights=right - confidence)
    return float(np.abs(gaps).sum() / len(target))


def kl(
    soft_labels: Float[np.ndarray, "n k"], probabilities: Float[np.ndarray, "n k"], clip: float = 0.0
) -> float:
    """Return the mean divergence of the soft labels from the predicted distributions, in nats.

    ``1/n sum_x sum_c l_c log(l_c / p_c)``: 0 when they agree, infinite when the network rules out a class
    that somebody chose. With ``clip`` both are first limited to [clip, 1 − clip] without renormalising, as
    the DCIC benchmark does with :data:`DCIC_CLIP`; the result is then finite and may fall slightly below 0.
    NaN without images.

    Example:
        >>> round(kl(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])), 4)
        0.6931
    """
    if not len(soft_labels):
        return float("nan")
    people, network = (
        np.clip(rows.astype(np.float64), clip, 1 - clip) for rows in (soft_labels, probabilities)
    )
    return float(
        (people * np.log(people / network) if clip else rel_entr(people, network)).sum(axis=1).mean()
    )
