"""The groups of a scope in the order of work, kept up group by group: asking again costs what changed."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from math import isnan

from s2c2.web.answers import Progress, Summary

Place = tuple[int, int, int]
"""Where a group stands among its equals: starting groups in their order, then made ones, misfits last."""

Key = tuple[bool, float, Place, str]


class Listing:
    """The groups that have members, open ones first, then by size · coherence, falling."""

    def __init__(self, groups: Iterable[tuple[Summary, Place]]) -> None:
        self._found: dict[str, tuple[Key, Summary]] = {}
        self._counted = [0, 0, 0, 0]
        for summary, place in groups:
            self._add(summary, place)
        self._keys = sorted(key for key, _ in self._found.values())
        self._ordered: tuple[Summary, ...] | None = None

    def put(self, summary: Summary, place: Place) -> None:
        """Show a group as it is now."""
        self.drop(summary.group)
        if self._add(summary, place):
            insort(self._keys, self._found[summary.group][0])

    def drop(self, group: str) -> None:
        """Leave a group out; nothing where it is not listed."""
        self._ordered = None
        key, summary = self._found.pop(group, (None, None))
        if key is not None and summary is not None:
            del self._keys[bisect_left(self._keys, key)]
            self._count(summary, -1)

    @property
    def ordered(self) -> tuple[Summary, ...]:
        """The groups: the same value until one changes."""
        if self._ordered is None:
            self._ordered = tuple(self._found[key[-1]][1] for key in self._keys)
        return self._ordered

    @property
    def progress(self) -> Progress:
        """How far the scope is."""
        return Progress(*self._counted)

    def _add(self, summary: Summary, place: Place) -> bool:
        if not summary.size:
            return False
        self._found[summary.group] = (summary.done, -_weight(summary), place, summary.group), summary
        self._count(summary, 1)
        return True

    def _count(self, summary: Summary, by: int) -> None:
        facts = summary.size, summary.size - summary.open, 1, summary.done
        self._counted = [had + by * fact for had, fact in zip(self._counted, facts, strict=True)]


def _weight(group: Summary) -> float:
    return 0.0 if isnan(group.coherence) else group.size * group.coherence
