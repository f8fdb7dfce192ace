from itertools import permutations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from s2c2.metrics.ambiguity import auroc, average_precision, entropy, spearman

scored = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40)


def unpack(images: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score / 10 for score, _ in images]), np.array([truth for _, truth in images])


@given(scored)
def test_auroc_counts_pairs(images: list[tuple[int, bool]]) -> None:
    scores, truth = unpack(images)
    pairs = [(a > b) + (a == b) / 2 for a in scores[truth] for b in scores[~truth]]
    if pairs:
        assert auroc(scores, truth) == pytest.approx(sum(pairs) / len(pairs))
        assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))
        assert auroc(-scores, truth) == pytest.approx(1 - auroc(scores, truth))
        assert auroc(np.exp(scores), truth) == pytest.approx(auroc(scores, truth))
    else:
        assert np.isnan(auroc(scores, truth))


@given(scored)
def test_average_precision_equals_its_definition(images: list[tuple[int, bool]]) -> None:
    scores, truth = unpack(images)
    if truth.all() or not truth.any():
        assert np.isnan(average_precision(scores, truth))
        return
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        found = truth[scores >= threshold]
        total += (found.sum() / truth.sum() - recall) * found.mean()
        recall = found.sum() / truth.sum()
    assert average_precision(scores, truth) == pytest.approx(total)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30))
def test_spearman_is_the_correlation_of_ranks(points: list[tuple[int, int]]) -> None:
    first, second = (np.array(values, dtype=np.float64) for values in zip(*points, strict=True))
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert np.isnan(spearman(first, second))
        return
    ranks = [
        [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]
        for values in (first, second)
    ]
    assert spearman(first, second) == pytest.approx(np.corrcoef(ranks)[0, 1])


def test_one_class_or_no_image_is_not_a_number_and_no_warning() -> None:
    for count in (0, 1, 3):
        scores = np.linspace(0, 1, count)
        for truth in (np.zeros(count, dtype=bool), np.ones(count, dtype=bool)):
            assert np.isnan(auroc(scores, truth))
            assert np.isnan(average_precision(scores, truth))
        assert np.isnan(spearman(scores, np.zeros(count)))
    assert np.isnan(spearman(np.array([0.5]), np.array([0.5])))


def test_entropy_equals_scipy() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(4), size=20)
    np.testing.assert_allclose(entropy(rows), scipy.stats.entropy(rows, axis=1))
    assert entropy(np.array([[1.0, 0.0]])).tolist() == [0.0]
    assert entropy(np.full((1, 4), 0.25)).item() == pytest.approx(np.log(4))


def test_the_same_shares_in_another_order_have_the_same_entropy() -> None:
    shares = np.array([1, 2, 3, 7, 11]) / 24
    orders = np.array(list(permutations(shares)))
    assert len(set(entropy(orders).tolist())) == 1
