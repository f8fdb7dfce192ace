"""``table``: images and a CSV or Parquet table ``image, label[, annotator, votes, split, …]`` beside them."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from s2c2.data import tables
from s2c2.data.dataset import SPLITS
from s2c2.data.formats.absent import present
from s2c2.data.formats.labels import SCHEMA, class_names, fixed_splits
from s2c2.data.formats.names import relative
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.tabular import SPREADSHEETS, Table, read_table
from s2c2.data.formats.walk import below, entry_in, files_in
from s2c2.data.layout import composed
from s2c2.data.source import Source
from s2c2.errors import UserError, unknown

ALIASES: Mapping[str, tuple[str, ...]] = {
    "image": ("image", "file_name", "filename", "file", "path", "filepath", "image_path", "task"),
    "label": ("label", "class", "class_label", "class_name"),
    "annotator": ("annotator", "worker", "annotator_id", "worker_id"),
    "votes": ("votes", "count"),
    "split": ("split",),
}
"""Other names for the columns; the first that exists is taken, the others are kept as they are."""

SPLIT_ALIASES: Mapping[str, str] = {"train": "labeled", "val": "validation"} | {name: name for name in SPLITS}
"""What a column ``split`` may say."""

MISSING = ("NA", "NaN", "NULL", "N/A", "n/a", "#N/A", "nan", "null", "<NA>")
"""Labels that say that there is none, as R, pandas, spreadsheets and databases write them."""

DOUBTFUL = ("-", "?", ".", "none", "missing")
"""Classes, in any case, that may say that there is no label."""

_GROUPED = re.compile(r"([1-9][0-9]{0,2})\.([0-9]{3})")
"""A number with a point before its last three digits, which may stand for thousands."""

_ROWS = "; each row is one answer: of a column for each person, make rows"

ENDINGS = (".csv", ".tsv", ".parquet")
"""Endings of tables."""


def read(source: Path, options: ImportOptions) -> Source:
    """Read a table and the images that lie beside it, or in ``images/`` beside it.

    ``source`` is the table, or the folder that holds it. A row whose label is empty, or one of ``MISSING``
    that the options do not list, annotates nothing; images without any row are unlabeled. Rows with no votes
    are left out. Other columns are kept.

    Raises:
        UserError: names the line of a missing image, an unknown class, or votes that are no number.
    """
    path = _table_in(source, options.table)
    table = read_table(path)
    folder = _image_folder(source if source.is_dir() else source.parent)
    images, passed = below(folder)
    columns = _columns(table)
    frame = _annotations(
        table, columns, _image_ids(table, columns["image"], {image.name for image in images})
    )
    frame, notes = _without_missing(frame, options)
    classes = class_names(_labels(frame, table, options), options, path)
    kept = frame.filter(pl.col("label").is_not_null() & (pl.col("votes") > 0)).drop("split", strict=False)
    splits = fixed_splits(_splits(table, frame), set(kept["image"]))
    notes = (*passed, *notes, *_counted(columns, frame))
    return Source(options.title(source), classes, images, kept, splits, notes=notes)


def _table_in(source: Path, chosen: Path | None) -> Path:
    if chosen is not None:
        return chosen
    if os.path.isfile(source):
        return source
    found = [path for path in files_in(source) if path.suffix.lower() in ENDINGS]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        sheets = [path.name for path in files_in(source) if path.suffix.lower() in SPREADSHEETS]
        remedy = f"save {sheets[0]} as CSV UTF-8" if sheets and not found else "choose one with --table"
        raise UserError(f"{source} needs one table ({', '.join(ENDINGS)}), found {names}: {remedy}")
    return found[0]


def _image_folder(folder: Path) -> Path:
    inner = entry_in(folder, "images")
    return inner if inner is not None and inner.is_dir() else folder


def _columns(table: Table) -> dict[str, str]:
    """Return the table's column for each of ours that it has."""
    found = {ours: name for ours, names in ALIASES.items() if (name := table.first(names))}
    for ours in ("image", "label"):
        if ours not in found:
            raise UserError(
                f"{table.path} has no column '{ours}' (also known as {', '.join(ALIASES[ours][1:])}); "
                f"its columns: {', '.join(table.columns)}" + _ROWS * (ours == "label")
            )
    return found


def _image_ids(table: Table, column: str, images: set[str]) -> list[str]:
    """Return the image of each row.

    A leading ``images/`` and blanks around the name may be there or not, and accents may be in another form
    of Unicode.
    """
    rows: dict[str, int] = {}
    for row, value in enumerate(table.columns[column]):
        rows.setdefault(value, row)
    names = [relative(str(value or ""), table.at(row)) for value, row in rows.items()]
    short = [name if name in images else name.strip().removeprefix("images/") for name in names]
    first = list(rows.values())
    found = present(short, images, lambda index: table.at(first[index]), names)
    ids = dict(zip(rows, found, strict=True))
    return [ids[value] for value in table.columns[column]]


def _annotations(table: Table, columns: Mapping[str, str], ids: list[str]) -> pl.DataFrame:
    """Return the rows with our columns first, in our types, and the others as they are."""
    texts = {
        ours: _texts(table, columns[ours]) for ours in ("label", "annotator", "split") if ours in columns
    }
    ours = {
        "image": pl.Series(ids, dtype=pl.String),
        "annotator": pl.Series(texts.get("annotator", [None] * len(table)), dtype=pl.String).fill_null(""),
        "label": pl.Series(texts["label"], dtype=pl.String),
        "votes": pl.Series(votes_of(table, columns.get("votes")), dtype=pl.Int64),
    }
    if "split" in texts:
        ours["split"] = pl.Series(texts["split"], dtype=pl.String)
    others = {
        name: _typed(name, values, table)
        for name, values in table.columns.items()
        if name not in columns.values() and name not in SCHEMA and name
    }
    return pl.DataFrame(ours | others)


def _without_missing(frame: pl.DataFrame, options: ImportOptions) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the rows without the labels that say that there is none, and how many these are."""
    words = [word for word in MISSING if word not in (options.classes or ())]
    counts = {word: count for word in words if (count := int((frame["label"] == word).sum()))}
    doubtful = () if options.classes else _doubtful(frame["label"])
    if not counts:
        return frame, doubtful
    found = ", ".join(f"{word} {count}" for word, count in counts.items())
    note = f"labels taken as missing: {found}; if such a word is a class, list all classes with --classes"
    label = pl.when(pl.col("label").is_in(words)).then(None).otherwise(pl.col("label")).alias("label")
    return frame.with_columns(label), (note, *doubtful)


def _doubtful(labels: pl.Series) -> tuple[str, ...]:
    """Say which classes may mean that there is no label."""
    counts = labels.filter(labels.str.to_lowercase().is_in(DOUBTFUL)).value_counts(sort=True)
    return tuple(
        f"the class '{label}' ({count}) may mean that there is no label: then leave such cells empty"
        for label, count in counts.iter_rows()
    )


def _counted(columns: Mapping[str, str], frame: pl.DataFrame) -> Iterator[str]:
    """Yield where votes came from, where their column has another name, and how many rows had none."""
    name = columns.get("votes", "votes")
    if name != "votes":
        yield f"votes are taken from the column '{name}': rename it where it counts something else"
    if none := int((frame["votes"] == 0).sum()):
        yield f"rows left out, as they have 0 votes: {none}"


def _texts(table: Table, column: str) -> list[str | None]:
    texts = []
    for row, value in enumerate(table.columns[column]):
        if not (value is None or (isinstance(value, str | int) and not isinstance(value, bool))):
            raise UserError(f"{table.at(row)}: {column} {str(value)[:80]} is neither text nor a whole number")
        texts.append(str(value).strip() or None if value is not None else None)
    return texts


def votes_of(table: Table, column: str | None) -> list[int]:
    """Return the votes of each row: one where the table does not say."""
    if column is None:
        return [1] * len(table)
    votes = []
    for row, value in enumerate(table.columns[column]):
        if isinstance(value, str) and (grouped := _GROUPED.fullmatch(value.strip())):
            raise UserError(
                f"{table.at(row)}: {column} '{grouped[0]}' may be {grouped[1]} or {grouped[1]}{grouped[2]}: "
                "write it without a point"
            )
        try:
            number = 1 if value is None else float(value)
        except (TypeError, ValueError):
            number = -1
        if not (0 <= number <= tables.MOST_VOTES and number == int(number)):
            raise UserError(f"{table.at(row)}: {column} {str(value)[:80]!r} is not a whole number of votes")
        votes.append(int(number))
    return votes


def _typed(name: str, values: list[Any], table: Table) -> pl.Series:
    """Return another column: text becomes numbers where all of it is."""
    try:
        series = pl.Series(name, values, strict=True)
        for number in (pl.Int64, pl.Float64) if series.dtype == pl.String else ():
            cast = series.cast(number, strict=False)
            if cast.null_count() == series.null_count():
                return cast
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{table.path}: the column '{name}' mixes kinds of values") from error
    return series


def _labels(frame: pl.DataFrame, table: Table, options: ImportOptions) -> list[str]:
    """Return the labels found; with classes given, the first row outside them is an error."""
    possible = options.classes
    alike = set(map(composed, possible or ()))
    for row, label in enumerate(frame["label"]):
        if possible and label is not None and composed(label) not in alike:
            raise UserError(f"{table.at(row)}: {unknown('class', label, possible)}")
    return frame["label"].drop_nulls().unique().to_list()


def _splits(table: Table, frame: pl.DataFrame) -> dict[str, str]:
    """Return the split of each image from the column ``split``, where there is one."""
    splits: dict[str, str] = {}
    if "split" not in frame.columns:
        return splits
    for row, (image, value) in enumerate(frame.select("image", "split").iter_rows()):
        if value is None:
            continue
        if value not in SPLIT_ALIASES:
            raise UserError(f"{table.at(row)}: {unknown('split', value, SPLIT_ALIASES)}")
        if splits.setdefault(image, SPLIT_ALIASES[value]) != SPLIT_ALIASES[value]:
            raise UserError(f"{table.at(row)}: {image} is {splits[image]} in an earlier row and {value} here")
    return splits
