import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2c2.ranks.group import ALONE, Alone, Ranks, first, led, number, only, share


class Other(Alone):
    def __init__(self, rank: int, world: int) -> None:
        self.rank, self.world = rank, world


@given(st.integers(1, 9), st.integers(0, 100))
def test_shares_are_all_there_is_in_order_and_differ_by_one(world: int, count: int) -> None:
    shares = [range(count)[share(Other(rank, world), count)] for rank in range(world)]
    assert [row for rows in shares for row in rows] == list(range(count))
    sizes = {len(rows) for rows in shares}
    assert max(sizes) - min(sizes) <= 1


def test_one_process_does_everything_itself() -> None:
    done: list[str] = []
    assert isinstance(ALONE, Ranks)
    assert first(ALONE, lambda: 3) == 3
    led(ALONE, lambda: done.append("led"))
    only(ALONE, done.append)("only")
    only(Other(1, 2), done.append)("elsewhere")
    assert done == ["led", "only"]
    assert ALONE.any(True)
    assert not ALONE.any(False)
    vector = torch.tensor([1.0, 2.0])
    assert torch.equal(ALONE.rows(vector), vector[None])
    ALONE.add(vector)
    assert vector.tolist() == [1.0, 2.0]


@given(st.text(), st.text())
def test_numbers_tell_texts_apart_and_are_whole(one: str, other: str) -> None:
    assert bool((number(one) == number(other)).all()) == (one == other)
    assert all(value == int(value) < 2**53 for value in number(one).tolist())


@pytest.mark.parametrize("rank", [0, 1])
def test_a_share_of_nothing_is_nothing(rank: int) -> None:
    assert range(0)[share(Other(rank, 2), 0)] == range(0)
