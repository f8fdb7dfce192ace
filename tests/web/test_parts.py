import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from s2c2.web.parts import parted


def _heaps(rng: np.random.Generator, n: int, count: int, spread: float) -> NDArray[np.float32]:
    centres = rng.normal(0, spread, (count, 5))
    rows: NDArray[np.float32] = (centres[rng.integers(count, size=n)] + rng.normal(size=(n, 5))).astype(
        np.float32
    )
    return rows


@settings(max_examples=50)
@given(seed=st.integers(0, 999), n=st.integers(4, 120), count=st.integers(2, 4), spread=st.floats(0.1, 5))
def test_each_image_is_as_far_from_its_part_as_is_said(seed: int, n: int, count: int, spread: float) -> None:
    rows = _heaps(np.random.default_rng(seed), n, count, spread)
    labels, away = parted(rows, count, np.random.default_rng(0))
    assert sorted(set(labels.tolist())) == list(range(count))
    for part in range(count):
        centre = rows[labels == part].mean(axis=0)
        expected = [float(np.sqrt(((row - centre) ** 2).sum())) for row in rows[labels == part]]
        np.testing.assert_allclose(away[labels == part], expected, rtol=1e-3, atol=1e-4)


def test_parts_are_as_close_as_those_of_scikit_learn() -> None:
    ratios = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        n, count, spread = int(rng.integers(8, 121)), int(rng.integers(2, 5)), float(rng.uniform(0.1, 5))
        rows = _heaps(rng, n, count, spread)
        _, away = parted(rows, count, np.random.default_rng(0))
        ratios.append(float((away**2).sum()) / KMeans(count, n_init=10, random_state=0).fit(rows).inertia_)
    assert np.mean(ratios) <= 1.005
    assert np.quantile(ratios, 0.95) <= 1.02
    assert max(ratios) <= 1.2


def test_parts_that_are_far_apart_are_found_whatever_the_draw() -> None:
    heaps = np.repeat(np.eye(4, 6, dtype=np.float32) * 50, [3, 40, 1, 9], axis=0)
    rows = heaps + np.random.default_rng(1).normal(size=heaps.shape).astype(np.float32)
    for seed in range(20):
        labels, _ = parted(rows, 4, np.random.default_rng(seed))
        cuts = np.flatnonzero(np.diff(labels)) + 1
        assert cuts.tolist() == [3, 43, 44]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_no_part_is_empty_where_images_are_alike(count: int) -> None:
    rows = np.ones((5, 3), dtype=np.float32)
    rows[:2] += np.float32(1e-7)
    labels, _ = parted(rows, count, np.random.default_rng(0))
    assert sorted(set(labels.tolist())) == list(range(count))
