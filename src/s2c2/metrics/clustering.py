"""How alike the images of a group are, in what people said of them, and how the groups are used."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Float64, Int
from sklearn.metrics import normalized_mutual_info_score

from s2c2.errors import unknown

Weighting = Literal["macro", "size"]


@dataclass(frozen=True)
class Usage:
    """How images spread over clusters; only clusters that hold an image are known."""

    clusters: int
    """Clusters that hold at least one image."""
    entropy: float
    """Entropy of the cluster shares divided by ``log(clusters)``: 1 when all are equally large, 0 for one."""
    effective: float
    """``exp`` of the entropy: the number of equally large clusters that would be as spread, from 1."""
    largest: float
    """Share of the images in the largest cluster, in (0, 1]."""
    smallest: int
    """Images in the smallest cluster."""


def inner_distance(
    soft_labels: Float[np.ndarray, "n k"], clusters: Int[np.ndarray, " n"], weighting: Weighting = "macro"
) -> float:
    """Return the inner distance d: how far soft labels lie from the mean of their cluster (paper eq. 4).

    With ``mu_C`` the mean soft label of cluster C and ``d_C = 1/|C| sum_{x in C} ||l_x - mu_C||_2``:
    ``macro`` (the paper's, the headline) is the plain mean of d_C over clusters that hold an image, ``size``
    weighs each cluster by its images. In [0, sqrt(2)), lower is better; a cluster of one image has
    distance 0, so many tiny clusters lower ``macro``. NaN without images and when a soft label is NaN.

    Raises:
        UserError: when the weighting is unknown.

    Example:
        >>> labels = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
        >>> round(inner_distance(labels, np.array([0, 0, 7])), 4)
        0.3536
    """
    if weighting not in get_args(Weighting):
        raise unknown("weighting", weighting, get_args(Weighting))
    if not len(clusters):
        return float("nan")
    _, member, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    deviations = soft_labels - _means(soft_labels, member, sizes)[member]
    distances = np.sqrt(np.square(deviations).sum(axis=1))
    if weighting == "size":
        return float(distances.mean())
    return float((np.bincount(member, weights=distances) / sizes).mean())


def usage(clusters: Int[np.ndarray, " n"]) -> Usage:
    """Return how the images spread over the clusters; shares are NaN without images.

    Example:
        >>> usage(np.array([3, 3, 3, 3, 8, 8, 8, 8]))
        Usage(clusters=2, entropy=1.0, effective=2.0, largest=0.5, smallest=4)
    """
    if not len(clusters):
        return Usage(0, float("nan"), float("nan"), float("nan"), 0)
    sizes = np.unique(clusters, return_counts=True)[1]
    shares = sizes / len(clusters)
    entropy = float(-(shares * np.log(shares)).sum())
    relative = entropy / float(np.log(len(sizes))) if len(sizes) > 1 else 0.0
    return Usage(len(sizes), relative, float(np.exp(entropy)), float(shares.max()), int(sizes.min()))


def purity(target: Int[np.ndarray, " n"], clusters: Int[np.ndarray, " n"]) -> float:
    """Return the share of images whose target is the most frequent target of their cluster.

    ``1/n sum_C max_c |{x in C : target(x) = c}|``, in (0, 1]; never falls when clusters are split, so
    compare it only at equal numbers of clusters. NaN without images.

    Example:
        >>> purity(np.array([0, 0, 1, 1]), np.array([5, 5, 5, 9]))
        0.75
    """
    if not len(clusters):
        return float("nan")
    member = np.unique(clusters, return_inverse=True)[1]
    (cluster, _), counts = np.unique(np.stack([member, target]), axis=1, return_counts=True)
    most = np.zeros(int(member.max()) + 1, dtype=np.int64)
    np.maximum.at(most, cluster, counts)
    return float(most.sum() / len(clusters))


def normalized_mutual_information(target: Int[np.ndarray, " n"], clusters: Int[np.ndarray, " n"]) -> float:
    """Return the mutual information of targets and clusters over the mean of both entropies.

    In [0, 1]; 1 when each determines the other (also when both are constant), 0 when they are independent.
    NaN without images.

    Example:
        >>> round(normalized_mutual_information(np.array([0, 0, 1, 1]), np.array([4, 4, 2, 2])), 4)
        1.0
    """
    return float(normalized_mutual_info_score(target, clusters)) if len(target) else float("nan")


def _means(
    values: Float[np.ndarray, "n k"], member: Int[np.ndarray, " n"], sizes: Int[np.ndarray, " c"]
) -> Float64[np.ndarray, "c k"]:
    """Return the mean row of each cluster; ``member`` numbers the clusters 0 … c − 1."""
    sums = [np.bincount(member, weights=column, minlength=len(sizes)) for column in values.T]
    return np.asarray(np.stack(sums, axis=1) / sizes[:, None])
