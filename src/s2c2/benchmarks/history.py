"""What was measured, kept line by line, and shown as a table and a plot of the latest figures."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2c2 import files
from s2c2.errors import UserError

Entry = Mapping[str, Any]
"""One section of a benchmark: ``section``, ``date``, ``machine``, ``options``, ``rows``."""
Row = Mapping[str, Any]


def append(path: Path, entry: Entry) -> None:
    """Add an entry to a history, whole or not at all.

    Raises:
        UserError: when the file cannot be written.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    files.write_text(path, before + json.dumps(files.finite(dict(entry)), ensure_ascii=False) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a history, the oldest first.

    Raises:
        UserError: when the file is absent or one of its lines is no entry.
    """
    if not path.is_file():
        raise UserError(f"no history at {path}: 's2c2 bench' writes one")
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = json.loads(line)
            entries.append({"section": str(entry["section"]), **entry, "rows": list(entry["rows"])})
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}, line {number}: no entry of a history") from error
    return entries


def latest(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that no later one under the same title stands for.

    A later one does where it has all of the cases. Rows of several entries are never put into one table:
    the ratios in it are of samples that were taken in turn.

    Returns:
        entries by title, in the order in which titles first came; under each the newest first.
    """
    kept: dict[str, list[Entry]] = {}
    for entry in entries:
        before, now = kept.get(titled(entry), []), cases(entry)
        kept[titled(entry)] = [entry, *(old for old in before if not cases(old) <= now)]
    return [entry for under in kept.values() for entry in under]


CASE = ("case", "command", "precision", "view", "size", "images", "network", "batch")
"""Columns that say what was measured; the others are figures."""


def cases(entry: Entry) -> set[tuple[Any, ...]]:
    """Return what the rows of an entry are of.

    Example:
        >>> sorted(cases({"rows": [{"view": "weak", "size": size, "seconds": 0.1} for size in (32, 96)]}))
        [('weak', 32), ('weak', 96)]
    """
    return {tuple(row[name] for name in CASE if name in row) for row in entry["rows"]}


def titled(entry: Entry) -> str:
    """Return the section of an entry, of which network, size and batch, and on which card or threads.

    Example:
        >>> rows = [{"network": "wrn-28-2", "batch": 16}]
        >>> titled({"section": "step", "machine": {}, "rows": rows, "options": {"size": 32}})
        'step of wrn-28-2, 32 px, batch 16'
        >>> rows = [{"network": "wrn-28-2"}]
        >>> titled({"section": "predict", "machine": {}, "rows": rows, "options": {"size": 96}})
        'predict of wrn-28-2, 96 px'
        >>> machine = {"processor": "AMD EPYC", "threads": 2}
        >>> titled({"section": "start", "machine": machine, "rows": [], "options": {}})
        'start on 2 threads of AMD EPYC'
    """
    row: Row = next(iter(entry["rows"]), {})
    network, batch, machine = row.get("network"), row.get("batch"), entry["machine"]
    place = machine.get("card") or _processor(machine)
    size = f", {entry['options']['size']} px" if network and "size" in entry["options"] else ""
    of = (f" of {network}{size}" if network else "") + (f", batch {batch}" if batch else "")
    return f"{entry['section']}{of}" + (f" on {place}" if place else "")


def _processor(machine: Mapping[str, Any]) -> str:
    """Return the processor of a machine, and how many of its threads were used; empty where it is unknown."""
    if "processor" not in machine:
        return ""
    return f"{machine['threads']} thread{'s' * (machine['threads'] != 1)} of {machine['processor']}"


def columns(rows: Sequence[Row]) -> list[str]:
    """Return the names of the columns, nested ones as ``shares.views``, in the order they come in."""
    return list(dict.fromkeys(name for row in rows for name in flat(row)))


def flat(row: Row) -> dict[str, Any]:
    """Return a row without nesting.

    Example:
        >>> flat({"case": "plain", "shares": {"views": 0.1}})
        {'case': 'plain', 'shares.views': 0.1}
    """
    found: dict[str, Any] = {}
    for name, value in row.items():
        nested = flat(value) if isinstance(value, Mapping) else None
        found |= {name: value} if nested is None else {f"{name}.{key}": item for key, item in nested.items()}
    return found


def cell(value: Any) -> str:
    """Return a value as it is shown; of a median with quartiles both.

    Example:
        >>> cell([2.0, 1.5, 2.5]), cell(0.25), cell(None), cell("plain")
        ('2 (1.5 – 2.5)', '0.25', '', 'plain')
    """
    if value is None:
        return ""
    if isinstance(value, list) and len(value) == 3:
        middle, low, high = (f"{number:.4g}" for number in value)
        return f"{middle} ({low} – {high})"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    names = columns(rows)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cell(flat(row).get(name)) for name in names) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def short(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return columns and cells for a screen: medians, and neither parts nor what is the same in all rows."""
    shown = [
        {name: _median(value) for name, value in row.items() if not isinstance(value, Mapping)}
        for row in rows
    ]
    names = [
        name for name in columns(shown) if len(rows) == 1 or len({cell(row.get(name)) for row in shown}) > 1
    ]
    return names, [[cell(row.get(name)) for name in names] for row in shown]


def _median(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 3 else value


def summary(entries: Sequence[Entry]) -> str:
    """Return the newest figures of each section as Markdown, one table for each entry."""
    parts = ["# The newest figures of each benchmark\n"]
    for entry in latest(entries):
        machine = entry["machine"]
        where = f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} thread(s)"
        load = ", ".join(f"{value:g}" for value in machine["load"])
        parts.append(f"## {titled(entry)}\n\n{entry['date']} on {where}; load average {load}.\n")
        parts.append(table(entry["rows"]))
    return "\n".join(parts)
