"""``crowd-kit``: a CSV of ``task, worker, label``, one row for each image and annotator."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from s2c2.data.formats.tabular import read_table
from s2c2.data.logs.exchange import Export, Extras, Given, built, needed, said, text
from s2c2.data.logs.log import Log
from s2c2.errors import UserError

UNNAMED = "unnamed"
"""Stands for an annotator without a name; an empty cell would be read as none."""


def last(log: Log) -> pl.DataFrame:
    """Return the last answer with a class for each image and annotator, over all rounds and arms.

    Crowd-kit counts a worker twice who answers twice, without a word. People without a name are numbered
    at each image.
    """
    rows = log.judgements().table.filter(pl.col("label").is_not_null())
    number = pl.int_range(1, pl.len() + 1).over("image", "annotator")
    several = pl.when(number > 1).then(pl.format("{} {}", pl.lit(UNNAMED), number)).otherwise(pl.lit(UNNAMED))
    named = pl.when(pl.col("annotator") == "").then(several).otherwise(pl.col("annotator")).alias("annotator")
    return rows.with_columns(named).group_by("image", "annotator", maintain_order=True).last()


def write(log: Log, extras: Extras) -> Export:
    """Return the CSV."""
    names = {"image": "task", "annotator": "worker"}
    return Export({"": text(last(log).rename(names).select("task", "worker", "label"))})


def read(source: Path, given: Given) -> Log:
    """Read such a CSV.

    A row without a worker is an answer of somebody without a name, one without a label a skip.

    Raises:
        UserError: for a missing column, a row without a task, or a worker who answers a task twice.
    """
    table = read_table(source)
    names = {name: table.first((name,)) for name in ("task", "worker", "label")}
    missing = [name for name, found in names.items() if found is None]
    if missing:
        found = ", ".join(table.columns) or "none"
        raise UserError(
            f"{source} lacks the column '{missing[0]}' (columns found: {found}); "
            "--format csv knows other names"
        )
    rows = [
        _row([table.columns[str(name)][row] for name in names.values()], table.at(row), given)
        for row in range(len(table))
    ]
    seen: set[tuple[str | None, ...]] = set()
    for row in rows:
        image, worker = row["image"], row["annotator"]
        if worker and (image, worker) in seen:
            raise UserError(f"{row['at']}: {worker} answers {image} a second time")
        seen.add((image, worker))
    return built(rows, given.classes, source)


def _row(cells: Sequence[Any], at: str, given: Given) -> dict[str, str | None]:
    """Return the answer of a row, given its task, worker and label, and where it stands."""
    task, worker, label = cells
    return {
        "image": given.matched(needed(task, "task", at)),
        "annotator": said(worker, "worker", at),
        "label": said(label, "label", at),
        "at": at,
    }
