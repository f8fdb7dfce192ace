"""A store that fails when it does not answer: that of a machine which was cut off would keep its callers."""

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


@runtime_checkable
class Store(Protocol):
    """What is needed of a store of ``torch.distributed``."""

    def set(self, key: str, value: str, /) -> None:
        """Write a value."""

    def get(self, key: str, /) -> bytes:
        """Return a value."""

    def check(self, keys: list[str], /) -> bool:
        """Return whether all keys are there."""


class Answering:
    """A store whose calls take no longer than some seconds; after the first that does, all fail at once.

    The system tries for a quarter of an hour to reach a machine that no longer answers, and the store waits
    that long, whatever its own time limit.

    Args:
        store: the store.
        seconds: that a call may take.
    """

    def __init__(self, store: Store, seconds: float) -> None:
        self.store, self.seconds = store, seconds
        self.silent = False
        """Whether a call was not answered."""

    def set(self, key: str, value: str) -> None:
        """Write a value.

        Raises:
            RuntimeError: when the store does not answer.
        """
        self._within(lambda: self.store.set(key, value))

    def get(self, key: str) -> bytes:
        """Return a value.

        Raises:
            RuntimeError: when the store does not answer.
        """
        return self._within(lambda: self.store.get(key))

    def check(self, keys: list[str]) -> bool:
        """Return whether all keys are there.

        Raises:
            RuntimeError: when the store does not answer.
        """
        return self._within(lambda: self.store.check(keys))

    def _within(self, call: Callable[[], T]) -> T:
        found: list[T] = []
        failed: list[Exception] = []

        def answer() -> None:
            try:
                found.append(call())
            except Exception as error:
                failed.append(error)

        if not self.silent:
            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            thread.join(self.seconds)
        for error in failed:
            raise error
        if not found:
            self.silent = True
            raise RuntimeError(f"its store gave no answer for {self.seconds:g} s")
        return found[0]
