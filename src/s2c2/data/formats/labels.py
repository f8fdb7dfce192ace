"""What importers found people to say: class names, rows of annotations, fixed splits."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

import numpy as np
import polars as pl
from jaxtyping import Int64

from s2c2.data.formats.options import ImportOptions
from s2c2.data.layout import composed
from s2c2.errors import UserError, unknown

SCHEMA = {"image": pl.String, "annotator": pl.String, "label": pl.String, "votes": pl.Int64}
"""The columns that every annotation table has."""

UNLABELED = ("_unlabeled", "unlabeled")
"""Folders whose images have no label; ``_unlabeled`` is FiftyOne's."""

RARER = 10
"""How many times rarer than another class one is that may be misspelt."""

NEAR = 0.75
"""Likeness, by ``difflib``, from which two names may be the same one, once misspelt."""

SHOWN = 12
"""Classes that are listed with their annotations."""

COMPARED = 1000
"""Classes up to which each is compared with each."""

NAMED = 5
"""Classes that may be misspelt and are named."""

Row = tuple[str, str, str, int]
"""Image, annotator, label, votes."""


def class_names(found: Iterable[str], options: ImportOptions, origin: Path | str) -> tuple[str, ...]:
    """Return the classes: those of the options, else those found, sorted.

    Raises:
        UserError: for a label that the options do not list, fewer than two classes, and names that are the
            same but for case or the form of Unicode, or the same number.
    """
    names = sorted(set(found))
    classes = options.classes or tuple(names)
    alike = set(map(composed, classes))
    for name in names:
        if composed(name) not in alike:
            raise UserError(f"{origin}: {unknown('class', name, classes)}")
    if len(classes) < 2:
        count = f"only the class '{classes[0]}'" if classes else "no classes"
        raise UserError(f"{origin}: found {count}; a dataset needs at least two: name them with --classes")
    _check_alike(classes, origin)
    return classes


def _check_alike(classes: tuple[str, ...], origin: Path | str) -> None:
    same: dict[str, list[str]] = {}
    for name in dict.fromkeys(classes):
        number = _NUMBER.fullmatch(name)
        same.setdefault(number[1] if number else composed(name).casefold(), []).append(name)
    alike = [names for names in same.values() if len(names) > 1]
    if alike:
        more = f"; and {len(alike) - SHOWN} more" if len(alike) > SHOWN else ""
        listed = "; ".join(map(_alike, alike[:SHOWN]))
        raise UserError(f"{origin}: the classes {listed}{more}: write them alike")


_NUMBER = re.compile(r"0*([0-9]+)(?:[.,]0+)?")
"""A whole number, without the zeros before it and after the point."""


def _alike(names: Sequence[str]) -> str:
    """Say of names that are the same one in which way they are.

    Example:
        >>> _alike(["CAT", "Cat", "cat"])
        "'CAT', 'Cat' and 'cat' differ only in case"
    """
    if len(set(map(composed, names))) == 1:
        why = "look alike, but their accents are written in two ways (Unicode)"
    elif len({composed(name).casefold() for name in names}) == 1:
        why = "differ only in case"
    else:
        why = "are the same number"
    *others, last = (f"'{name}'" for name in names)
    return f"{', '.join(others)} and {last} {why}"


def tally(counts: Mapping[str, int]) -> str:
    """List classes with how many annotations each has; of many the first ones.

    Example:
        >>> tally({"crab": 3, "worm": 2})
        'crab 3, worm 2'
    """
    listed = [f"{name} {count}" for name, count in counts.items()]
    more = [f"and {len(listed) - SHOWN} more classes"] if len(listed) > SHOWN else []
    return ", ".join(listed[:SHOWN] + more)


def misspelt(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Say which classes may be others misspelt: those with a like name that are much rarer.

    Names that differ only in numbers, such as grades, are never taken for each other.

    Example:
        >>> misspelt({"crab": 300, "worm": 100, "wrom": 1})
        ("the class 'wrom' (1) may be 'worm' (100) misspelt",)
        >>> misspelt({"worm": 100, "wrom": 60}), misspelt({"grade 1": 100, "grade 2": 1})
        ((), ())
    """
    found = []
    for name, count in counts.items() if len(counts) <= COMPARED else ():
        often = [other for other, most in counts.items() if most >= RARER * max(count, 1)]
        likeness, near = max(((_likeness(name, other), other) for other in often), default=(0.0, ""))
        if likeness >= NEAR:
            found.append(f"the class '{name}' ({count}) may be '{near}' ({counts[near]}) misspelt")
    more = [f"{len(found) - NAMED} more classes may be misspelt"] if len(found) > NAMED else []
    return (*found[:NAMED], *more)


def _likeness(name: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1; 0 where only numbers tell them apart."""
    first, second = name.casefold(), other.casefold()
    if re.sub("[0-9]+", "", first) == re.sub("[0-9]+", "", second):
        return 0.0
    matcher = SequenceMatcher(None, first, second)
    return matcher.ratio() if matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR else 0.0


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
