"""A store that is asked over a connection which was cut neither answers nor fails."""

import threading

import pytest
from torch._C._distributed_c10d import HashStore

from s2c2.ranks.answering import Answering


class Cut:
    """A store that answers only when the cable is mended."""

    def __init__(self) -> None:
        self.mended, self.asked = threading.Event(), 0

    def set(self, key: str, value: str, /) -> None:
        self.asked += 1
        self.mended.wait(60)

    def get(self, key: str, /) -> bytes:
        raise ValueError(f"no key {key}")

    def check(self, keys: list[str], /) -> bool:
        self.asked += 1
        return self.mended.wait(60)


def test_a_store_that_answers_is_as_it_is() -> None:
    store = Answering(HashStore(), 60.0)
    store.set("a", "b")
    assert store.get("a") == b"b"
    assert store.check(["a"])
    assert not store.check(["a", "c"])


def test_a_store_that_does_not_answer_fails_and_is_not_asked_again() -> None:
    store = Answering(cut := Cut(), 0.1)
    with pytest.raises(RuntimeError, match=r"no answer for 0\.1 s"):
        store.check(["a"])
    with pytest.raises(RuntimeError, match="no answer"):
        store.set("a", "b")
    assert cut.asked == 1
    cut.mended.set()


def test_what_a_store_says_is_said() -> None:
    with pytest.raises(ValueError, match="no key a"):
        Answering(Cut(), 60.0).get("a")
