from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from s2c2.metrics.baselines import gaussian_mixture, kmeans

Clustering = Callable[[np.ndarray, int, int], np.ndarray]
both = pytest.mark.parametrize("cluster", [kmeans, gaussian_mixture])


def blobs(count: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = np.arange(count) % 4
    centres = 20 * rng.normal(size=(4, 24))
    return (centres[truth] + rng.normal(size=(count, 24))).astype(np.float32), truth


@both
def test_finds_separate_groups_and_repeats_by_seed(cluster: Clustering) -> None:
    embeddings, truth = blobs()
    found = cluster(embeddings, 4, 3)
    assert adjusted_rand_score(truth, found) == 1
    np.testing.assert_array_equal(found, cluster(embeddings, 4, 3))


@both
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_no_or_few_images(cluster: Clustering, count: int) -> None:
    embeddings = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    found = cluster(embeddings, 5, 0)
    assert found.shape == (count,)
    assert len(set(found.tolist())) <= min(5, count)


def test_more_clusters_than_distinct_images_does_not_warn() -> None:
    found = kmeans(np.repeat(np.array([[0.0], [1.0]]), 10, axis=0), 5, 0)
    assert len(set(found.tolist())) == 2


def test_as_many_clusters_as_images_are_singletons() -> None:
    assert len(set(kmeans(np.arange(6.0)[:, None], 6, 0).tolist())) == 6


def test_kmeans_assigns_each_image_to_the_nearest_mean() -> None:
    embeddings = np.random.default_rng(1).normal(size=(80, 3))
    found = kmeans(embeddings, 5, 0)
    means = np.stack([embeddings[found == c].mean(axis=0) for c in range(5)])
    nearest = [int(np.argmin([((row - mean) ** 2).sum() for mean in means])) for row in embeddings]
    assert found.tolist() == nearest
