import numpy as np
import pytest

from s2c2.metrics.bootstrap import Interval, bootstrap


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(0).normal(size=400)
    interval = bootstrap(lambda rows: float(values[rows].mean()), 400, np.random.default_rng(1))
    half = 1.96 * values.std() / 20
    assert interval.low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(100):
        values = rng.normal(size=60)
        interval = bootstrap(lambda rows: float(values[rows].mean()), 60, rng, repeats=200, level=0.9)  # noqa: B023
        covered += interval.low <= 0 <= interval.high
    assert 80 <= covered <= 97


def test_the_same_generator_gives_the_same_interval() -> None:
    def score(rows: np.ndarray) -> float:
        return float(rows.mean())

    assert bootstrap(score, 9, np.random.default_rng(0)) == bootstrap(score, 9, np.random.default_rng(0))


def test_draws_without_a_score_are_left_out() -> None:
    def mostly(rows: np.ndarray) -> float:
        return 1.0 if rows[0] else float("nan")

    assert bootstrap(mostly, 5, np.random.default_rng(0), repeats=50) == Interval(1.0, 1.0)
    for count in (0, 3):
        none = bootstrap(lambda _: float("nan"), count, np.random.default_rng(0), repeats=5)
        assert np.isnan([none.low, none.high]).all()
