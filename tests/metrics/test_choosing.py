"""What data would choose, against naive loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.metrics.choosing import divide, elbow, stability


@given(st.lists(st.integers(-20, 20), min_size=3, max_size=12).filter(lambda values: len(set(values)) > 1))
def test_elbow_is_farthest_below_the_line_from_the_highest_to_the_lowest(values: list[int]) -> None:
    falling = sorted(values, reverse=True)
    last = len(falling) - 1
    below = [
        falling[0] + (falling[-1] - falling[0]) * place / last - value for place, value in enumerate(falling)
    ]
    found = elbow(np.array(values, dtype=np.float64)) * last
    assert found == pytest.approx(round(found))
    assert below[round(found)] == pytest.approx(max(below))


@given(st.lists(st.integers(-20, 20), min_size=2, max_size=12).filter(lambda values: len(set(values)) > 1))
def test_division_has_the_least_squared_distance_to_two_means(values: list[int]) -> None:
    def spread(part: list[int]) -> float:
        mean = sum(part) / len(part)
        return sum((value - mean) ** 2 for value in part)

    falling = sorted(values, reverse=True)
    costs = {
        count: spread(falling[:count]) + spread(falling[count:])
        for count in range(1, len(falling))
        if falling[count - 1] > falling[count]
    }
    found = divide(np.array(values, dtype=np.float64)) * len(values)
    assert costs[round(found)] == pytest.approx(min(costs.values()), abs=1e-6)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0]])
def test_equal_scores_have_neither(values: list[float]) -> None:
    assert np.isnan(elbow(np.array(values)))
    assert np.isnan(divide(np.array(values)))


def blobs(count: int, rng: np.random.Generator) -> np.ndarray:
    centres = 10 * np.eye(4)
    return np.concatenate([centre + 0.1 * rng.standard_normal((count, 4)) for centre in centres])


def test_as_many_clusters_as_there_are_blobs_are_the_most_stable() -> None:
    rng = np.random.default_rng(0)
    points, asked = blobs(30, rng), blobs(20, rng)
    found = stability(points, asked, (2, 4, 8, 12), np.random.default_rng(0))
    assert found[1] == pytest.approx(1.0)
    assert max(found[2:]) < 0.8
    assert found == stability(points, asked, (2, 4, 8, 12), np.random.default_rng(0))


def test_clusters_of_noise_agree_little() -> None:
    rng = np.random.default_rng(0)
    points, asked = rng.standard_normal((80, 6)), rng.standard_normal((80, 6))
    assert stability(points, asked, (5,), rng)[0] < 0.3


def test_halves_need_a_point_for_each_cluster() -> None:
    points = np.zeros((5, 2))
    with pytest.raises(ValueError, match="5 points cannot be halved for 3 clusters"):
        stability(points, points, (3,), np.random.default_rng(0))
