"""What lies where in a dataset folder."""

import os
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

import polars as pl

from s2c2.data import tables
from s2c2.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff")
"""Endings of image files, in lower case."""

SPLITS = ("labeled", "unlabeled", "validation", "selection")
"""Names of the splits."""


def find_images(folder: Path) -> Iterator[str]:
    """Yield the id of each image below a folder, unsorted; hidden files and other files are not images.

    Raises:
        UserError: when there is no such folder, for links that leave it or do not lead to a file, and for
            names that are not UTF-8.
    """
    if not folder.is_dir():
        raise UserError(f"no folder {folder}: the images of a dataset lie there")
    inside = folder.resolve()
    pending = [""]
    while pending:
        above = pending.pop()
        for entry in _entries(folder / above):
            if entry.is_symlink():
                _refuse_foreign(Path(entry.path), inside)
            if entry.is_dir():
                pending.append(f"{above}{entry.name}/")
            elif entry.name.lower().endswith(SUFFIXES):
                yield text_name(above + entry.name, folder)


def text_name(name: str, folder: Path) -> str:
    """Return a name that can be written into tables.

    Raises:
        UserError: when it is not UTF-8, as names from old archives are.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"the name {name!r} in {folder} is not UTF-8: rename it") from error
    return name


def check_name(name: str) -> None:
    """Check that an image name is a plain relative path below ``images/``.

    Raises:
        UserError: when it is not, or does not end as an image does.
    """
    path = PurePosixPath(name)
    outside = path.is_absolute() or str(path) != name or not name.isprintable() or "\\" in name
    if outside or any(part.startswith(".") for part in path.parts):
        raise UserError(
            f"{name!r} is not a safe image name: give a relative path without '..' or hidden parts"
        )
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{name!r} does not end as an image does ({', '.join(SUFFIXES)})")


def checked_splits(frame: pl.DataFrame, images: frozenset[str]) -> dict[str, str]:
    """Return a table ``image, split`` as a mapping.

    Raises:
        UserError: for an unknown split, an image that does not exist, and one in two splits.
    """
    for column in ("image", "split"):
        tables.require(frame, column)
    frame = frame.with_columns(tables.text(frame, "image"), tables.text(frame, "split"))
    frame = frame.with_columns(spelled(frame["image"], images))
    tables.among(frame, "split", SPLITS)
    tables.refuse(frame["image"], ~frame["image"].is_in(list(images)), "is not an image of the dataset")
    tables.refuse(frame["image"], ~frame["image"].is_first_distinct(), "is listed twice")
    return dict(zip(frame["image"], frame["split"], strict=True))


def spelled(names: pl.Series, known: Collection[str]) -> pl.Series:
    """Return a column of names, each as the image or class that it names is spelled.

    ``é`` is one sign or two (Unicode's forms NFC and NFD), and file systems and spreadsheets differ in which
    they write. A name that is not known, but equals one but for that, is this one; a name that equals two
    stays as it is.

    Example:
        >>> spelled(pl.Series(["\u00e9.png", "f.png"]), ["e\u0301.png"]).to_list() == ["e\u0301.png", "f.png"]
        True
    """
    strange = set(names.filter(names.str.len_bytes() != names.str.len_chars()))
    if strange:
        strange.difference_update(known)
    alike: dict[str, list[str]] = {composed(name): [] for name in strange}
    for name in known if alike else ():
        if not name.isascii():
            alike.get(composed(name), []).append(name)
    found = ((name, alike[composed(name)]) for name in strange)
    return names.replace({name: meant[0] for name, meant in found if len(meant) == 1})


def composed(name: str) -> str:
    """Return a name in Unicode's form NFC."""
    return unicodedata.normalize("NFC", name)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(f"cannot read the folder {folder}: {error.strerror}") from error


def _refuse_foreign(link: Path, inside: Path) -> None:
    """Raise a ``UserError`` for a link that leaves the folder, dangles or leads to a folder (it may loop)."""
    target = link.resolve()
    if not target.is_relative_to(inside):
        raise UserError(f"the link {link} leads out of the dataset, to {target}: copy the file instead")
    if not target.is_file():
        raise UserError(f"the link {link} does not lead to a file: copy what it should show, or remove it")
