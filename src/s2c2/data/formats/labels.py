"""What importers found people to say: class names, rows of annotations, fixed splits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import polars as pl
from jaxtyping import Int64

from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError, unknown

SCHEMA = {"image": pl.String, "annotator": pl.String, "label": pl.String, "votes": pl.Int64}
"""The columns that every annotation table has."""

UNLABELED = ("_unlabeled", "unlabeled")
"""Folders whose images have no label; ``_unlabeled`` is FiftyOne's."""

Row = tuple[str, str, str, int]
"""Image, annotator, label, votes."""


def class_names(found: Iterable[str], options: ImportOptions, origin: Path | str) -> tuple[str, ...]:
    """Return the classes: those of the options, else those found, sorted.

    Raises:
        UserError: for a label that the options do not list, fewer than two classes, and names that differ
            only in case.
    """
    names = sorted(set(found))
    classes = options.classes or tuple(names)
    for name in names:
        if name not in classes:
            raise UserError(f"{origin}: {unknown('class', name, classes)}")
    if len(classes) < 2:
        count = f"only the class '{classes[0]}'" if classes else "no classes"
        raise UserError(f"{origin}: found {count}; a dataset needs at least two: name them with --classes")
    _check_case(classes, origin)
    return classes


def _check_case(classes: tuple[str, ...], origin: Path | str) -> None:
    seen: dict[str, str] = {}
    for name in classes:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise UserError(f"{origin}: the classes '{other}' and '{name}' differ only in case")


def annotation_table(rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows as a table of annotations."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def votes_table(
    images: Sequence[str], counts: Int64[np.ndarray, "n k"], classes: tuple[str, ...]
) -> pl.DataFrame:
    """Return counts as a table: one row for each image and class with votes, of unnamed annotators."""
    image, label = counts.nonzero()
    columns = {
        "image": np.asarray(images, dtype=object)[image].tolist(),
        "annotator": [""] * len(image),
        "label": np.asarray(classes, dtype=object)[label].tolist(),
        "votes": counts[image, label],
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def folder_label(image: str, depth: int = 0) -> str | None:
    """Return the class of an image by its folder, part ``depth`` of its id; ``None`` without one.

    Example:
        >>> [folder_label(name) for name in ("cat/a.png", "a.png", "_unlabeled/a.png")]
        ['cat', None, None]
    """
    folders = PurePosixPath(image).parts[:-1]
    label = folders[depth] if len(folders) > depth else None
    return None if label in UNLABELED else label


def fixed_splits(split: Mapping[str, str], annotated: Collection[str]) -> dict[str, str]:
    """Return the splits that a source fixes, as they can be used.

    A training image that nobody annotated is unlabeled. A validation or selection image that nobody
    annotated cannot be scored: it stays in the dataset, in no split.
    """
    usable = {}
    for image, name in split.items():
        if image in annotated or name == "unlabeled":
            usable[image] = name
        elif name == "labeled":
            usable[image] = "unlabeled"
    return usable
