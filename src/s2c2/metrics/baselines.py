"""Plain clustering of embeddings: what clusters learned in training have to beat."""

import warnings

import numpy as np
from jaxtyping import Float, Int64
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

STARTS = 4
"""Starts of k-means; the one with the least inertia is kept."""


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
