"""How well the predicted class meets the class most people chose."""

import numpy as np
from jaxtyping import Float64, Int, Int64


def accuracy(target: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"]) -> float:
    """Return the share of images whose predicted class is the target, in [0, 1]; NaN without images.

    Example:
        >>> accuracy(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
        0.75
    """
    return float(np.mean(target == predicted)) if len(target) else float("nan")


def weighted_f1(target: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"]) -> float:
    """Return the F1-score of each class, averaged with the class's share of the targets (paper §3.2).

    ``F1_c = 2 TP_c / (2 TP_c + FP_c + FN_c)`` and ``sum_c n_c F1_c / n``, where n_c images have target c.
    In [0, 1]; a class that nobody chose weighs nothing; NaN without images. The same as scikit-learn's
    ``f1_score(average="weighted", zero_division=0)``, and quick enough for a bootstrap.

    Example:
        >>> round(weighted_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])), 4)
        0.7333
    """
    scores, support, _ = _class_f1(target, predicted)
    return float(scores @ support / len(target)) if len(target) else float("nan")


def macro_f1(target: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"]) -> float:
    """Return the plain mean of the F1-scores of the classes that occur as target or as prediction.

    In [0, 1]; NaN without images. A class with one image counts as much as one with a thousand.

    Example:
        >>> round(macro_f1(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])), 4)
        0.4286
    """
    scores, support, predictions = _class_f1(target, predicted)
    return float(scores[support + predictions > 0].mean()) if len(target) else float("nan")


def confusion(
    target: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"], classes: int
) -> Int64[np.ndarray, "k k"]:
    """Return how many images of target class i (row) were predicted as class j (column).

    Example:
        >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    pairs = target.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def _class_f1(
    target: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"]
) -> tuple[Float64[np.ndarray, " c"], Int64[np.ndarray, " c"], Int64[np.ndarray, " c"]]:
    """Return F1, number of targets and number of predictions of the classes 0 … c − 1."""
    count = int(max(target.max(initial=0), predicted.max(initial=0))) + 1
    right, support, predictions = (
        np.bincount(labels, minlength=count) for labels in (target[target == predicted], target, predicted)
    )
    return 2 * right / np.maximum(support + predictions, 1), support, predictions
