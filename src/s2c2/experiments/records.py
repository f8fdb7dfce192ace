"""Small records of runs that are committed, and their places in pages."""

import statistics
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from s2c2 import files
from s2c2.runs import open_run

BEGIN, END = "<!-- table:begin -->", "<!-- table:end -->"
"""Marks around a table in a page."""


def record(run: Path) -> dict[str, Any]:
    """Return what is kept of a scored run: configuration, environment, scores, the last losses. No path."""
    opened = open_run(run)
    environment = files.read_json(run / "environment.json")
    last = opened.losses()[-100:]
    terms = [name for name in last[0] if name not in ("step", "progress", "rate")]
    return {
        "run": run.name,
        "config": yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8")),
        "environment": environment,
        "losses": {name: statistics.fmean(line[name] for line in last) for name in terms},
        **(opened.scores() or {}),
    }


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a folder, in the order of their names."""
    return [files.read_json(path) for path in sorted(folder.glob("*.json"))]


def datasets_of(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the datasets of records, each once, in their order."""
    return list(dict.fromkeys(record["dataset"] for record in records))


def rebuild(
    folder: Path,
    cases: Iterable[tuple[Path, int]],
    made: Callable[[Path, int], Any],
    contents: Callable[[], Mapping[Path, str]],
) -> None:
    """Write a record for each dataset and seed, and then what follows from all records.

    Args:
        folder: of the records.
        cases: dataset folder and seed of each record that is to be made; none where only the rest is.
        made: returns the record of a case.
        contents: returns what follows from the records, by the file that holds it.
    """
    for dataset, seed in cases:
        files.write_json(folder / f"{dataset.name}-{seed}.json", made(dataset, seed))
    for path, text in contents().items():
        files.write_text(path, text)


def placed(page: str, content: str, name: str = "table") -> str:
    """Return a page with the content between the marks of that name replaced."""
    begin, end = (mark.replace("table", name) for mark in (BEGIN, END))
    before, rest = page.split(begin)
    return f"{before}{begin}\n{content}{end}{rest.split(end)[1]}"
