"""The groups of boards as JSON: each is written once, and again only when it changed."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock

from s2c2.web.answers import Summary
from s2c2.web.messages import GroupItem
from s2c2.web.settings import Assignment

KEPT = 64
"""Boards whose groups are held in memory; 1,000 groups take about 400 kB."""

Board = tuple[str, str, frozenset[str]]


class Listed:
    """Groups of the boards that were asked for last; several threads may ask at once."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = Lock()
        self._boards: OrderedDict[Board, dict[str, tuple[Summary, bytes]]] = OrderedDict()

    def items(
        self, on: Assignment, groups: Iterable[Summary], item: Callable[[Summary], GroupItem]
    ) -> list[bytes]:
        """Return groups as JSON, in their order.

        Args:
            on: the board that is asked for.
            groups: its groups as they are.
            item: says one of them in the words of the API; called for those that are new.
        """
        known, found = self._board(on), []
        for group in groups:
            kept = known.get(group.group)
            if kept is None or kept[0] is not group:
                kept = known[group.group] = group, written(item(group))
            found.append(kept[1])
        return found

    def _board(self, on: Assignment) -> dict[str, tuple[Summary, bytes]]:
        key = on.scope, on.arm, on.hidden
        with self._lock:
            found = self._boards.setdefault(key, {})
            self._boards.move_to_end(key)
            if len(self._boards) > self._kept:
                self._boards.popitem(last=False)
        return found


def written(item: GroupItem) -> bytes:
    """Return a group as JSON."""
    return item.model_dump_json().encode()
