import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.metrics.coverage import (
    UNCERTAINTIES,
    RiskCoverage,
    least_confidence,
    margin,
    reject,
    rejections,
    risk_coverage,
)

scored = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40)


@given(st.lists(st.integers(0, 5), max_size=30), st.data())
def test_rejection_has_the_exact_count_of_the_highest_scores(values: list[int], data: st.DataObject) -> None:
    scores = np.array(values, dtype=np.float64)
    count = data.draw(st.integers(0, len(values)))
    rejected = reject(scores, count)
    assert rejected.sum() == count
    if 0 < count < len(values):
        assert scores[rejected].min() >= scores[~rejected].max()
    expected = sorted(range(len(values)), key=lambda i: (-values[i], i))[:count]
    assert np.flatnonzero(rejected).tolist() == sorted(expected)


@pytest.mark.parametrize("count", [-1, 4])
def test_an_impossible_count_is_an_error(count: int) -> None:
    with pytest.raises(ValueError, match="cannot reject"):
        reject(np.zeros(3), count)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.data())
def test_a_tie_that_is_cut_is_drawn_and_nothing_else(values: list[int], data: st.DataObject) -> None:
    scores = np.array(values, dtype=np.float64)
    count = data.draw(st.integers(0, len(values)))
    level = sorted(values, reverse=True)[count - 1] if count else max(values) + 1
    above, tied = sum(value > level for value in values), values.count(level)
    cut = 0 < count - above < tied
    found = rejections(scores, count, np.random.default_rng(0), 7)
    assert len(found) == (7 if cut else 1)
    for mask in found:
        assert mask.sum() == count
        assert mask[scores > level].all()
        assert not mask[scores < level].any()


def test_each_image_of_a_cut_tie_is_rejected_as_often() -> None:
    found = rejections(np.array([3.0, 1, 1, 1, 1, 0]), 3, np.random.default_rng(0), 4000)
    assert np.mean(found, axis=0) == pytest.approx([1, 0.5, 0.5, 0.5, 0.5, 0], abs=0.04)


@pytest.mark.parametrize("count", [0, 300])
def test_none_or_all_of_many_images_are_rejected_in_one_way(count: int) -> None:
    (mask,) = rejections(np.zeros(300), count, np.random.default_rng(0), 5)
    assert mask.sum() == count


def test_uncertainties_by_hand() -> None:
    rows = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(least_confidence(rows), [0.3, 0.6, 0])
    np.testing.assert_allclose(margin(rows), [0.5, 1, 0])
    assert margin(np.ones((2, 1))).tolist() == [0, 0]
    for score in UNCERTAINTIES.values():
        assert score(rows.astype(np.float32)).argmax() == 1 or score is not margin
        assert score(rows).argmin() == 2
        assert score(rows).dtype == np.float64


def test_the_margin_is_the_gap_of_the_two_highest_among_many_classes() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(25), size=200)
    gaps = [1 - (highest - second) for *_, second, highest in map(sorted, rows.tolist())]
    np.testing.assert_allclose(margin(rows), gaps)


def test_the_risk_at_a_share_is_that_of_the_nearest_number_of_images_but_none() -> None:
    curve = RiskCoverage(np.array([0.25, 0.5, 0.75, 1]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert curve.at([0.01, 0.25, 0.37, 0.38, 0.5, 0.9, 1.0]).tolist() == [0.1, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4]


@given(scored)
def test_risk_is_the_mean_over_random_orders_of_ties(images: list[tuple[int, bool]]) -> None:
    scores = np.array([float(score) for score, _ in images])
    errors = np.array([error for _, error in images])
    curve = risk_coverage(scores, errors)
    for kept in range(1, len(images) + 1):
        threshold = sorted(scores)[kept - 1]
        below, tied = errors[scores < threshold], errors[scores == threshold]
        expected = (below.sum() + (kept - len(below)) * tied.mean()) / kept
        assert curve.risk[kept - 1] == pytest.approx(expected)
        assert curve.coverage[kept - 1] == pytest.approx(kept / len(images))
    assert curve.area == pytest.approx(np.mean(curve.risk))


@given(scored, st.integers(0, 99))
def test_the_curve_does_not_depend_on_the_order_of_images(images: list[tuple[int, bool]], seed: int) -> None:
    scores = np.array([float(score) for score, _ in images])
    errors = np.array([error for _, error in images])
    order = np.random.default_rng(seed).permutation(len(images))
    np.testing.assert_allclose(
        risk_coverage(scores[order], errors[order]).risk, risk_coverage(scores, errors).risk, atol=1e-12
    )


def test_a_score_that_says_nothing_has_the_error_rate_and_the_best_one_the_least_area() -> None:
    errors = np.random.default_rng(0).random(200) < 0.3
    floor = risk_coverage(np.zeros(200), errors).area
    best = risk_coverage(errors.astype(np.float64), errors).area
    assert floor == pytest.approx(errors.mean())
    assert best < floor < risk_coverage(-errors.astype(np.float64), errors).area
    share = errors.mean()
    assert best == pytest.approx(share + (1 - share) * np.log(1 - share), abs=0.01)  # the known limit


def test_without_images_the_curve_is_empty() -> None:
    curve = risk_coverage(np.zeros(0), np.zeros(0, dtype=bool))
    assert len(curve.risk) == len(curve.coverage) == 0
    assert np.isnan(curve.area)
