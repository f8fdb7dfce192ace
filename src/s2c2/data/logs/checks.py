"""What an annotation log must be: types, defaults, kinds of answers, classes."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from s2c2.data.layout import spelled
from s2c2.data.tables import RowError, among, refuse, require
from s2c2.errors import UserError, unknown

KINDS = ("label", "accept", "ambiguous", "skip", "flag", "decide")
"""What an answer can be."""
SILENT = ("skip", "flag", "ambiguous")
"""Kinds that may come without a label and without a distribution."""
NAMING = ("label", "proposal", "hidden")
"""Columns that hold class names."""
TIMES = ("client_time", "server_time")
"""Columns that hold times."""
SPANS = ("seconds", "wall")
"""Columns that hold how long something took."""


def checked(
    frame: pl.DataFrame, schema: Mapping[str, Any], classes: tuple[str, ...] | None
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return a log with all columns in strict types, and its classes.

    Raises:
        UserError: names the row (the first one is 1) and the value of what is wrong.
    """
    require(frame, "image")
    if "label" not in frame.columns and "distribution" not in frame.columns:
        raise UserError(
            f"the annotation log has neither 'label' nor 'distribution' (found: {', '.join(frame.columns)})"
        )
    typed = _typed(frame, schema).with_columns(pl.col(pl.Float64).fill_nan(None))
    for name in NAMING if classes else ():
        typed = typed.with_columns(spelled(typed[name], classes or ()))
    table = typed.with_columns(_DEFAULTS).with_columns(kind=_kind())
    refuse(table["image"], table["image"].is_null() | (table["image"] == ""), "is empty")
    among(table, "kind", KINDS)
    for name in SPANS:
        refuse(table[name], ~table[name].is_finite() | (table[name] < 0), "is no number of seconds ≥ 0")
    for name in TIMES:
        timed = table[name].map_elements(_is_time, pl.Boolean)
        refuse(table[name], ~timed, "is not like 2026-12-31T23:59:59")
    known = _classes(table, classes)
    _check_distributions(table["distribution"], len(known))
    mute = table["label"].is_null() & table["distribution"].is_null() & ~table["kind"].is_in(SILENT)
    refuse(table["label"], mute, "is empty; only skip, flag and ambiguous have none")
    return table.select(*schema), known


_DEFAULTS = (
    pl.col("annotator").fill_null(""),
    pl.col("round").fill_null(1),
    pl.col("arm").fill_null("none"),
    pl.col("live").fill_null(value=True),
    pl.col("shown").fill_null(pl.col("proposal").is_not_null()),
)


def _kind() -> pl.Expr:
    """Return the kind as given, or as it follows from the answer."""
    accepted = pl.col("shown") & (pl.col("label") == pl.col("proposal"))
    found = (
        pl.when(pl.col("distribution").is_not_null())
        .then(pl.lit("ambiguous"))
        .when(pl.col("label").is_null())
        .then(pl.lit("skip"))
        .when(accepted.fill_null(value=False))
        .then(pl.lit("accept"))
        .otherwise(pl.lit("label"))
    )
    return pl.col("kind").fill_null(found)


def _is_time(given: str) -> bool:
    try:
        datetime.fromisoformat(given)
    except ValueError:
        return given == ""
    return True


def _typed(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    if not len(frame):
        return pl.DataFrame(schema=dict(schema))
    return frame.select(
        _cast(frame[name], kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )


def _cast(series: pl.Series, kind: Any) -> pl.Series:
    """Return a column in the type of a log; the first value that cannot be so is an error with its row."""
    if kind in (pl.Int64, pl.Float64) and (series.dtype.is_temporal() or series.dtype == pl.Boolean):
        refuse(series, series.is_not_null(), f"is not {noun(kind)}")
    if kind == pl.Int64 and (series.dtype.is_float() or series.dtype.is_decimal()):
        # A cast would cut what follows the point.
        refuse(series, series.is_not_null() & (series != series.floor()), f"is not {noun(kind)}")
    try:
        return series.cast(kind, strict=True)
    except pl.exceptions.PolarsError as error:
        with suppress(pl.exceptions.PolarsError):
            lost = series.cast(kind, strict=False).is_null() & series.is_not_null()
            refuse(series, lost, f"is not {noun(kind)}")
        raise UserError(f"{series.name}: {' '.join(str(error).split())}") from error


def noun(kind: Any) -> str:
    """Return what a value of a column of a log is called.

    Example:
        >>> noun(pl.Int64()), noun(pl.List(pl.Float64()))
        ('a whole number', 'a list of numbers')
    """
    names = {"String": "text", "Int64": "a whole number", "Float64": "a number", "Boolean": "true or false"}
    return names.get(str(kind), "a list of numbers")


def _classes(table: pl.DataFrame, given: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the classes; without given ones those in use, which no distribution can be read with."""
    if given is None:
        if table["distribution"].count():
            raise UserError("a distribution does not name its classes: read the log with --dataset")
        return tuple(sorted({name for column in NAMING for name in table[column].drop_nulls()}))
    if twice := [name for name in dict.fromkeys(given) if given.count(name) > 1]:
        raise UserError(f"the classes list '{twice[0]}' twice: its answers could be of either one")
    if "" in given:
        raise UserError(f"the name of class {given.index('') + 1} of {len(given)} is empty")
    for column in NAMING:
        wrong = (table[column].is_not_null() & ~table[column].is_in(list(given))).arg_true().to_list()
        if wrong:
            raise RowError(wrong[0], str(unknown(column, table[column][wrong[0]], given)))
    return given


def _check_distributions(column: pl.Series, classes: int) -> None:
    for row, given in enumerate(column.to_list()):
        if given is not None and not is_distribution(given, classes):
            raise RowError(
                row, f"the distribution {given} must hold {classes} shares ≥ 0 that sum to 1, one a class"
            )


def is_distribution(given: Any, classes: int) -> bool:
    """Say whether a list is a distribution over so many classes.

    Example:
        >>> is_distribution([0.7, 0.3], 2), is_distribution([0.7, 0.7], 2), is_distribution([1.0, None], 2)
        (True, False, False)
    """
    if len(given) != classes or any(value is None for value in given):
        return False
    shares = np.array(given, dtype=np.float64)
    return bool((shares >= 0).all() and abs(shares.sum() - 1) < 1e-3)
