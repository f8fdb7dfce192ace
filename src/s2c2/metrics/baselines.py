"""Plain clustering of embeddings: what clusters learned in training have to beat."""

import warnings

import numpy as np
from jaxtyping import Float, Float64, Int64
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

STARTS = 4
"""Starts of k-means; the one with the least inertia is kept."""
MOST = 10_000
"""Images up to which HDBSCAN sees all of them: its time grows with their square."""


def kmeans(
    embeddings: Float[np.ndarray, "n e"], count: int, seed: int, starts: int = STARTS
) -> Int64[np.ndarray, " n"]:
    """Return a cluster for each image by k-means on the embeddings as they are (not standardised).

    Lloyd's algorithm in float64 with k-means++ starts, seeded; the best of ``starts`` by inertia. With fewer
    distinct embeddings than ``count``, fewer clusters are used.

    Example:
        >>> groups = kmeans(np.array([[0.0], [0.1], [9.0]]), 2, seed=0)
        >>> bool(groups[0] == groups[1]), bool(groups[0] == groups[2])
        (True, False)
    """
    if min(count, len(embeddings)) <= 1:
        return np.zeros(len(embeddings), dtype=np.int64)
    model = KMeans(min(count, len(embeddings)), n_init=starts, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct embeddings than clusters
        return np.asarray(model.fit_predict(embeddings.astype(np.float64)), dtype=np.int64)


def gaussian_mixture(
    embeddings: Float[np.ndarray, "n e"], count: int, seed: int, dimensions: int = 16
) -> Int64[np.ndarray, " n"]:
    """Return the most probable component of a mixture of Gaussians with diagonal covariances for each image.

    The embeddings are first reduced to at most ``dimensions`` principal components. Seeded, one k-means
    start, at most 100 steps.

    Example:
        >>> groups = gaussian_mixture(np.array([[0.0], [0.1], [9.0], [9.1]]), 2, seed=0)
        >>> bool(groups[0] == groups[1]), bool(groups[0] == groups[2])
        (True, False)
    """
    if min(count, len(embeddings)) <= 1:
        return np.zeros(len(embeddings), dtype=np.int64)
    values = embeddings.astype(np.float64)
    kept = min(dimensions, *values.shape)
    model = GaussianMixture(min(count, len(values)), covariance_type="diag", random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        reduced = PCA(kept, random_state=seed).fit_transform(values)
        return np.asarray(model.fit_predict(reduced), dtype=np.int64)


def unit_kmeans(embeddings: Float[np.ndarray, "n e"], count: int, seed: int) -> Int64[np.ndarray, " n"]:
    """Return a cluster for each image by k-means on embeddings of length one: only their direction counts.

    Example:
        >>> groups = unit_kmeans(np.array([[1.0, 0.0], [9.0, 0.1], [0.0, 2.0]]), 2, seed=0)
        >>> bool(groups[0] == groups[1]), bool(groups[0] == groups[2])
        (True, False)
    """
    lengths = np.linalg.norm(embeddings.astype(np.float64), axis=1, keepdims=True)
    return kmeans(embeddings / np.where(lengths > 0, lengths, 1.0), count, seed)


def hdbscan(embeddings: Float[np.ndarray, "n e"], count: int, seed: int = 0) -> Int64[np.ndarray, " n"]:
    """Return the leaves of HDBSCAN's hierarchy, brought to ``count`` clusters that hold every image.

    HDBSCAN decides itself how many clusters there are and leaves images out. So the least cluster size is the
    largest one that gives at least ``count`` clusters (2 where none does, then there are fewer); the clusters
    with the nearest means are joined until ``count`` are left; an image left out goes to the nearest mean. Of
    more than 10,000 images as many are drawn and clustered, and the others are left out.

    Args:
        embeddings: one row an image, as they are.
        count: number of clusters.
        seed: of the draw where there are more than 10,000 images; nothing else is random.

    Example:
        >>> groups = hdbscan(np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]]), 2)
        >>> bool(groups[0] == groups[2]), bool(groups[0] == groups[3])
        (True, False)
    """
    values = embeddings.astype(np.float64)
    if min(count, len(values)) <= 1:
        return np.zeros(len(values), dtype=np.int64)
    seen = np.random.default_rng(seed).permutation(len(values))[:MOST] if len(values) > MOST else slice(None)
    found = np.full(len(values), -1, dtype=np.int64)
    found[seen] = _leaves(values[seen], count)
    if found.max() < 1:
        return np.zeros(len(values), dtype=np.int64)
    if found.max() + 1 > count:
        joined = AgglomerativeClustering(count, linkage="average").fit_predict(_means(values, found))
        found = np.where(found < 0, -1, joined[found])
    distances = np.stack([np.square(values - mean).sum(axis=1) for mean in _means(values, found)], axis=1)
    return np.where(found < 0, distances.argmin(axis=1), found).astype(np.int64)


def _leaves(values: Float64[np.ndarray, "n e"], count: int) -> Int64[np.ndarray, " n"]:
    """Return the clusters, −1 for images left out, at the largest least size that gives ``count`` or more."""
    low, high = 2, max(len(values) // count, 2)
    best = _hdbscan(values, low)
    while low < high:
        size = (low + high + 1) // 2
        found = _hdbscan(values, size)
        if found.max() + 1 >= count:
            low, best = size, found
        else:
            high = size - 1
    return best


def _hdbscan(values: Float64[np.ndarray, "n e"], size: int) -> Int64[np.ndarray, " n"]:
    model = HDBSCAN(min_cluster_size=size, min_samples=2, cluster_selection_method="leaf", copy=True)
    return np.asarray(model.fit_predict(values), dtype=np.int64)


def _means(values: Float64[np.ndarray, "n e"], found: Int64[np.ndarray, " n"]) -> Float64[np.ndarray, "c e"]:
    return np.stack([values[found == cluster].mean(axis=0) for cluster in range(int(found.max()) + 1)])
