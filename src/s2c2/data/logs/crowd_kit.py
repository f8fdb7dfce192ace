"""``crowd-kit``: a CSV of ``task, worker, label``, one row for each image and annotator."""

from pathlib import Path

import polars as pl

from s2c2.data.formats.tabular import read_table
from s2c2.data.logs.exchange import Export, Extras, Given, text
from s2c2.data.logs.log import Log
from s2c2.data.tables import told
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

    Raises:
        UserError: for a missing column or a worker who answers a task twice.
    """
    table = read_table(source)
    missing = [name for name in ("task", "worker", "label") if name not in table.columns]
    if missing:
        found = ", ".join(table.columns) or "none"
        raise UserError(f"{source} lacks the column '{missing[0]}' (columns found: {found})")
    seen: set[tuple[str, str]] = set()
    images = [given.matched(str(task)) for task in table.columns["task"]]
    for row, key in enumerate(zip(images, map(str, table.columns["worker"]), strict=True)):
        if key in seen:
            raise UserError(f"{table.at(row)}: {key[1]} answers {key[0]} a second time")
        seen.add(key)
    columns = {"image": images, "annotator": table.columns["worker"], "label": table.columns["label"]}
    with told(source, table.at):
        return Log.build(pl.DataFrame(columns), given.classes)
