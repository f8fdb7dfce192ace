"""Tables that people write, as CSV or Parquet: read alike, checked row by row."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path

import polars as pl

from s2c2.errors import UserError, unknown

TEXT = ("image", "annotator", "label", "split")
"""Columns that are text in every table, also where they look like numbers."""

MOST_VOTES = 10**9
"""Largest number of votes in one row."""


class RowError(UserError):
    """Something is wrong with a row of a table."""

    def __init__(self, row: int, reason: str) -> None:
        """Say what is wrong; the first row is 0 here and 1 in the message."""
        super().__init__(f"row {row + 1}: {reason}")
        self.row, self.reason = row, reason


@contextmanager
def told(path: Path, at: Callable[[int], str]) -> Iterator[None]:
    """Name the file in errors of what was read from it, and the place where these are of a row.

    Args:
        path: the file.
        at: where a row stands, the file included; the first one is 0.
    """
    try:
        yield
    except RowError as error:
        raise UserError(f"{at(error.row)}: {error.reason}") from error
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def read_table(path: Path) -> pl.DataFrame:
    """Read a CSV or Parquet file; text columns stay text even where all values look like numbers.

    What separates the cells of a CSV is said by a first line such as ``sep=;``, else taken from its header:
    comma, semicolon or tab. Blank lines are passed over.

    Raises:
        UserError: when the file cannot be read as such a table.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path, glob=False)
        return _read_csv(path.read_bytes(), path)
    except pl.exceptions.NoDataError as error:
        raise UserError(f"{path} is empty: it needs a header line") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise UserError(f"cannot read the table {path}: {_first_line(error)}") from error


def _read_csv(data: bytes, path: Path) -> pl.DataFrame:
    lines = (line.decode("utf-8-sig", errors="replace") for line in io.BytesIO(data))
    mark, above, _ = beginning(lines)
    data = data[sum(map(len, islice(io.BytesIO(data), above))) :]
    names = pl.read_csv(data, separator=mark, n_rows=0, infer_schema=False).columns
    _once(path, names)
    types = {name: pl.String for name in names if name in TEXT}
    frame = pl.read_csv(data, separator=mark, schema_overrides=types, infer_schema_length=None)
    filled = (
        pl.col(name).str.strip_chars() != "" if kind == pl.String else pl.col(name).is_not_null()
        for name, kind in frame.schema.items()
    )
    return frame.filter(pl.any_horizontal(filled))


def place(path: Path, row: int) -> str:
    """Return where a row of a file stands that :func:`read_table` read: in a CSV by its line.

    Args:
        path: the file.
        row: the first one is 0.
    """
    if path.suffix.lower() == ".parquet":
        return f"{path}, row {row + 1}"
    with (
        suppress(UserError, OSError),
        path.open(encoding="utf-8-sig", errors="replace", newline="") as stream,
    ):
        for line, _ in islice(records(stream, path), row + 1, row + 2):
            return f"{path}, line {line}"
    return f"{path}, row {row + 1} of the data (the header is not counted)"


def records(lines: Iterator[str], path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV that are not blank, the header first, each with the line that it begins in.

    Args:
        lines: the lines with their ends, without a byte order mark.
        path: named in errors.

    Raises:
        UserError: names the line of what is no CSV.
    """
    mark, above, header = beginning(lines)
    reader = csv.reader(chain([header], lines), delimiter=mark, strict=True)
    while True:
        line = above + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"{path}, line {line}: {error}") from error
        if any(map(str.strip, cells)):
            yield line, cells


def beginning(lines: Iterator[str]) -> tuple[str, int, str]:
    r"""Return what separates the cells of a CSV, how many lines stand above its header, and that header.

    Args:
        lines: the lines; those up to the header are taken.

    Example:
        >>> beginning(iter(["\n", ";;\n", "image;label\n", "a.png;cat\n"]))
        (';', 2, 'image;label\n')
        >>> beginning(iter(["sep=|\n", "image|label\n"]))
        ('|', 1, 'image|label\n')
    """
    said, above = None, 0
    for above, line in enumerate(lines, start=1):
        if said is None and (said := said_separator(line)) is not None:
            continue
        if line.strip(_BLANK):
            return said or separator(line), above - 1, line
    return ",", above, ""


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
    """Raise a ``RowError`` when a value of a text column is not one of the possible ones."""
    wrong = (~frame[column].is_in(list(possible))).arg_true()
    if len(wrong):
        row = int(wrong[0])
        more = f" ({len(wrong)} rows are like this)" if len(wrong) > 1 else ""
        raise RowError(row, f"{unknown(column, frame[column][row], possible)}{more}")


def refuse(series: pl.Series, wrong: pl.Series, why: str) -> None:
    """Raise a ``RowError`` for the first row that is wrong."""
    rows = wrong.arg_true()
    if len(rows):
        row = int(rows[0])
        given = series[row]
        value = "" if given is None else f" {given!r}" if isinstance(given, str) else f" {given}"
        more = f" ({len(rows)} rows are like this)" if len(rows) > 1 else ""
        raise RowError(row, f"{series.name}{value} {why}{more}")


_BLANK = " \t\r\n,;"
"""What a line without a cell may hold."""
_SAID = re.compile(r'"?sep=(?=[\t -~])([^\w"])"?[\r\n]*', re.IGNORECASE)


def said_separator(line: str) -> str | None:
    """Return what a first line says that separates the cells, as Excel takes it; None for another line.

    Example:
        >>> said_separator("sep=;"), said_separator("sep=|"), said_separator("image,label")
        (';', '|', None)
    """
    found = _SAID.fullmatch(line)
    return found[1] if found else None


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
