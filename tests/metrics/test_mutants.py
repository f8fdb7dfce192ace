"""What changed metrics got away with once (``make mutants``)."""

import numpy as np
import pytest

from s2c2.metrics.bootstrap import bootstrap
from s2c2.metrics.coverage import margin
from s2c2.metrics.degenerate import single_cluster


def test_the_margin_of_two_classes_is_their_gap() -> None:
    assert margin(np.array([[0.9, 0.1], [0.5, 0.5]])) == pytest.approx([0.2, 1.0])


def test_two_images_in_one_cluster_are_a_single_cluster() -> None:
    assert single_cluster(np.array([3, 3]))
    assert not single_cluster(np.array([3, 4]))


def test_both_ends_of_the_interval_leave_out_the_same_share() -> None:
    values = iter(range(101))
    found = bootstrap(lambda _: float(next(values)), 5, np.random.default_rng(0), repeats=101, level=0.8)
    assert (found.low, found.high) == pytest.approx((10, 90))
