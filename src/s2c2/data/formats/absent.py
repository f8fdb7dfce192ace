"""Images that a table names: those that exist, and where the others stand and which ones were meant."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import PurePosixPath

import polars as pl

from s2c2.data.dataset import SUFFIXES
from s2c2.data.layout import spelled
from s2c2.errors import UserError

SHOWN = 5
"""Images that do not exist and are named."""

COMPARED = 10_000
"""Images that the name of one that does not exist is compared with."""

NEAR = 0.8
"""Likeness, by ``difflib``, from which an image may be the one that was meant."""


def present(
    names: Sequence[str], images: set[str], at: Callable[[int], str], written: Sequence[str]
) -> list[str]:
    """Return the images that are named, whose accents may be in another form of Unicode.

    Args:
        names: of the images.
        images: those that exist.
        at: where a name stands, by its index.
        written: the names as they stand there, for messages.

    Raises:
        UserError: names the first few that do not exist.
    """
    found: list[str] = spelled(pl.Series(names, dtype=pl.String), images).to_list()
    absent: dict[str, str] = {}
    for index, image in enumerate(found):
        if image not in images:
            absent.setdefault(written[index], at(index))
    if absent:
        raise _error(absent, images)
    return found


def _error(places: Mapping[str, str], images: set[str]) -> UserError:
    """Return the error for images that rows name and that do not exist; it names the first few."""
    named = [f"{at}: {_unknown(name, images)}" for name, at in list(places.items())[:SHOWN]]
    if len(places) == 1:
        return UserError(named[0])
    more = f"; and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return UserError(f"{len(places)} images of the table do not exist: {'; '.join(named)}{more}")


def _unknown(name: str, images: set[str]) -> str:
    """Say that an image does not exist, and which one of a like name and the same numbers does.

    Images of a kind that is not read do not exist either.
    """
    ending, folder = PurePosixPath(name).suffix, name.rpartition("/")[0]
    beside = sorted(image for image in images if image.rpartition("/")[0] == folder) or sorted(images)
    stem = _stem(name)
    stems = {_stem(image): image for image in reversed(beside[:COMPARED])}
    alike = [other for other in stems if _numbers(other) == _numbers(stem)]
    same = [other for other in alike if _letters(other) == _letters(stem)]
    near = same if len(same) == 1 else get_close_matches(stem, alike, n=1, cutoff=NEAR)
    if near:
        return f"unknown image '{name}': did you mean '{stems[near[0]]}'?"
    strange = ending[1:].isalpha() and ending.lower() not in SUFFIXES
    return f"unknown image '{name}'" + (f": files ending in {ending} are not read" if strange else "")


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.casefold()


def _letters(stem: str) -> str:
    return re.sub("[0-9]+", "0", stem)


def _numbers(stem: str) -> list[int]:
    return [int(part) for part in re.findall("[0-9]{1,99}", stem)]
