"""In a study, images with and without a proposal stay apart: else the control share would be no control."""

import numpy as np
from jaxtyping import Bool

from s2c2.errors import UserError
from s2c2.web.acts import Act
from s2c2.web.remaining import Remaining
from s2c2.web.sheet import Sheet
from s2c2.web.start import MISFITS

BOTH = frozenset({True, False})


def kept_apart(sheet: Sheet, act: Act) -> None:
    """Refuse an act that would move an image without a proposal into a group that has one, or the reverse.

    Raises:
        UserError: names the first such image.
    """
    destination = {"grow": act.group, "merge": act.target}.get(act.name)
    if destination is None:
        return
    wrong = ~_may_join(sheet, destination, np.array(act.images, dtype=np.int64))
    if wrong.any():
        image = act.images[int(np.argmax(wrong))]
        raise UserError(
            f"image {image} cannot join {destination}: a study keeps images with and without a proposal apart"
        )


def joinable(sheet: Sheet, group: str, others: Remaining) -> Remaining:
    """Return those of other images that may join a group."""
    kept = _may_join(sheet, group, others.images)
    return Remaining(others.images[kept], others.groups[kept], others.names)


def _may_join(sheet: Sheet, group: str, images: np.ndarray) -> Bool[np.ndarray, " n"]:
    proposed: Bool[np.ndarray, " n"] = sheet.arm.proposed[images]
    return np.isin(proposed, list(_sides(sheet, group)))


def _sides(sheet: Sheet, group: str) -> frozenset[bool]:
    """Return whether the images of a group are those with a proposal, those without, or either."""
    start = sheet.arm.groups.get(group)
    if start is not None:
        return frozenset({start.distribution is not None})
    members = () if group == MISFITS else sheet.members(group)
    return frozenset(sheet.arm.proposed[list(members)].tolist()) if members else BOTH
