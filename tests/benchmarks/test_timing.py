import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.benchmarks.timing import Meter, Sample, column, interleaved, measured, ratio, spread


def test_works_take_turns_and_the_first_round_is_thrown_away() -> None:
    said: list[str] = []

    def work(name: str) -> Sample:
        said.append(name)
        return {"number": float(len(said))}

    samples = interleaved({"a": lambda: work("a"), "b": lambda: work("b")}, rounds=2)
    assert said == ["b", "a", "a", "b", "b", "a"]
    assert column(samples["a"], "number") == [3.0, 6.0]
    assert column(samples["b"], "number") == [4.0, 5.0]


@given(st.lists(st.floats(0.1, 1e3), min_size=1, max_size=9), st.floats(0.1, 10.0))
def test_ratios_are_those_of_neighbours(values: list[float], factor: float) -> None:
    found = ratio([factor * value for value in values], values)
    assert found.median == pytest.approx(factor)
    assert found.low == pytest.approx(found.high)


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=9))
def test_quartiles_enclose_the_median_and_lie_within_the_values(values: list[float]) -> None:
    found = spread(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)


def test_a_missing_cost_is_none() -> None:
    assert column([{"a": 1.0}, {}], "a") == [1.0, 0.0]


def test_processor_time_leaves_sleep_out() -> None:
    meter, taken = Meter(), dict[str, float]()
    with measured(taken):
        time.sleep(0.2)
    assert taken["wall_s"] >= 0.2 > taken["cpu_s"]
    assert meter.sample()["wall_s"] >= taken["wall_s"]
