"""Whether an act is one at all, whatever the board: fields, ranges, classes, images."""

from collections.abc import Mapping
from math import isfinite
from typing import get_args

from s2c2.errors import UserError, unknown
from s2c2.web.acts import Act, Name

FIELDS = ("images", "group", "label", "distribution", "target", "parts", "target_seq")
TAKES: Mapping[Name, tuple[str, str]] = {
    "accept": ("images group label", ""),
    "label": ("images label", "group"),
    "ambiguous": ("images distribution", "group"),
    "misfit": ("images group", ""),
    "split": ("images group", ""),
    "recluster": ("images group parts", ""),
    "merge": ("images group target", ""),
    "skip": ("images", "group"),
    "flag": ("images", "group"),
    "grow": ("images group", "label"),
    "finish": ("group", ""),
    "decide": ("images", "group label distribution"),
    "undo": ("target_seq", "group"),
    "redo": ("target_seq", "group"),
}
"""What each act must have and what it may have besides."""
TOLERANCE = 1e-3
"""How far the sum of a distribution may be from one."""


def checked(act: Act, images: int, classes: int) -> None:
    """Refuse what is no act.

    Args:
        act: what was sent.
        images: number of images of the dataset.
        classes: number of classes k.

    Raises:
        UserError: one sentence about the first thing that is wrong.
    """
    if act.name not in TAKES:
        raise unknown("act", str(act.name), get_args(Name))
    _fields(act)
    _numbers(act, images, classes)
    _texts(act)
    if act.name == "decide" and (act.label is None) == (act.distribution is None):
        raise UserError("decide needs either a label or a distribution")


def _fields(act: Act) -> None:
    needed, possible = (names.split() for names in TAKES[act.name])
    present = [name for name in FIELDS if getattr(act, name) not in (None, ())]
    for name in needed:
        if name not in present:
            raise UserError(_MISSING.get((act.name, name), f"{act.name} needs {name}"))
    for name in present:
        if name not in needed and name not in possible:
            raise UserError(f"{act.name} takes no {name}")


_MISSING = {
    ("undo", "target_seq"): "there is nothing to undo",
    ("redo", "target_seq"): "there is nothing to redo",
    ("accept", "images"): "accept needs images: nothing is open in this group",
}


def _numbers(act: Act, images: int, classes: int) -> None:
    _known_images(act.images, images)
    if act.parts is not None:
        _parts(act.images, act.parts)
    for label in (act.label, act.shown.label if act.shown else None):
        if label is not None and not 0 <= label < classes:
            raise UserError(f"unknown class {label}: Possible: 0 to {classes - 1}")
    if act.distribution is not None:
        _distribution(act.distribution, classes)
    _amounts(act)


def _amounts(act: Act) -> None:
    for name in ("active", "wall"):
        if not (isfinite(getattr(act, name)) and 0 <= getattr(act, name) < 1e9):
            raise UserError(f"{name} must be seconds, 0 or more, not {getattr(act, name)}")
    if act.shown is not None and not 0 <= act.shown.strength <= 1:
        raise UserError(f"the strength of a proposal must be in 0 to 1, not {act.shown.strength}")
    if act.selected < 0 or (act.version is not None and act.version < 0):
        raise UserError("selected and version must be 0 or more")


def _known_images(given: tuple[int, ...], images: int) -> None:
    if not given:
        return
    if min(given) < 0 or max(given) >= images:
        strange = next(image for image in given if not 0 <= image < images)
        raise UserError(f"unknown image {strange}: Possible: 0 to {images - 1}")
    if len(set(given)) < len(given):
        raise UserError("an image is named twice")


def _parts(given: tuple[int, ...], parts: tuple[tuple[int, ...], ...]) -> None:
    if sorted(image for part in parts for image in part) != sorted(given):
        raise UserError("the parts of a recluster must hold each of its images once")
    if not all(parts):
        raise UserError("a part of a recluster is empty")


def _distribution(shares: tuple[float, ...], classes: int) -> None:
    if len(shares) != classes:
        raise UserError(f"a distribution has one share for each of the {classes} classes, not {len(shares)}")
    if not all(isfinite(share) and share >= 0 for share in shares):
        raise UserError("the shares of a distribution must be 0 or more")
    if abs(sum(shares) - 1) > TOLERANCE:
        raise UserError(f"the shares of a distribution must add up to 1, not {sum(shares):.4g}")


def _texts(act: Act) -> None:
    limits = {"key": 64, "scope": 200, "tab": 64, "at": 64, "group": 80, "target": 80}
    for name, limit in limits.items():
        text = getattr(act, name) or ""
        if len(text) > limit or not text.isprintable():
            raise UserError(f"{name} must be at most {limit} printable characters")
    if not act.key:
        raise UserError("an act needs a key, a UUID made by the client")
