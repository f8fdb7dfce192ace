"""What goes in and comes out of an exchange of annotation logs with other tools."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from s2c2.data.answers import SCHEMA
from s2c2.data.dataset import Dataset
from s2c2.data.layout import composed
from s2c2.data.logs.checks import noun
from s2c2.data.logs.log import Log
from s2c2.data.tables import RowError, told
from s2c2.errors import UserError, unknown

PREDICTED = ("image", "class", "confidence", "ambiguity", "clusters", "group", "probabilities")
"""What an export takes from predictions."""


@dataclass(frozen=True)
class Extras:
    """What an export may add to the answers."""

    dataset: Dataset | None = None
    """Gives all images, also those without an answer, and their files."""
    predictions: pl.DataFrame | None = None
    """What a run says of the images: ``image``, ``class``, ``confidence``, ``probabilities``, and where the
    network has them ``ambiguity``, ``clusters`` and ``group``."""
    model: str = "s2c2"
    """Name of that run, for tools that keep it with a prediction."""
    classes: tuple[str, ...] | None = None
    """Class names of dataset and predictions."""

    def images(self, log: Log) -> tuple[str, ...]:
        """Return the images of an export: those of the dataset, else those of the log, sorted.

        Raises:
            UserError: for an image of the log that the dataset does not have.
        """
        answered = log.table["image"].unique().sort().to_list()
        if self.dataset is None:
            return tuple(answered)
        known(answered, self.dataset.images, self.dataset.name)
        return self.dataset.images

    def copies(self, places: Mapping[str, str]) -> dict[str, Path]:
        """Return place and file of each image, given its place in the export; nothing without a dataset."""
        if self.dataset is None:
            return {}
        return {place: self.dataset.path(image) for image, place in places.items()}

    def predicted(self) -> dict[str, dict[str, Any]]:
        """Return what is predicted of each image; empty without predictions."""
        if self.predictions is None:
            return {}
        named = {"clusters": "cluster"}
        rows = self.predictions.select(name for name in PREDICTED if name in self.predictions.columns)
        return {str(row.pop("image")): row for row in rows.rename(named, strict=False).to_dicts()}


@dataclass(frozen=True)
class Given:
    """What an import may know besides the file."""

    classes: tuple[str, ...] | None = None
    """Class names in their order."""
    images: tuple[str, ...] | None = None
    """Image ids that the answers are matched with."""

    def matched(self, place: str) -> str:
        r"""Return the image that a tool's path means: the one that it ends with; the path where none does.

        Accents may be in another form of Unicode than the image's, and blanks may stand around the path.

        Args:
            place: a path, also of Windows, or what follows it in an address, such as ``pets/a.png`` for the
                image ``a.png``.

        Raises:
            UserError: when several images could be meant.

        Example:
            >>> Given(images=("a.png", "b.png")).matched("upload/1/pets/a.png")
            'a.png'
            >>> Given(images=("pets/a.png",)).matched("C:\\photos\\pets\\a.png")
            'pets/a.png'
            >>> Given().matched("upload/c.png")
            'upload/c.png'
        """
        place = place if self.images is None else place.replace("\\", "/")
        parts = PurePosixPath(place.lstrip("/")).parts
        tails = ["/".join(parts[start:]) for start in range(len(parts))]
        found = (self._known.get(tail) or self._known.get(composed(tail)) for tail in tails)
        longest = next(filter(None, found), None)
        if longest is None:
            same = self._named.get(composed(PurePosixPath(place).name), [])
            if len(same) > 1:
                raise UserError(f"{place} may be {same[0]} or {same[1]}: give the images different names")
            longest = next(iter(same), None)
        if longest is None and self.images is not None and place != place.strip():
            return self.matched(place.strip())
        return longest or "/".join(parts)

    @cached_property
    def _known(self) -> Mapping[str, str]:
        """Images by their name, and by its form NFC."""
        images = self.images or ()
        return {composed(image): image for image in images} | {image: image for image in images}

    @cached_property
    def _named(self) -> Mapping[str, list[str]]:
        """Images by the last part of their name in form NFC."""
        found: dict[str, list[str]] = {}
        for image in self.images or ():
            found.setdefault(composed(PurePosixPath(image).name), []).append(image)
        return found


def said(value: Any, column: str, at: str) -> str | None:
    """Return what a cell holds as text, without blanks around it; None for an empty one, as null or NaN.

    Args:
        value: of the cell.
        column: its column.
        at: where it stands, the file included.

    Raises:
        UserError: for what is neither text nor a whole number.

    Example:
        >>> said("a.png", "task", "t.csv, line 2"), said(7, "worker", "t.csv, line 2")
        ('a.png', '7')
        >>> said(" ", "task", "t.csv, line 2"), said(float("nan"), "task", "t.csv, line 2")
        (None, None)
    """
    if value is None or (isinstance(value, float) and isnan(value)):
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise UserError(f"{at}: {column} {str(value)[:80]} is neither text nor a whole number")
    return str(value).strip() or None


def needed(value: Any, column: str, at: str) -> str:
    """Return what a cell holds as text, as it stands.

    Raises:
        UserError: as :func:`said`, and for an empty cell.
    """
    if said(value, column, at) is None:
        raise UserError(f"{at}: {column} is empty")
    return str(value)


@dataclass(frozen=True)
class Export:
    """An export before it is written."""

    files: Mapping[str, bytes]
    """Content by name; ``""`` where the whole export is one file."""
    images: Mapping[str, Path] = field(default_factory=dict)
    """Image files to copy, by their place in the export."""


Exporter = Callable[[Log, Extras], Export]
"""Turns a log into files."""
Importer = Callable[[Path, Given], Log]
"""Reads a log from files; raises ``UserError`` for whatever is wrong with them."""


def known(given: Sequence[str], images: Sequence[str], name: str) -> None:
    """Check that a dataset has all images of a log.

    Raises:
        UserError: names the first image that it lacks, and what may have been meant.
    """
    have = set(images)
    foreign = [image for image in given if image not in have]
    if foreign:
        close = str(unknown("image", foreign[0], images)).partition(" Possible:")[0]
        more = f" ({len(foreign)} images are like this)" if len(foreign) > 1 else ""
        raise UserError(f"the annotation log does not fit the dataset {name}: {close.rstrip(':')}{more}")


def built(rows: Sequence[Mapping[str, Any]], classes: Sequence[str] | None, path: Path) -> Log:
    """Return rows that were read from a file as a log.

    Args:
        rows: values by the column of a log, and with ``at`` where a row stands, the file included.
        classes: the class names in their order.
        path: the file.

    Raises:
        UserError: names the file, and where what is wrong stands.
    """
    names = {name for row in rows for name in row} | {"image", "label"}
    types: dict[str, Any] = {name: kind for name, kind in SCHEMA.items() if name in names}
    with told(path, lambda row: str(rows[row]["at"])):
        return Log.build(_frame(rows, types), classes)


def _frame(rows: Sequence[Mapping[str, Any]], types: Mapping[str, Any]) -> pl.DataFrame:
    """Return rows as a table; the first value of another type is an error with its row."""
    try:
        return pl.DataFrame(list(rows), schema=dict(types))
    except _UNFIT as error:
        reason = " ".join(str(error).split())
    low, high = 0, len(rows)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _fits(rows[low:middle], types) else (low, middle)
    for name, kind in types.items():
        value = rows[low].get(name)
        if not _fits([{name: value}], {name: kind}):
            raise RowError(low, f"{name} {repr(value)[:80]} is not {noun(kind)}")
    raise RowError(low, reason)


_UNFIT = (pl.exceptions.PolarsError, TypeError, OverflowError)
"""What polars raises for values that do not fit into a column."""


def _fits(rows: Sequence[Mapping[str, Any]], types: Mapping[str, Any]) -> bool:
    """Say whether rows can be a table."""
    try:
        pl.DataFrame(list(rows), schema=dict(types))
    except _UNFIT:
        return False
    return True


def twins(names: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the first two images that have the same name elsewhere; None where all names differ.

    Example:
        >>> twins({"a.png": "a", "b.png": "b", "a.jpg": "a"})
        ('a.png', 'a.jpg')
    """
    seen: dict[str, str] = {}
    for image, name in names.items():
        if name in seen:
            return seen[name], image
        seen[name] = image
    return None


def text(frame: pl.DataFrame) -> bytes:
    """Return a flat table as CSV."""
    return frame.write_csv().encode()
