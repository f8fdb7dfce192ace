from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.data.formats.soft import votes_of
from s2c2.errors import UserError


@given(st.lists(st.integers(0, 50), min_size=2, max_size=6).filter(any))
def test_votes_give_back_the_soft_label_they_came_from(counts: list[int]) -> None:
    label = [count / sum(counts) for count in counts]
    votes = votes_of(label, len(counts), "line 1")
    np.testing.assert_allclose(np.array(votes) / sum(votes), label, atol=1e-5)
    assert sum(votes) <= sum(counts)


@given(st.lists(st.floats(1e-3, 1), min_size=2, max_size=6))
def test_any_soft_label_is_given_to_a_thousandth(weights: list[float]) -> None:
    label = [weight / sum(weights) for weight in weights]
    votes = votes_of(label, len(label), "line 1")
    assert abs(np.array(votes) / sum(votes) - label).max() <= 1e-3
    assert min(votes) >= 0


@pytest.mark.parametrize(
    "label", [None, "0.5", [1.0], [0.5, 0.4], [1.5, -0.5], [True, False], [float("nan"), 1.0]]
)
def test_what_is_no_distribution_is_refused(label: Any) -> None:
    with pytest.raises(UserError, match="line 4"):
        votes_of(label, 2, "line 4")
