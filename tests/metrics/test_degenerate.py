import numpy as np
import pytest

from s2c2.metrics.degenerate import constant_class, degenerate, single_cluster


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, True), (9, True), (10, False), (50, False), (90, False), (91, True), (100, True)],
)
def test_degenerate_by_share(count: int, expected: bool) -> None:
    assert degenerate(np.arange(100) < count) is expected


def test_nothing_is_not_degenerate() -> None:
    assert not degenerate(np.zeros(0, dtype=bool))


def test_constant_class() -> None:
    assert constant_class(np.array([2, 2]))
    assert not constant_class(np.array([2, 2, 1]))
    assert not constant_class(np.array([2]))
    assert not constant_class(np.zeros(0, dtype=np.int64))


@pytest.mark.parametrize(("alone", "expected"), [(90, False), (91, True), (100, True)])
def test_single_cluster(alone: int, expected: bool) -> None:
    assert single_cluster(np.where(np.arange(100) < alone, 7, np.arange(100))) is expected


def test_one_ambiguous_image_is_no_collapse() -> None:
    assert not single_cluster(np.array([3]))
    assert not single_cluster(np.zeros(0, dtype=np.int64))
