import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from s2c2.metrics.agreement import cohen_kappa, krippendorff_alpha

# The worked examples of Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); "." is missing.
BINARY = ("0100000010", "1110010000")
NOMINAL = ("aabbdcccedda", "babbbccceddd")
MISSING = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def votes(observers: tuple[str, ...]) -> np.ndarray:
    symbols = sorted(set("".join(observers)) - {"."})
    columns = ["".join(column) for column in zip(*observers, strict=True)]
    return np.array([[column.count(symbol) for symbol in symbols] for column in columns])


def naive_alpha(table: np.ndarray) -> float:
    """Alpha from the matrix of coincidences, pair by pair."""
    classes = table.shape[1]
    coincidences = np.zeros((classes, classes))
    for row in table:
        labels = [c for c in range(classes) for _ in range(row[c])]
        for i, first in enumerate(labels):
            for j, second in enumerate(labels):
                if i != j:
                    coincidences[first, second] += 1 / (len(labels) - 1)
    totals = coincidences.sum(axis=1)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    off = ~np.eye(classes, dtype=bool)
    return float(1 - coincidences[off].sum() / expected[off].sum())


def test_alpha_of_two_observers_and_two_values() -> None:
    assert krippendorff_alpha(votes(BINARY)) == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_two_observers_and_many_values() -> None:
    assert krippendorff_alpha(votes(NOMINAL)) == pytest.approx(0.692, abs=5e-4)


def test_alpha_of_four_observers_who_missed_some() -> None:
    assert krippendorff_alpha(votes(MISSING)) == pytest.approx(0.743, abs=5e-4)


@given(st.integers(0, 10_000))
def test_alpha_equals_the_coincidence_matrix(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 4, size=(12, 3))
    assert krippendorff_alpha(table) == pytest.approx(naive_alpha(table))
    assert krippendorff_alpha(table[:, ::-1]) == pytest.approx(krippendorff_alpha(table))
    assert krippendorff_alpha(table) <= 1


def test_alpha_of_agreement_and_where_it_is_not_defined() -> None:
    assert krippendorff_alpha(np.array([[3, 0], [0, 2]])) == 1
    assert np.isnan(krippendorff_alpha(np.array([[3, 0], [2, 0]])))
    assert np.isnan(krippendorff_alpha(np.array([[1, 0], [0, 1], [0, 0]])))
    assert np.isnan(krippendorff_alpha(np.zeros((0, 2), dtype=np.int64)))


def test_images_with_one_vote_do_not_count() -> None:
    table = np.array([[2, 1], [0, 3], [4, 1]])
    assert krippendorff_alpha(np.vstack([table, [[1, 0], [0, 0]]])) == krippendorff_alpha(table)


def test_kappa_by_hand() -> None:
    # The common 2 × 2 example: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o .7, p_e .5.
    first = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    second = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert cohen_kappa(first, second) == pytest.approx(0.4)


@given(st.integers(0, 10_000))
def test_kappa_equals_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 4, size=(2, 30))
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa(second, first))


def test_kappa_leaves_out_what_one_did_not_label() -> None:
    first, second = np.array([0, 1, -1, 1, 0]), np.array([0, 1, 1, 0, -1])
    assert cohen_kappa(first, second) == cohen_kappa(np.array([0, 1, 1]), np.array([0, 1, 0]))


def test_kappa_where_it_is_not_defined() -> None:
    assert np.isnan(cohen_kappa(np.array([1, 1]), np.array([1, 1])))
    assert np.isnan(cohen_kappa(np.array([-1]), np.array([0])))
    assert np.isnan(cohen_kappa(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)))
