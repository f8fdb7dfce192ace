from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.metrics.calibration import DCIC_BINS, DCIC_CLIP, ece, kl


def naive_ece(probabilities: np.ndarray, target: np.ndarray, bins: int) -> float:
    total = 0.0
    for b in range(bins):
        inside = [i for i in range(len(target)) if b / bins < probabilities[i].max() <= (b + 1) / bins]
        if inside:
            right = np.mean([probabilities[i].argmax() == target[i] for i in inside])
            confidence = np.mean([probabilities[i].max() for i in inside])
            total += len(inside) / len(target) * abs(right - confidence)
    return total


@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from([1, 5, 9, 15]))
def test_ece_equals_the_naive_loop(seed: int, count: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities, target = rng.dirichlet(np.ones(3), size=count), rng.integers(0, 3, size=count)
    assert ece(probabilities, target, bins) == pytest.approx(naive_ece(probabilities, target, bins))
    assert 0 <= ece(probabilities, target, bins) <= 1


def test_ece_with_nine_bins_is_that_of_the_dcic_benchmark() -> None:
    rng = np.random.default_rng(1)
    probabilities, target = rng.dirichlet(np.ones(4), size=200), rng.integers(0, 4, size=200)
    edges = np.linspace(0, 1, 10)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == target
    expected = 0.0
    for low, high in pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        expected += abs((right[inside] - confidence[inside]).sum()) / 200
    assert ece(probabilities, target, DCIC_BINS) == pytest.approx(expected)


def test_ece_of_certain_answers() -> None:
    sure = np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]
    assert ece(sure, np.array([0, 0, 1, 1])) == 0
    assert ece(sure, np.array([1, 1, 0, 0])) == 1
    assert ece(sure, np.array([0, 1, 1, 0])) == 0.5
    assert np.isnan(ece(np.zeros((0, 2)), np.zeros(0, dtype=np.int64)))


def test_a_confidence_on_an_edge_belongs_to_the_lower_bin() -> None:
    rows = np.array([[0.5, 0.25, 0.25], [0.4, 0.3, 0.3], [0.6, 0.2, 0.2]])
    # bins (0, .5] and (.5, 1]: |0.5 + 0.4 - 2| / 3 + |0.6 - 0| / 3
    assert ece(rows, np.array([0, 0, 1]), bins=2) == pytest.approx(1.1 / 3 + 0.6 / 3)


@given(st.integers(0, 10_000), st.sampled_from([0.0, DCIC_CLIP, 0.01]))
def test_kl_equals_the_naive_loop(seed: int, clip: float) -> None:
    rng = np.random.default_rng(seed)
    people, network = rng.dirichlet(np.ones(3), size=8), rng.dirichlet(np.ones(3), size=8)
    people[0] = [1, 0, 0]
    total = 0.0
    for l_row, p_row in zip(people.tolist(), network.tolist(), strict=True):
        for l_c, p_c in zip(l_row, p_row, strict=True):
            l_c, p_c = (min(max(value, clip), 1 - clip) for value in (l_c, p_c))
            total += l_c * np.log(l_c / p_c) if l_c else 0
    assert kl(people, network, clip) == pytest.approx(total / 8)


def test_kl_of_a_class_ruled_out() -> None:
    people, network = np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]], dtype=np.float32)
    assert kl(people, network) == np.inf
    assert np.isfinite(kl(people, network, DCIC_CLIP))
    assert kl(people, people) == 0
    assert np.isnan(kl(np.zeros((0, 2)), np.zeros((0, 2))))
