"""A board kept up with its store, for the threads of one server process."""

from collections.abc import Iterator
from contextlib import contextmanager

from s2c2.web.acts import Act, Recorded
from s2c2.web.board import Board
from s2c2.web.store import Store


class Live:
    """The board of a store; routes use this and nothing below it."""

    def __init__(self, store: Store) -> None: ...
    @contextmanager
    def board(self) -> Iterator[Board]:
        """Yield the board, caught up, for reading; no other thread changes it meanwhile."""
        raise NotImplementedError

    def append(self, annotator: str, act: Act, time: str) -> Recorded:
        """Check and record an act. Raises Duplicate, Conflict, UserError."""
        raise NotImplementedError
