"""Do annotators agree, more than by chance?"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Int, Int64

from s2c2.metrics.classification import confusion


def cohen_kappa(first: Int[np.ndarray, " n"], second: Int[np.ndarray, " n"]) -> float:
    """Return Cohen's kappa of two annotators, or of one annotator at two times.

    ``(p_o - p_e) / (1 - p_e)`` with p_o the share of equal labels and p_e the share expected from how often
    each uses each class. At most 1; 0 is chance. An image that either left out (−1) does not count. NaN when
    no image is left or both used one and the same class only.

    Example:
        >>> round(cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])), 4)
        0.5
    """
    both = (first >= 0) & (second >= 0)
    if not both.any():
        return float("nan")
    classes = int(max(first[both].max(), second[both].max())) + 1
    shares = confusion(first[both], second[both], classes) / both.sum()
    expected = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return float((np.trace(shares) - expected) / (1 - expected)) if expected < 1 else float("nan")


def mean_kappa(passes: Int[np.ndarray, "p n"], pairs: Iterable[tuple[int, int]]) -> float:
    """Return Cohen's kappa, the mean over pairs of passes where it is known; NaN where it is for none.

    Args:
        passes: the class that each pass gives to each image; −1 for none.
        pairs: which passes are held against each other.
    """
    found = (cohen_kappa(passes[a], passes[b]) for a, b in pairs)
    known = [kappa for kappa in found if not np.isnan(kappa)]
    return float(np.mean(known)) if known else float("nan")


def counted(labels: Int[np.ndarray, "n p"], classes: int) -> Int64[np.ndarray, "n k"]:
    """Return how many passes gave each class to each image; −1 is none.

    Example:
        >>> counted(np.array([[0, 1, 1], [-1, 0, -1]]), 2).tolist()
        [[1, 2], [1, 0]]
    """
    return np.stack([(labels == c).sum(axis=1) for c in range(classes)], axis=1).astype(np.int64)


def krippendorff_alpha(votes: Int[np.ndarray, "n k"]) -> float:
    """Return Krippendorff's alpha for nominal labels, from the votes each image got for each class.

    ``1 - D_o / D_e``: with m_x votes on image x, N votes on images with at least two, and N_c of them for
    class c, ``D_o = 1/N sum_x sum_{c != c'} v_xc v_xc' / (m_x - 1)`` and
    ``D_e = 1/(N (N - 1)) sum_{c != c'} N_c N_c'``. At most 1; 0 is chance, below 0 worse.
    Any number of annotators, not all of whom need to see each image; images with fewer than two votes do not
    count. NaN when nothing can disagree (no image with two votes, or one class only).

    Example:
        >>> round(krippendorff_alpha(np.array([[2, 0], [0, 2], [1, 1], [1, 0]])), 4)
        0.4444
    """
    paired = votes[votes.sum(axis=1) > 1].astype(np.float64)
    seen, of_class = paired.sum(axis=1), paired.sum(axis=0)
    total = float(seen.sum())
    expected = total**2 - float(of_class @ of_class)
    if expected <= 0:
        return float("nan")
    observed = float(((seen**2 - np.square(paired).sum(axis=1)) / (seen - 1)).sum())
    return 1 - (total - 1) * observed / expected
