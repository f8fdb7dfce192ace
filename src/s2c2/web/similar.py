"""Growing a group: the remaining images in the order of their distance from it."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np

from s2c2.errors import UserError
from s2c2.web.board import Board
from s2c2.web.messages import Similar, SimilarItem
from s2c2.web.neighbours import Neighbours

KEPT = 16
"""Orders held in memory."""


@dataclass(frozen=True)
class Ranked:
    """Open images of other groups, the nearest first."""

    images: tuple[int, ...]
    distances: tuple[float, ...]
    groups: tuple[str, ...]

    def page(self, part: slice) -> Similar:
        """Return some of them."""
        rows = zip(self.images[part], self.distances[part], self.groups[part], strict=True)
        found = [SimilarItem(id=image, distance=distance, group=group) for image, distance, group in rows]
        return Similar(total=len(self.images), images=found)


class Rankings:
    """The last orders, so that the pages of one look at a group fit together; safe for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str], Ranked] = OrderedDict()

    def kept(self, scope: str, group: str) -> Ranked | None:
        """Return the last order of a group; None where it was not asked for, or long ago."""
        with self._lock:
            return self._kept.get((scope, group))

    def keep(self, scope: str, group: str, ranked: Ranked) -> Ranked:
        """Keep an order in the place of an older one."""
        with self._lock:
            self._kept[scope, group] = ranked
            self._kept.move_to_end((scope, group))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return ranked


def others(board: Board, scope: str, group: str) -> tuple[list[int], list[str]]:
    """Return the open images of the other groups, and the group of each."""
    pairs = [
        (image, found.group)
        for found in board.groups(scope)
        if found.group != group and found.open
        for image in board.open_members(scope, found.group)
    ]
    return [image for image, _ in pairs], [name for _, name in pairs]


def ranked(
    neighbours: Neighbours, members: tuple[int, ...], candidates: list[int], groups: list[str]
) -> Ranked:
    """Return candidates by their distance from the centre of the members.

    Raises:
        UserError: where there are no embeddings or no members.
    """
    if not members:
        raise UserError("the group is empty: nothing is similar to it")
    distances = neighbours.distances(members, candidates)
    order = np.argsort(distances, kind="stable")
    return Ranked(
        tuple(candidates[i] for i in order),
        tuple(distances[order].tolist()),
        tuple(groups[i] for i in order),
    )
