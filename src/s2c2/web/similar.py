"""Growing a group: the remaining images in the order of their distance from it."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np
from jaxtyping import Float32

from s2c2.errors import UserError
from s2c2.web.messages import Similar, SimilarItem
from s2c2.web.neighbours import Neighbours
from s2c2.web.remaining import Remaining

KEPT = 16
"""Orders held in memory; one of 100,000 images takes 1.2 MB."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """Open images of other groups, the nearest first."""

    found: Remaining
    distances: Float32[np.ndarray, " n"]
    seq: int

    def page(self, part: slice) -> Similar:
        """Return some of them."""
        columns = self.found.images[part], self.distances[part], self.found.groups[part]
        rows = zip(*(column.tolist() for column in columns), strict=True)
        names = self.found.names
        items = [SimilarItem(id=image, distance=distance, group=names[at]) for image, distance, at in rows]
        return Similar(total=len(self.distances), images=items, seq=self.seq)


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


def ranked(neighbours: Neighbours, members: tuple[int, ...], others: Remaining, seq: int) -> Ranked:
    """Return images by their distance from the centre of the members.

    Args:
        neighbours: says how far images are from each other.
        members: images of the group.
        others: open images of other groups.
        seq: number of the last act when they were.

    Raises:
        UserError: where there are no embeddings or no members.
    """
    if not members:
        raise UserError("the group is empty: nothing is similar to it")
    distances = neighbours.distances(members, others.images)
    order = np.argsort(distances, kind="stable")
    found = Remaining(others.images[order], others.groups[order], others.names)
    return Ranked(found, distances[order], seq)
