from collections.abc import Callable

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from s2c2.metrics import baselines
from s2c2.metrics.baselines import gaussian_mixture, hdbscan, kmeans, unit_kmeans

Clustering = Callable[[np.ndarray, int, int], np.ndarray]
each = pytest.mark.parametrize("cluster", [kmeans, gaussian_mixture, unit_kmeans, hdbscan])


def blobs(count: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = np.arange(count) % 4
    centres = 20 * rng.normal(size=(4, 24))
    return (centres[truth] + rng.normal(size=(count, 24))).astype(np.float32), truth


@each
def test_finds_separate_groups_and_repeats_by_seed(cluster: Clustering) -> None:
    embeddings, truth = blobs()
    found = cluster(embeddings, 4, 3)
    assert adjusted_rand_score(truth, found) == 1
    np.testing.assert_array_equal(found, cluster(embeddings, 4, 3))


@each
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


def test_hdbscan_of_many_images_clusters_some_and_gives_each_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    whole = baselines._hdbscan
    monkeypatch.setattr(baselines, "MOST", 100)

    def counted(values: np.ndarray, size: int) -> np.ndarray:
        sizes.append(len(values))
        return whole(values, size)

    monkeypatch.setattr(baselines, "_hdbscan", counted)
    embeddings, truth = blobs(400)
    assert adjusted_rand_score(truth, hdbscan(embeddings, 4)) == 1
    assert set(sizes) == {100}


def test_unit_kmeans_is_kmeans_of_the_directions() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(60, 3)) * rng.uniform(0.1, 50, (60, 1))
    directions = np.array([row / np.sqrt((row**2).sum()) for row in embeddings])
    np.testing.assert_array_equal(unit_kmeans(embeddings, 5, 1), kmeans(directions, 5, 1))
    assert unit_kmeans(np.zeros((4, 2)), 2, 0).shape == (4,)


def uneven() -> tuple[np.ndarray, np.ndarray]:
    """Six dense groups of other sizes, and images far from all of them."""
    rng = np.random.default_rng(3)
    truth = np.repeat(np.arange(6), [40, 30, 25, 20, 15, 10])
    centres = 30 * rng.normal(size=(6, 5))
    dense = centres[truth] + 0.3 * rng.normal(size=(len(truth), 5))
    return np.concatenate([dense, centres[[0, 1]] + 3.0]), np.concatenate([truth, [0, 1]])


def test_hdbscan_gives_as_many_clusters_as_asked_and_leaves_no_image_out() -> None:
    embeddings, truth = uneven()
    assert adjusted_rand_score(truth, hdbscan(embeddings, 6)) == 1
    for count in (2, 3, 5, 9):
        found = hdbscan(embeddings, count)
        assert set(found.tolist()) == set(range(count))


def test_hdbscan_joins_whole_clusters_only() -> None:
    embeddings, truth = uneven()
    found = hdbscan(embeddings, 3)
    assert all(len(set(found[truth == group].tolist())) == 1 for group in range(6))


def test_hdbscan_without_any_dense_group_is_one_cluster() -> None:
    scattered = np.diag(4.0 ** np.arange(6))
    assert hdbscan(scattered, 3).tolist() == [0] * 6


def made_up(seed: int, sizes: tuple[int, ...] = (30, 24, 18, 14, 9), between: int = 25) -> np.ndarray:
    """Blobs of some sizes on a grid, and images between them."""
    rng = np.random.default_rng(seed)
    blobs = [
        rng.normal((12 * (i % 3), 12 * (i // 3)), rng.uniform(0.3, 0.9), (size, 2))
        for i, size in enumerate(sizes)
    ]
    return np.vstack([*blobs, rng.uniform(-6, 30, (between, 2))])


def by_definition(values: np.ndarray, count: int) -> np.ndarray:
    """The leaves at the largest least size that gives enough of them, joined, and nobody left out."""
    leaves = {
        size: HDBSCAN(
            min_cluster_size=size, min_samples=2, cluster_selection_method="leaf", copy=True
        ).fit_predict(values)
        for size in range(2, max(len(values) // count, 2) + 1)
    }
    enough = [size for size, found in leaves.items() if found.max() + 1 >= count]
    found = leaves[max(enough, default=2)]

    def means(groups: np.ndarray) -> list[np.ndarray]:
        return [values[groups == group].mean(axis=0) for group in range(groups.max() + 1)]

    if found.max() + 1 > count:
        joined = AgglomerativeClustering(count, linkage="average").fit_predict(np.stack(means(found)))
        found = np.array([-1 if group < 0 else joined[group] for group in found])
    places = means(found)
    nearest = [min(range(len(places)), key=lambda g: float(np.sum((row - places[g]) ** 2))) for row in values]
    return np.where(found < 0, nearest, found)


@pytest.mark.parametrize("count", [2, 3, 5, 8])
@pytest.mark.parametrize("seed", range(4))
def test_hdbscan_is_what_it_says_size_by_size(seed: int, count: int) -> None:
    values = made_up(seed)
    found, expected = hdbscan(values, count), by_definition(values, count)
    assert adjusted_rand_score(found, expected) == 1
    assert len(np.unique(found)) <= count


@pytest.mark.parametrize(
    ("sizes", "count"), [((20, 20, 20, 20), 2), ((20, 20, 20, 20), 3), ((15, 15, 15), 2), ((2,) * 6, 6)]
)
@pytest.mark.parametrize("seed", range(3))
def test_hdbscan_joins_and_fills_up_as_it_says(seed: int, sizes: tuple[int, ...], count: int) -> None:
    """Blobs of one size vanish together, so that more are left than asked; pairs only at the least size."""
    values = made_up(seed, sizes, 0 if sizes[0] == 2 else 15)
    assert adjusted_rand_score(hdbscan(values, count), by_definition(values, count)) == 1
