"""``parquet`` and ``csv``: the log as it is, with all its columns."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from io import BytesIO
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
from jaxtyping import Int64

from s2c2.data.answers import SCHEMA
from s2c2.data.formats.table import ALIASES, votes_of
from s2c2.data.formats.tabular import Table, read_table
from s2c2.data.logs.exchange import Export, Extras, Given, text
from s2c2.data.logs.log import Log
from s2c2.data.tables import RowError, told
from s2c2.errors import UserError

T = TypeVar("T")

TRUTHS = {"true": True, "1": True, "false": False, "0": False}
"""How a CSV writes yes and no."""
EXACT = ("image", "key")
"""Columns whose text is taken with the blanks around it."""
MOST = 10_000_000
"""Largest number of votes in one table: each becomes a row."""


def parquet(log: Log, extras: Extras) -> Export:
    """Return a Parquet file; the class names travel as file metadata."""
    stream = BytesIO()
    log.table.write_parquet(stream, metadata={"classes": json.dumps(log.classes)})
    return Export({"": stream.getvalue()})


def csv(log: Log, extras: Extras) -> Export:
    """Return a CSV file; a distribution is a JSON object of class and share."""
    spread = [None if one is None else named(one, log.classes) for one in log.table["distribution"].to_list()]
    column = pl.Series("distribution", spread, dtype=pl.String)
    return Export({"": text(log.table.with_columns(column))})


def read(source: Path, given: Given) -> Log:
    """Read a log from a Parquet, CSV, TSV or JSON lines file.

    Images, labels and annotators may stand under their other names, as in a table of annotations. Where a
    column ``votes`` counts unnamed people, each of them is an answer. Paths are matched with images, where
    these are given.

    Raises:
        UserError: names the file and the line (of Parquet the row) of what is wrong.
    """
    table = read_table(source)
    classes = given.classes or _classes(source, table)
    votes = np.array(votes_of(table, table.first(ALIASES["votes"])), dtype=np.int64)
    with told(source, table.at):
        return polled(matched(Log.build(frame(table, classes), classes), given), votes)


def frame(table: Table, classes: tuple[str, ...] | None) -> pl.DataFrame:
    """Return columns from outside under their own names, with values that a log can hold."""
    columns = dict(table.columns)
    for name, aliases in ALIASES.items():
        found = table.first((name, *aliases))
        if found is not None and name not in columns:
            columns[name] = columns.pop(found)
    for name in ("shown", "live"):
        if name in columns:
            columns[name] = list(_each(truth, map(_present, columns[name])))
    for name in [name for name in SCHEMA if name in columns and name != "distribution"]:
        columns[name] = list(_each(partial(_single, column=name), map(_present, columns[name])))
    if "distribution" in columns:
        columns["distribution"] = list(_each(lambda value: shares(value, classes), columns["distribution"]))
    return pl.DataFrame(columns, strict=False)


def _present(value: T) -> T | None:
    """Return a value, and nothing for NaN: so pandas writes an empty cell of a column of numbers."""
    return None if isinstance(value, float) and isnan(value) else value


def _single(value: Any, column: str) -> Any:
    """Return a value that is not several, and no number with a point where a log has text.

    In JSON lines a cell may be a list. Blanks around a value are no part of it.
    """
    if isinstance(value, list | dict):
        raise UserError(f"{column} {str(value)[:80]} is not one value")
    if isinstance(value, bool | float) and SCHEMA[column] == pl.String:
        raise UserError(f"{column} {value} is neither text nor a whole number")
    return value.strip() or None if isinstance(value, str) and column not in EXACT else value


def _each(call: Callable[[Any], T], values: Iterable[Any]) -> Iterator[T]:
    """Yield what becomes of each value; an error says which one it is of."""
    for row, value in enumerate(values):
        try:
            yield call(value)
        except UserError as error:
            raise RowError(row, str(error)) from error


def matched(log: Log, given: Given) -> Log:
    """Return a log with the images that its paths mean; as it is where no images are given.

    Raises:
        UserError: when several images could be meant.
    """
    if given.images is None:
        return log
    meant = {place: given.matched(place) for place in log.table["image"].unique()}
    return replace(log, table=log.table.with_columns(pl.col("image").replace(meant)))


def polled(log: Log, votes: Int64[np.ndarray, " m"]) -> Log:
    """Return a log with as many rows for each of its rows as there are votes for it.

    Raises:
        UserError: for several votes of one person with a name, or too many.
    """
    several = pl.Series(votes > 1)
    wrong = (several & (log.table["annotator"] != "")).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise RowError(
            row,
            f"votes count people without a name, but {votes[row]} are of "
            f"'{log.table['annotator'][row]}': one row is one answer of a person, with 1 in votes",
        )
    if int(votes.sum()) > MOST:
        raise UserError(
            f"{int(votes.sum()):,} votes: at most {MOST:,} are read as answers; "
            "'s2c2 data import' with --format table makes a dataset of such a table"
        )
    # A key names one row of an act: rows that share it would be taken for the same answer.
    keyed = log.table.with_columns(key=pl.when(~several).then(pl.col("key")))
    rows = np.repeat(np.arange(len(log)), votes)
    left = tuple(name for name in log.ignored if name != "votes")
    none = int((votes == 0).sum())
    notes = (f"rows left out, as they have 0 votes: {none}",) if none else ()
    return replace(log, table=keyed[rows], ignored=left, notes=(*log.notes, *notes))


def named(shares: Sequence[float], classes: Sequence[str]) -> str:
    """Return a distribution as a JSON object that names its classes."""
    return json.dumps(dict(zip(classes, shares, strict=True)), ensure_ascii=False)


def shares(value: Any, classes: Sequence[str] | None) -> list[float] | None:
    """Return a distribution from a list, or from JSON of a list or an object of class and share.

    Raises:
        UserError: when it is neither.
    """
    given = value
    if isinstance(value, str):
        try:
            given = json.loads(value)
        except (ValueError, RecursionError):
            given = value
    if isinstance(given, dict) and classes is not None:
        unknown = [name for name in given if name not in classes]
        given = value if unknown else [given.get(name, 0.0) for name in classes]
    if given is None:
        return None
    if not isinstance(given, list) or not all(type(share) in (int, float) for share in given):
        raise UserError(f'{str(value)[:80]!r} is not a distribution such as {{"cat": 0.7, "dog": 0.3}}')
    return [float(share) for share in given]


def truth(value: Any) -> bool | None:
    """Return yes or no from what a table writes.

    Raises:
        UserError: when it is neither.
    """
    if value is None or isinstance(value, bool):
        return value
    if str(value).strip().lower() not in TRUTHS:
        raise UserError(f"'{value}' is neither true nor false")
    return TRUTHS[str(value).strip().lower()]


def _classes(source: Path, table: Table) -> tuple[str, ...] | None:
    """Return the classes that a file names itself: in its metadata, or in its first distribution.

    Raises:
        UserError: when its metadata name none.
    """
    if source.suffix.lower() == ".parquet":
        written: Mapping[str, str] = pl.read_parquet_metadata(source)
        return _listed(written["classes"], source) if "classes" in written else None
    for value in table.columns.get("distribution", ()):
        if isinstance(value, str) and value.lstrip().startswith("{"):
            with suppress(ValueError, RecursionError):
                return tuple(json.loads(value))
    return None


def _listed(written: str, source: Path) -> tuple[str, ...]:
    """Return the class names that stand in metadata."""
    try:
        classes = json.loads(written)
    except (ValueError, RecursionError):
        classes = None
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise UserError(f"{source}: the classes in its metadata are damaged; name them with --dataset")
    return tuple(classes)
