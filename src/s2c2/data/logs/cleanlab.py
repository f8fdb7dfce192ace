"""``cleanlab``: one row an image, one column an annotator, class numbers; and the predicted probabilities."""

from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl

from s2c2.data.formats.table import MISSING
from s2c2.data.formats.tabular import read_table, text_of
from s2c2.data.logs.crowd_kit import last
from s2c2.data.logs.exchange import Export, Extras, Given, built, needed, text
from s2c2.data.logs.log import Log
from s2c2.errors import UserError

LABELS, CLASSES, PROBABILITIES = "labels.csv", "classes.txt", "pred_probs.npy"
"""Files of an export."""


def write(log: Log, extras: Extras) -> Export:
    """Return ``labels.csv`` (labeled images only), ``classes.txt`` and, with predictions, ``pred_probs.npy``.

    Raises:
        UserError: where cleanlab would refuse: fewer than two annotators, or no image that two labeled.
    """
    rows = last(log)
    people = rows["annotator"].unique().sort().to_list()
    if len(people) < 2:
        raise UserError("cleanlab compares annotators: it needs the labels of at least two")
    if rows["image"].is_first_distinct().all():
        raise UserError("cleanlab compares annotators: it needs an image that two of them labeled")
    if "image" in people:
        raise UserError("an annotator called 'image' cannot be a column beside the images")
    number = {name: i for i, name in enumerate(log.classes)}
    wide = rows.with_columns(pl.col("label").replace_strict(number, return_dtype=pl.Int64))
    wide = wide.pivot("annotator", index="image", values="label").select("image", *people)
    files = {LABELS: text(wide), CLASSES: "".join(f"{name}\n" for name in log.classes).encode()}
    return Export(files | _probabilities(wide["image"].to_list(), extras))


def read(source: Path, given: Given) -> Log:
    """Read such a folder, or a table alone with classes from elsewhere.

    Raises:
        UserError: for a row without an image, and a number that is no class.
    """
    folder = source if source.is_dir() else source.parent
    table = read_table(source / LABELS if source.is_dir() else source)
    listed = folder / CLASSES
    classes = given.classes
    if classes is None and not listed.is_file():
        raise UserError(f"{table.path} holds class numbers: name the classes with --dataset")
    classes = classes or listed_classes(listed)
    first, *people = table.columns
    found = [
        {"image": given.matched(needed(image, first, table.at(row))), "annotator": person}
        | {"label": _class(value, classes, table.at(row)), "at": table.at(row)}
        for row, image in enumerate(table.columns[first])
        for person in people
        if str(value := table.columns[person][row]).strip() not in ("None", "", *MISSING)
    ]
    return built(found, classes, table.path)


def listed_classes(path: Path) -> tuple[str, ...]:
    """Return the class names of a text file, one a line; blank lines at its end are no classes."""
    return tuple(line.strip() for line in text_of(path).rstrip().splitlines())


def _class(value: object, classes: tuple[str, ...], at: str) -> str:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if number not in range(len(classes)):
        raise UserError(f"{at}: {value} is no class number: possible are 0 to {len(classes) - 1}")
    return classes[int(number)]


def _probabilities(images: list[str], extras: Extras) -> dict[str, bytes]:
    if extras.predictions is None:
        return {}
    said = extras.predicted()
    missing = [image for image in images if image not in said]
    if missing:
        raise UserError(f"the run says nothing of {missing[0]}: cleanlab needs probabilities for each image")
    stream = BytesIO()
    np.save(stream, np.array([said[image]["probabilities"] for image in images], dtype=np.float64))
    return {PROBABILITIES: stream.getvalue()}
