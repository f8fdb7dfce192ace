"""Tables that people write, as CSV or Parquet: read alike, checked row by row."""

from pathlib import Path

import polars as pl

from s2c2.errors import UserError, unknown

TEXT = ("image", "annotator", "label", "split")
"""Columns that are text in every table, also where they look like numbers."""

MOST_VOTES = 10**9
"""Largest number of votes in one row."""

LONGEST = 2**20
"""Bytes of a header that are looked at."""


def read_table(path: Path) -> pl.DataFrame:
    """Read a CSV or Parquet file; text columns stay text even where all values look like numbers.

    What separates the cells of a CSV, comma, semicolon or tab, is taken from its header.

    Raises:
        UserError: when the file cannot be read as such a table.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        with path.open("rb") as stream:
            mark = separator(stream.readline(LONGEST).decode("utf-8", errors="replace"))
        names = pl.read_csv(path, separator=mark, n_rows=0, infer_schema=False).columns
        _once(path, names)
        overrides = {name: pl.String for name in names if name in TEXT}
        return pl.read_csv(path, separator=mark, schema_overrides=overrides, infer_schema_length=None)
    except pl.exceptions.NoDataError as error:
        raise UserError(f"{path} is empty: it needs a header line") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise UserError(f"cannot read the table {path}: {_first_line(error)}") from error


def validated(frame: pl.DataFrame, classes: tuple[str, ...]) -> pl.DataFrame:
    """Return an annotation table with strict types and defaults filled.

    Raises:
        UserError: names the row (the first one is 1), the value and what is possible.
    """
    for column in ("image", "label"):
        require(frame, column)
    defaults = {"annotator": pl.lit("").alias("annotator"), "votes": pl.lit(1, pl.Int64).alias("votes")}
    frame = frame.with_columns([value for name, value in defaults.items() if name not in frame.columns])
    frame = frame.with_columns(
        text(frame, "image"),
        text(frame, "label"),
        text(frame, "annotator", optional=True),
        whole(frame, "votes"),
    )
    among(frame, "label", classes)
    first = ["image", "annotator", "label", "votes"]
    return frame.select(first + [name for name in frame.columns if name not in first])


def require(frame: pl.DataFrame, column: str) -> None:
    """Raise a ``UserError`` when a table lacks a column."""
    if column not in frame.columns:
        found = ", ".join(frame.columns) or "none"
        raise UserError(f"the table lacks the column '{column}' (columns found: {found})")


def text(frame: pl.DataFrame, column: str, *, optional: bool = False) -> pl.Series:
    """Return a column as text; whole numbers become their digits, other types are refused.

    Args:
        frame: the table.
        column: name of the column.
        optional: whether an empty cell becomes ``""`` instead of an error.
    """
    series = frame[column]
    allowed = series.dtype in (pl.String, pl.Categorical, pl.Null) or series.dtype.is_integer()
    if not allowed and not isinstance(series.dtype, pl.Enum):
        raise UserError(f"column '{column}' must hold text, not {series.dtype}")
    series = series.cast(pl.String)
    if optional:
        return series.fill_null("")
    refuse(series, series.is_null() | (series == ""), "is empty")
    return series


def whole(frame: pl.DataFrame, column: str) -> pl.Series:
    """Return a column of counts as Int64; each must be a whole number ≥ 1."""
    series = frame[column]
    refuse(series, series.is_null(), "is empty")
    if not series.dtype.is_integer():
        refuse(series, _fractional(series), f"is not a whole number ≥ 1 (the column is {series.dtype})")
        series = series.cast(pl.Int64)
    refuse(series, (series < 1) | (series > MOST_VOTES), f"is not between 1 and {MOST_VOTES}")
    return series.cast(pl.Int64)


def among(frame: pl.DataFrame, column: str, possible: tuple[str, ...]) -> None:
    """Raise a ``UserError`` when a value of a text column is not one of the possible ones."""
    wrong = (~frame[column].is_in(list(possible))).arg_true()
    if len(wrong):
        row = int(wrong[0])
        more = f" ({len(wrong)} rows are like this)" if len(wrong) > 1 else ""
        raise UserError(f"row {row + 1}: {unknown(column, frame[column][row], possible)}{more}")


def refuse(series: pl.Series, wrong: pl.Series, why: str) -> None:
    """Raise a ``UserError`` for the first row that is wrong."""
    rows = wrong.arg_true()
    if len(rows):
        row = int(rows[0])
        value = "" if series[row] is None else f" {series[row]!r}"
        more = f" ({len(rows)} rows are like this)" if len(rows) > 1 else ""
        raise UserError(f"row {row + 1}: {series.name}{value} {why}{more}")


def separator(header: str) -> str:
    """Return what separates the names in the header of a CSV: comma, semicolon or tab.

    Example:
        >>> separator("image;label, as said")
        ','
        >>> separator("image;annotator;label")
        ';'
    """
    return max(",;\t", key=header.count)


def _once(path: Path, names: list[str]) -> None:
    """Raise a ``UserError`` when a name came twice in a header; polars has renamed the second."""
    for name in names:
        if name and f"{name}_duplicated_0" in names:
            raise UserError(f"{path}: the column '{name}' comes twice in the header")


def _fractional(series: pl.Series) -> pl.Series:
    """Return the rows that show why a column is not one of whole numbers: some, or else all."""
    if series.dtype == pl.String:
        wrong = ~series.str.contains(r"^\s*[1-9]\d*\s*$")
    else:
        wrong = series != series.floor() if series.dtype.is_float() else series.is_not_null()
    return wrong if wrong.any() else series.is_not_null()


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
