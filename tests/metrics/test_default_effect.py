import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.metrics.default_effect import acceptance, biased, blended, estimated_offset, unbiased

seeds = st.integers(0, 2**31)
offsets = st.floats(0, 0.9)


def drawn(seed: int, zeros: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return soft labels and a proposal for each, some of them none."""
    rng = np.random.default_rng(seed)
    soft = rng.dirichlet(np.full(4, 0.7), size=12) + (0 if zeros else 1e-3)
    if zeros:
        soft[soft < 0.2] = 0
    return soft / soft.sum(axis=1, keepdims=True), rng.integers(-1, 4, size=12)


def naive(soft: np.ndarray, proposal: int, offset: float) -> list[float]:
    """The model of one image, class by class."""
    if proposal < 0:
        return [float(share) for share in soft]
    accepted = offset + (0.99 - offset) * soft[proposal]
    rest = [0.0 if j == proposal else float(soft[j]) for j in range(len(soft))]
    if sum(rest) == 0:
        rest = [float(j != proposal) for j in range(len(soft))]
    return [
        float(accepted if j == proposal else (1 - accepted) * rest[j] / sum(rest)) for j in range(len(soft))
    ]


@given(seeds, offsets, st.booleans())
@settings(max_examples=50)
def test_answers_follow_the_model_class_by_class(seed: int, offset: float, zeros: bool) -> None:
    soft, proposals = drawn(seed, zeros)
    answers = biased(soft, proposals, offset)
    np.testing.assert_allclose(
        answers, [naive(row, int(c), offset) for row, c in zip(soft, proposals, strict=True)], atol=1e-12
    )
    np.testing.assert_allclose(answers.sum(axis=1), 1)


@given(seeds, offsets)
@settings(max_examples=50)
def test_removing_the_effect_from_expected_answers_gives_the_truth(seed: int, offset: float) -> None:
    soft, proposals = drawn(seed)
    np.testing.assert_allclose(unbiased(biased(soft, proposals, offset), proposals, offset), soft, atol=1e-9)


@given(seeds, offsets, st.integers(1, 6))
@settings(max_examples=50)
def test_few_votes_still_give_distributions(seed: int, offset: float, votes: int) -> None:
    soft, proposals = drawn(seed)
    shares = np.random.default_rng(seed).multinomial(votes, soft) / votes
    labels = unbiased(shares, proposals, offset)
    assert (labels >= 0).all()
    np.testing.assert_allclose(labels.sum(axis=1), 1)
    np.testing.assert_array_equal(labels[proposals < 0], shares[proposals < 0])
    np.testing.assert_allclose(blended(labels).sum(axis=1), 1)


def test_limits_by_hand() -> None:
    shares = np.array([[1.0, 0, 0], [0.1, 0.6, 0.3], [0, 0.5, 0.5]])
    labels = unbiased(shares, np.array([0, 0, 0]), 0.2)
    np.testing.assert_allclose(labels, np.array([[1, 0, 0], [0, 2 / 3, 1 / 3], [0, 0.5, 0.5]]))


@pytest.mark.parametrize("offset", [0.0, 0.2, 0.65])
def test_many_votes_give_back_truth_and_offset(offset: float) -> None:
    rng = np.random.default_rng(0)
    soft, proposals = np.array([[0.5, 0.3, 0.2], [0.05, 0.9, 0.05]]), np.array([1, 0])
    votes = rng.multinomial(200_000, biased(soft, proposals, offset)) / 200_000
    np.testing.assert_allclose(unbiased(votes, proposals, offset), soft, atol=0.01)
    accepted = votes[[0, 1], proposals]
    assert estimated_offset(accepted, soft[[0, 1], proposals]) == pytest.approx(offset, abs=0.01)


def test_offset_solves_the_mean_of_the_model() -> None:
    soft, proposals = drawn(3)
    proposals = np.abs(proposals)
    for offset in (0.0, 0.3, 0.9):
        chosen = soft[np.arange(12), proposals]
        assert estimated_offset(acceptance(soft, proposals, offset), chosen) == pytest.approx(offset)


def test_offset_without_anything_to_learn_from() -> None:
    assert np.isnan(estimated_offset(np.array([], dtype=bool), np.array([])))
    assert np.isnan(estimated_offset(np.array([True, True]), np.array([1.0, 1.0])))
    assert estimated_offset(np.array([False]), np.array([0.5])) == 0


def test_who_accepts_everything_has_the_greatest_offset() -> None:
    assert estimated_offset(np.array([True, True]), np.array([0.5, 0.5])) == pytest.approx(0.98)


def test_blending_by_hand() -> None:
    labels = np.array([[0.8, 0.2], [0.6, 0.4], [0.0, 1.0]])
    np.testing.assert_allclose(blended(labels, keep=0.5), [[0.75, 0.25], [0.65, 0.35], [0.0, 1.0]])


def test_three_quarters_of_a_label_are_kept_where_nothing_is_said() -> None:
    np.testing.assert_allclose(blended(np.array([[0.8, 0.2], [0.6, 0.4]])), [[0.775, 0.225], [0.625, 0.375]])
