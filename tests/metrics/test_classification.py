import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from s2c2.metrics.classification import accuracy, confusion, macro_f1, weighted_f1

Pair = tuple[np.ndarray, np.ndarray]


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    count = draw(st.integers(1, 40))
    labels = st.lists(st.integers(0, 5), min_size=count, max_size=count)
    return np.array(draw(labels)), np.array(draw(labels))


def naive_f1(target: list[int], predicted: list[int]) -> dict[int, float]:
    scores = {}
    for c in set(target) | set(predicted):
        right = sum(t == c and p == c for t, p in zip(target, predicted, strict=True))
        precision = right / max(sum(p == c for p in predicted), 1)
        recall = right / max(sum(t == c for t in target), 1)
        scores[c] = 2 * precision * recall / (precision + recall) if right else 0.0
    return scores


@given(pairs())
def test_f1_equals_the_naive_loop_and_scikit_learn(pair: Pair) -> None:
    target, predicted = pair
    scores = naive_f1(target.tolist(), predicted.tolist())
    weighted = sum(scores[t] for t in target.tolist()) / len(target)
    assert weighted_f1(target, predicted) == pytest.approx(weighted)
    assert macro_f1(target, predicted) == pytest.approx(sum(scores.values()) / len(scores))
    for average, ours in (("weighted", weighted_f1), ("macro", macro_f1)):
        expected = f1_score(target, predicted, average=average, zero_division=0.0)
        assert ours(target, predicted) == pytest.approx(expected)


@given(pairs())
def test_accuracy_and_confusion_equal_scikit_learn(pair: Pair) -> None:
    target, predicted = pair
    assert accuracy(target, predicted) == pytest.approx(accuracy_score(target, predicted))
    expected = confusion_matrix(target, predicted, labels=range(6))
    np.testing.assert_array_equal(confusion(target, predicted, 6), expected)


@given(pairs(), st.permutations(range(6)))
def test_renaming_classes_and_reordering_images_change_nothing(pair: Pair, names: list[int]) -> None:
    target, predicted = pair
    order = np.random.default_rng(len(target)).permutation(len(target))
    renamed = np.array(names)[target][order], np.array(names)[predicted][order]
    for score in (accuracy, weighted_f1, macro_f1):
        assert score(*renamed) == pytest.approx(score(target, predicted))
        assert 0 <= score(target, predicted) <= 1
        assert score(target, target) == 1


def test_hand_computed() -> None:
    target, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    # class 0: precision 1, recall 2/3, F1 .8; class 1: precision 1/2, recall 1, F1 2/3
    assert weighted_f1(target, predicted) == pytest.approx(0.75 * 0.8 + 0.25 * 2 / 3)
    assert macro_f1(target, predicted) == pytest.approx((0.8 + 2 / 3) / 2)


def test_without_images_there_is_no_score() -> None:
    none = np.array([], dtype=np.int64)
    assert all(np.isnan(score(none, none)) for score in (accuracy, weighted_f1, macro_f1))
    assert confusion(none, none, 2).tolist() == [[0, 0], [0, 0]]


def test_mixed_integer_types() -> None:
    target, predicted = np.array([0, 1], dtype=np.int64), np.array([0, 1], dtype=np.int32)
    assert weighted_f1(target, predicted) == 1
    assert confusion(target, predicted, 2).tolist() == [[1, 0], [0, 1]]
