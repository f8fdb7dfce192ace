"""The images of a scope that have no answer, as arrays: growing a group ranks all of them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from s2c2.web.sheet import Sheet


@dataclass(frozen=True, eq=False)
class Remaining:
    """Images without an answer and where they are."""

    images: Int32[np.ndarray, " n"]
    """Their numbers, rising."""
    groups: Int32[np.ndarray, " n"]
    """The group of each, by its place among the names."""
    names: tuple[str, ...]
    """Ids of groups."""

    def outside(self, group: str) -> "Remaining":
        """Return those that are not in a group."""
        kept = self.groups != self.names.index(group)
        return Remaining(self.images[kept], self.groups[kept], self.names)


def remaining(sheet: Sheet) -> Remaining:
    """Return the images of a scope that have no answer."""
    names = sheet.ids()
    place: dict[str | None, int] = {None: -1} | {name: at for at, name in enumerate(names)}
    groups = sheet.arm.homes.copy()
    groups[np.fromiter(sheet.nodes, dtype=np.int64, count=len(sheet.nodes))] = -1
    for image, node in sheet.nodes.items():
        if node.answer is None:
            groups[image] = place[sheet.place(image)]
    images = np.flatnonzero(groups >= 0).astype(np.int32)
    return Remaining(images, groups[images], names)
