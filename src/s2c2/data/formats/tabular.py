"""Tables from outside: CSV, Parquet and JSON lines as plain columns that know their lines."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from s2c2.data.formats.walk import read_bytes
from s2c2.data.tables import records
from s2c2.errors import UserError

LARGEST = 2 * 2**30
"""Bytes in one table."""

SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers")
"""Endings of tables that a program must save as CSV before they can be read."""

MOST_ROWS = 100_000_000
"""Rows in one table; a Parquet file of a few kB can claim any number."""


@dataclass(frozen=True)
class Table:
    """Columns of equal length and where each row stands in the file."""

    path: Path
    columns: Mapping[str, list[Any]]
    """Values by column name; from a CSV all are text, and an empty cell is ``None``."""
    places: Sequence[int]
    """For each row the line that it begins in (CSV, JSON lines) or row (Parquet); the first one is 1."""

    def __len__(self) -> int:
        return len(self.places)

    def at(self, row: int) -> str:
        """Return where a row stands, for messages."""
        word = "row" if self.path.suffix.lower() == ".parquet" else "line"
        return f"{self.path}, {word} {self.places[row]}"

    def first(self, names: Sequence[str]) -> str | None:
        """Return the first of several possible columns that exists; else the first that does in any case.

        Args:
            names: in lower case.
        """
        folded = {column.casefold(): column for column in reversed([*self.columns])}
        exact = next((name for name in names if name in self.columns), None)
        return exact or next((folded[name] for name in names if name in folded), None)


def read_table(path: Path) -> Table:
    """Read a table by its ending: ``.csv``, ``.tsv``, ``.parquet`` or ``.jsonl``.

    Raises:
        UserError: names the file and the line of what is wrong.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        more = ": save it as CSV UTF-8" if path.suffix.lower() in SPREADSHEETS else ""
        raise UserError(f"{path} is not a table: possible endings are {', '.join(READERS)}{more}")
    return reader(path)


def text_of(path: Path) -> str:
    """Read a text file as UTF-8, with or without a byte order mark.

    Raises:
        UserError: when it is not UTF-8; names the line.
    """
    data = read_bytes(path, LARGEST)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line}: not UTF-8 text; save the file as UTF-8 (in Excel: CSV UTF-8)"
        ) from error


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UserError: names the line of what is wrong.
    """
    return _parsed(text_of(path), path)


def _parsed(text: str, path: Path, line: int = 0) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {line or error.lineno}, column {error.colno}"
        raise UserError(f"{path}, {place}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}{f', line {line}' if line else ''}: not JSON: {error}") from error


def _read_csv(path: Path) -> Table:
    stream = io.StringIO(text_of(path), newline="")
    found = [*records(stream, path)]
    if not found:
        raise UserError(f"{path} is empty: it needs a header line")
    places, rows = [line for line, _ in found], [row for _, row in found]
    width = max(number for number, name in enumerate(rows[0], start=1) if name.strip())
    rows = [_cut(row, width) for row in rows]
    names = [name.strip() for name in rows[0]]
    _check_cells(path, names, rows, places)
    cells = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(names)
    columns = {name: [cell or None for cell in column] for name, column in zip(names, cells, strict=True)}
    return Table(path, columns, places[1:])


def _cut(row: list[str], width: int) -> list[str]:
    """Return a row without cells after the last column that has a name, where all of these are blank."""
    return row if any(map(str.strip, row[width:])) else row[:width]


def _check_cells(path: Path, names: list[str], rows: list[list[str]], places: list[int]) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UserError(f"{path}: the column '{twice[0]}' comes twice in the header")
    for row, place in zip(rows, places, strict=True):
        if len(row) != len(names):
            raise UserError(f"{path}, line {place}: {len(row)} cells, but the header has {len(names)}")


def _read_parquet(path: Path) -> Table:
    if not path.is_file():
        raise UserError(f"no file {path}")
    try:
        height = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
        if height > MOST_ROWS:
            raise UserError(f"{path} has {height:,} rows: at most {MOST_ROWS:,} are read")
        columns = pl.read_parquet(path, glob=False).to_dict(as_series=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path} cannot be read as Parquet: {first}") from error
    return Table(path, columns, range(1, height + 1))


def _read_jsonl(path: Path) -> Table:
    rows: list[dict[str, Any]] = []
    places: list[int] = []
    for place, line in enumerate(text_of(path).split("\n"), start=1):
        if not line.strip():
            continue
        row = _parsed(line, path, place)
        if not isinstance(row, dict):
            raise UserError(f'{path}, line {place}: must be an object such as {{"file_name": "a.png"}}')
        rows.append(row)
        places.append(place)
    names = dict.fromkeys(name for row in rows for name in row)
    return Table(path, {name: [row.get(name) for row in rows] for name in names}, places)


READERS: Mapping[str, Callable[[Path], Table]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".jsonl": _read_jsonl,
}
"""How a table is read, by its ending."""
