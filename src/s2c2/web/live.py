"""A board kept up with its store, for the threads of one server process."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import RLock

from s2c2.errors import UserError
from s2c2.web.acts import Act, Recorded
from s2c2.web.board import Board, Start
from s2c2.web.store import Reader, Store


class Live:
    """The board of a store that has a start. Threads take turns; processes meet in the database."""

    def __init__(self, store: Store, start: Start | None = None) -> None:
        start = start or store.start()
        if start is None:
            raise UserError(f"{store.name} holds no images yet")
        self.store = store
        """The log."""
        self._board = Board(start)
        self._lock = RLock()

    @contextmanager
    def board(self) -> Iterator[Board]:
        """Yield the board, caught up; no other thread changes it meanwhile.

        Raises:
            UserError: when the log is damaged or the database cannot be used.
        """
        with self._lock:
            self._catch_up(self.store.read(self._board.seq))
            yield self._board

    def append(self, annotator: str, act: Act, time: str) -> Recorded:
        """Check an act against everything that was recorded, and record it.

        Args:
            annotator: who does it.
            act: what is done.
            time: server time, ISO 8601, UTC.

        Raises:
            Duplicate: when it was recorded before.
            Conflict: when somebody else was faster.
            UserError: when it is wrong in itself, or the database cannot be used.
        """

        def check(read: Reader) -> None:
            self._catch_up(read(self._board.seq))
            self._board.check(annotator, act)

        with self._lock:
            recorded = self.store.append(annotator, act, check, time)
            self._board.apply(recorded)
            return recorded

    def _catch_up(self, newer: Iterable[Recorded]) -> None:
        for recorded in newer:
            self._board.apply(recorded)
