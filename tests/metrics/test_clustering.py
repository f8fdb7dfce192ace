from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from s2c2.errors import UserError
from s2c2.metrics.clustering import (
    Weighting,
    inner_distance,
    normalized_mutual_information,
    purity,
    usage,
)

CIFAR10H = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cifar10h"
WEIGHTINGS: tuple[Weighting, ...] = ("macro", "size")


@st.composite
def groupings(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    count, classes = draw(st.integers(1, 30)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    clusters = rng.integers(0, draw(st.integers(1, 8)), size=count)
    return rng.dirichlet(np.full(classes, 0.3), size=count), clusters


def naive_distance(soft_labels: np.ndarray, clusters: np.ndarray, weighting: str) -> float:
    """Equation 4 of the paper, read as a mean over non-empty clusters, image by image."""
    per_cluster: list[float] = []
    sizes: list[int] = []
    for cluster in set(clusters.tolist()):
        members = [soft_labels[i] for i in range(len(clusters)) if clusters[i] == cluster]
        centre = [sum(member[c] for member in members) / len(members) for c in range(soft_labels.shape[1])]
        distances = [
            sum((a - b) ** 2 for a, b in zip(member, centre, strict=True)) ** 0.5 for member in members
        ]
        per_cluster.append(sum(distances) / len(members))
        sizes.append(len(members))
    if weighting == "macro":
        return sum(per_cluster) / len(per_cluster)
    return sum(d * size for d, size in zip(per_cluster, sizes, strict=True)) / sum(sizes)


@given(groupings(), st.sampled_from(WEIGHTINGS))
def test_inner_distance_equals_the_equation(
    grouping: tuple[np.ndarray, np.ndarray], weighting: Weighting
) -> None:
    soft_labels, clusters = grouping
    distance = inner_distance(soft_labels, clusters, weighting)
    assert distance == pytest.approx(naive_distance(soft_labels, clusters, weighting), abs=1e-12)
    assert 0 <= distance < 2**0.5


@given(groupings(), st.sampled_from(WEIGHTINGS), st.integers(0, 99))
def test_inner_distance_ignores_cluster_names_and_the_order_of_images(
    grouping: tuple[np.ndarray, np.ndarray], weighting: Weighting, seed: int
) -> None:
    soft_labels, clusters = grouping
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(len(clusters)), rng.permutation(1000)[:8] - 500
    moved = inner_distance(soft_labels[order], names[clusters][order], weighting)
    assert moved == pytest.approx(inner_distance(soft_labels, clusters, weighting), abs=1e-12)


@given(groupings())
def test_doubling_each_image_changes_nothing(grouping: tuple[np.ndarray, np.ndarray]) -> None:
    soft_labels, clusters = grouping
    for weighting in WEIGHTINGS:
        doubled = inner_distance(np.repeat(soft_labels, 2, axis=0), np.repeat(clusters, 2), weighting)
        assert doubled == pytest.approx(inner_distance(soft_labels, clusters, weighting), abs=1e-12)


@given(groupings())
def test_purity_never_rises_when_clusters_merge(grouping: tuple[np.ndarray, np.ndarray]) -> None:
    soft_labels, clusters = grouping
    merged = np.where(clusters == clusters.max(), clusters.min(), clusters)
    assert purity(soft_labels.argmax(axis=1), merged) <= purity(soft_labels.argmax(axis=1), clusters) + 1e-12


def test_merging_clusters_of_one_opinion_each_raises_the_distance() -> None:
    soft_labels = np.eye(2)[[0, 0, 1, 1]]
    assert inner_distance(soft_labels, np.array([0, 0, 1, 1])) == 0
    assert inner_distance(soft_labels, np.array([0, 0, 0, 0])) == pytest.approx(0.5**0.5)


def test_weightings_differ_on_unequal_clusters() -> None:
    soft_labels = np.eye(2)[[0, 1, 0, 0, 0, 0]]
    clusters = np.array([0, 0, 1, 1, 1, 1])
    assert inner_distance(soft_labels, clusters, "macro") == pytest.approx(0.5**0.5 / 2)
    assert inner_distance(soft_labels, clusters, "size") == pytest.approx(0.5**0.5 / 3)


def test_singletons_have_no_distance() -> None:
    soft_labels = np.random.default_rng(0).dirichlet(np.ones(7), size=50)
    assert inner_distance(soft_labels, np.arange(50)) == 0


def test_inner_distance_without_images_or_with_unknown_labels() -> None:
    assert np.isnan(inner_distance(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)))
    assert np.isnan(inner_distance(np.array([[np.nan, np.nan]]), np.array([0])))


def test_inner_distance_is_exact_from_float32() -> None:
    soft_labels = np.random.default_rng(0).dirichlet(np.ones(3), size=100).astype(np.float32)
    clusters = np.arange(100) % 4
    expected = naive_distance(soft_labels.astype(np.float64), clusters, "macro")
    assert inner_distance(soft_labels, clusters) == pytest.approx(expected, abs=1e-12)


@pytest.fixture(scope="module")
def people() -> np.ndarray:
    if not (CIFAR10H / "counts.npy").is_file():
        pytest.skip("needs ../shared/data/cifar10h beside the repository")
    counts: np.ndarray = np.load(CIFAR10H / "counts.npy").astype(np.float64)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def test_anchor_single_cluster_of_cifar10h(people: np.ndarray) -> None:
    assert inner_distance(people, np.zeros(len(people), dtype=np.int64)) == pytest.approx(0.905, abs=5e-4)
    disputed = people[people.max(axis=1) < 1]
    assert inner_distance(disputed, np.zeros(len(disputed), dtype=np.int64)) == pytest.approx(0.869, abs=5e-4)


def test_anchor_true_classes_and_singletons_of_cifar10h(people: np.ndarray) -> None:
    assert inner_distance(people, people.argmax(axis=1)) == pytest.approx(0.0686, abs=5e-5)
    assert inner_distance(people, people.argmax(axis=1), "size") == pytest.approx(0.0685, abs=5e-5)
    assert inner_distance(people, np.arange(len(people))) == 0


@pytest.mark.parametrize(("share", "expected"), [(0.1, 0.226), (0.2, 0.387), (0.3, 0.521), (0.4, 0.641)])
def test_anchor_noisy_classes_of_cifar10h(people: np.ndarray, share: float, expected: float) -> None:
    rng = np.random.default_rng(0)
    noisy = people.argmax(axis=1)
    replaced = rng.random(len(noisy)) < share
    noisy[replaced] = rng.integers(0, 10, size=int(replaced.sum()))
    assert inner_distance(people, noisy) == pytest.approx(expected, abs=0.02)
    assert inner_distance(people, noisy, "size") == pytest.approx(expected, abs=0.02)


def test_unknown_weighting_names_the_possible_ones() -> None:
    # The runtime type check of the tests stands before ours: call it as an untyped caller would.
    untyped: Any = getattr(inner_distance, "__wrapped__", inner_distance)
    with pytest.raises(UserError, match="did you mean 'macro'"):
        untyped(np.ones((1, 1)), np.zeros(1, np.int64), "marco")


@given(st.lists(st.integers(-3, 9), min_size=1, max_size=60))
def test_usage_equals_scipy(clusters: list[int]) -> None:
    sizes = [clusters.count(cluster) for cluster in set(clusters)]
    used = usage(np.array(clusters))
    assert used.clusters == len(sizes)
    assert used.largest == pytest.approx(max(sizes) / len(clusters))
    assert used.smallest == min(sizes)
    assert used.effective == pytest.approx(np.exp(entropy(sizes)))
    assert used.entropy == pytest.approx(entropy(sizes) / np.log(len(sizes)) if len(sizes) > 1 else 0)


def test_usage_without_images() -> None:
    used = usage(np.zeros(0, dtype=np.int64))
    assert (used.clusters, used.smallest) == (0, 0)
    assert np.isnan([used.entropy, used.effective, used.largest]).all()


@given(groupings())
def test_purity_and_mutual_information_equal_scikit_learn(grouping: tuple[np.ndarray, np.ndarray]) -> None:
    soft_labels, clusters = grouping
    target = soft_labels.argmax(axis=1)
    table = contingency_matrix(target, clusters)
    assert purity(target, clusters) == pytest.approx(table.max(axis=0).sum() / table.sum())
    expected = normalized_mutual_info_score(target, clusters)
    assert normalized_mutual_information(target, clusters) == pytest.approx(expected)


def naive_mutual_information(first: list[int], second: list[int]) -> float:
    count = len(first)

    def h(items: list[object]) -> float:
        shares = [items.count(x) / count for x in set(items)]
        return float(-sum(share * np.log(share) for share in shares))

    joint = h(list(zip(first, second, strict=True)))
    mean = (h(list(first)) + h(list(second))) / 2
    return float((h(list(first)) + h(list(second)) - joint) / mean)


def test_mutual_information_equals_its_definition() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 3, 50), rng.integers(0, 5, 50)
    expected = naive_mutual_information(first.tolist(), second.tolist())
    assert normalized_mutual_information(first, second) == pytest.approx(expected)


def test_many_groups_of_one_do_not_warn() -> None:
    assert purity(np.arange(60), np.arange(60)) == 1
    assert normalized_mutual_information(np.arange(60), np.arange(60)) == pytest.approx(1)


def test_purity_and_mutual_information_without_images() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert np.isnan(purity(none, none))
    assert np.isnan(normalized_mutual_information(none, none))
