"""``imagefolder``: a Hugging Face ImageFolder, ``metadata.jsonl`` with a row for every image."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2c2.data.formats.tabular import read_table
from s2c2.data.logs.cleanlab import CLASSES, listed_classes
from s2c2.data.logs.exchange import Export, Extras, Given, built, needed, said
from s2c2.data.logs.log import Log
from s2c2.data.logs.plain import shares
from s2c2.data.logs.votes import annotations
from s2c2.errors import UserError

METADATA = "metadata.jsonl"
KEPT = {
    "annotator": "worker",
    "label": "label",
    "kind": "kind",
    "distribution": "distribution",
    "round": "round",
    "arm": "arm",
    "proposal": "proposal",
    "shown": "shown",
    "seconds": "seconds",
    "server_time": "time",
}
"""Columns of the log that an entry of ``annotations`` holds, and their names there."""


def write(log: Log, extras: Extras) -> Export:
    """Return ``metadata.jsonl`` and ``classes.txt``, and with a dataset a copy of every image.

    Hugging Face drops an image without a row, so each has one; ``label`` is the class with most votes, null
    without any.
    """
    images = extras.images(log)
    given = by_image(log)
    said = annotations(log)
    soft, first, votes = said.soft_labels(images), said.majority(images), said.votes(images)
    predicted = extras.predicted()
    blank = dict.fromkeys(next(iter(predicted.values()), {}))
    lines = []
    for number, image in enumerate(images):
        row = {
            "file_name": image,
            "label": log.classes[first[number]] if first[number] >= 0 else None,
            "soft_label": soft[number].tolist() if votes[number] else None,
            "annotations": given.get(image, []),
        }
        lines.append(json.dumps(row | _facts(predicted.get(image, blank)), ensure_ascii=False))
    files = {
        METADATA: "".join(f"{line}\n" for line in lines),
        CLASSES: "".join(f"{c}\n" for c in log.classes),
    }
    copies = extras.copies({image: image for image in images})
    return Export({name: content.encode() for name, content in files.items()}, copies)


def by_image(log: Log) -> dict[str, list[dict[str, Any]]]:
    """Return the answers of each image as entries that JSON can hold."""
    rows = log.answers().table.select("image", *KEPT).rename(KEPT)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row.pop("image"), []).append(row)
    return found


def read(source: Path, given: Given) -> Log:
    """Read the answers in ``metadata.jsonl``: ``annotations``, else ``label`` of an unnamed annotator.

    Raises:
        UserError: names the line of what is wrong.
    """
    table = read_table(source / METADATA if source.is_dir() else source)
    listed = table.path.parent / CLASSES
    classes = given.classes or (listed_classes(listed) if listed.is_file() else None)
    name = table.first(("file_name", "image", "filepath"))
    if name is None:
        raise UserError(f"{table.path} lacks 'file_name' (columns found: {', '.join(table.columns)})")
    rows = []
    for index, place in enumerate(table.columns[name]):
        row = {key: values[index] for key, values in table.columns.items()}
        at = table.at(index)
        image = given.matched(needed(place, name, at))
        rows += [{"image": image, "at": at} | one for one in entries(row, classes, at)]
    return built(rows, classes, table.path)


def entries(row: Mapping[str, Any], classes: Sequence[str] | None, at: str) -> list[dict[str, Any]]:
    """Return what a row of metadata says of its image, in the columns of a log.

    Raises:
        UserError: when ``annotations`` is no list of objects, or a distribution none; says ``at``.
    """
    listed = row.get("annotations")
    try:
        listed = json.loads(listed) if isinstance(listed, str) else listed
    except ValueError as error:
        raise UserError(f"{at}: 'annotations' is not JSON") from error
    if listed is not None and not (isinstance(listed, list) and all(isinstance(one, dict) for one in listed)):
        raise UserError(f"{at}: 'annotations' must be a list of objects with 'worker' and 'label'")
    if not listed:
        label = said(row.get("label"), "label", at)
        return [] if label is None else [{"label": label}]
    found = [{name: one.get(key) for name, key in KEPT.items()} for one in listed]
    try:
        return [one | {"distribution": shares(one["distribution"], classes)} for one in found]
    except UserError as error:
        raise UserError(f"{at}: {error}") from error


def _facts(predicted: Mapping[str, Any]) -> dict[str, Any]:
    names = {"class": "predicted", "ambiguity": "p_a"}
    return {names.get(key, key): value for key, value in predicted.items()}
