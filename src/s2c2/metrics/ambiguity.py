"""Does a score find the images that people disagree about?"""

import numpy as np
from jaxtyping import Bool, Float, Float64
from scipy.special import entr
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import average_precision_score


def entropy(distributions: Float[np.ndarray, "n k"]) -> Float64[np.ndarray, " n"]:
    """Return the entropy of each row in nats, in [0, log k]: how much people, or a network, are undecided.

    Rows of the same shares in another order have the same entropy to the last bit, so that ranks tie them.

    Example:
        >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(4).tolist()
        [0.0, 0.6931]
    """
    return np.asarray(entr(np.sort(distributions.astype(np.float64), axis=1)).sum(axis=1))


def auroc(scores: Float[np.ndarray, " n"], ambiguous: Bool[np.ndarray, " n"]) -> float:
    """Return the chance that an ambiguous image scores higher than a certain one; ties count half.

    The area under the ROC curve, in [0, 1]; 0.5 is a coin, below 0.5 the score points the wrong way.
    It does not depend on how many images are ambiguous. NaN when all images, or none, are ambiguous. The
    same as scikit-learn's ``roc_auc_score``, by the rank sum (Mann–Whitney U), and quick enough for a
    bootstrap.

    Example:
        >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
        0.75
    """
    if not _mixed(ambiguous):
        return float("nan")
    positive, negative = int(ambiguous.sum()), int((~ambiguous).sum())
    above = float(rankdata(scores)[ambiguous].sum()) - positive * (positive + 1) / 2
    return above / (positive * negative)


def average_precision(scores: Float[np.ndarray, " n"], ambiguous: Bool[np.ndarray, " n"]) -> float:
    """Return the mean precision over the ambiguous images, highest score first.

    ``sum_i (R_i - R_{i-1}) P_i`` over falling thresholds, in (0, 1]; a coin reaches the share of ambiguous
    images, so compare it only on the same images. NaN when all images, or none, are ambiguous.

    Example:
        >>> average_precision(np.array([0.9, 0.8, 0.1]), np.array([True, False, False]))
        1.0
    """
    return float(average_precision_score(ambiguous, scores)) if _mixed(ambiguous) else float("nan")


def spearman(first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]) -> float:
    """Return Spearman's rank correlation of two scores of the same images, in [−1, 1].

    The linear correlation of the ranks, ties at their mean rank. NaN when either is constant.

    Example:
        >>> round(spearman(np.array([0.1, 0.2, 0.3]), np.array([1.0, 5.0, 4.0])), 4)
        0.5
    """
    if not (_varies(first) and _varies(second)):
        return float("nan")
    return float(spearmanr(first, second).statistic)


def _mixed(ambiguous: Bool[np.ndarray, " n"]) -> bool:
    return bool(ambiguous.any()) and not bool(ambiguous.all())


def _varies(scores: Float[np.ndarray, " n"]) -> bool:
    return bool((scores != scores[:1]).any())
