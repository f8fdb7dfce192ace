"""``dcic``: ``annotations.json`` of the DCIC benchmark, anonymised, images in five folds."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from s2c2.data.formats.tabular import read_json, read_table
from s2c2.data.logs.exchange import Export, Extras, Given, built, text, twins
from s2c2.data.logs.log import Log
from s2c2.errors import UserError

ANNOTATIONS, PLACES = "annotations.json", "images.csv"
"""The benchmark's file, and where each image went."""
INVALID = "INVALID"
"""What the benchmark wants for names and mail addresses: it refuses real ones."""
WHEN = "%d-%m-%Y-%H-%M-%S"
"""How it writes times."""


def write(log: Log, extras: Extras) -> Export:
    """Return ``annotations.json`` and ``images.csv``, with a dataset the images in ``fold1`` … ``fold5``.

    A set is one annotator in one round and arm, called ``INVALID1``, ``INVALID2`` …: nobody is named. Several
    people without a name at one image are several sets. An answer without a class is null. Images that lie
    in folds stay there; others are dealt to the folds in turn.
    """
    images = extras.images(log)
    name = "log" if extras.dataset is None else re.sub(r"[^\w.-]", "-", extras.dataset.name)
    places = folds(images)
    sets: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    unnamed: Counter[tuple[Any, ...]] = Counter()
    for row in (
        log.answers().table.sort("annotator", "arm", "round", maintain_order=True).iter_rows(named=True)
    ):
        key: tuple[Any, ...] = (row["annotator"], row["arm"], row["round"])
        if not row["annotator"]:
            unnamed[*key, row["image"]] += 1
            key = (*key, unnamed[*key, row["image"]])
        sets.setdefault(key, []).append(_annotation(row, f"{name}/{places[row['image']]}"))
    content = [
        {
            "name": f"{INVALID}{number}",
            "dataset_name": name,
            "user_mail": INVALID,
            "annotation_time": 0,
            "annotations": given,
        }
        for number, given in enumerate(sets.values(), start=1)
    ]
    table = pl.DataFrame({"image": list(places), "path": list(places.values())})
    files = {ANNOTATIONS: (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()}
    return Export(files | {PLACES: text(table)}, extras.copies(places))


def folds(images: tuple[str, ...]) -> dict[str, str]:
    """Return where each image lies in the benchmark: ``fold1/a.png``.

    Raises:
        UserError: for two images that would have the same name there.

    Example:
        >>> folds(("cats/a.png", "b.png"))
        {'cats/a.png': 'fold1/cats--a.png', 'b.png': 'fold2/b.png'}
    """
    if images and all(re.match("fold[1-5]/[^/]+$", image) for image in images):
        return {image: image for image in images}
    names = {image: image.replace("/", "--") for image in images}
    if same := twins(names):
        name = names[same[0]]
        raise UserError(f"{same[0]} and {same[1]} would both be called {name} in DCIC: rename one of them")
    return {image: f"fold{number % 5 + 1}/{name}" for number, (image, name) in enumerate(names.items())}


def read(source: Path, given: Given) -> Log:
    """Read the sets of ``annotations.json``; a set is an annotator, and null is a skip.

    Raises:
        UserError: names set and annotation of what is wrong.
    """
    path = source / ANNOTATIONS if source.is_dir() else source
    content = read_json(path)
    if not isinstance(content, list):
        raise UserError(f"{path} must be a list of sets")
    places = _places(path.parent / PLACES)
    rows = [
        _row(item, str(one.get("name") or number), places, given, f"{path}, set {number}, annotation {index}")
        for number, one in enumerate(content, start=1)
        for index, item in enumerate(_items(one, f"{path}, set {number}"), start=1)
    ]
    return built(rows, given.classes, path)


def _annotation(row: Mapping[str, Any], place: str) -> dict[str, Any]:
    made = row["server_time"] or row["client_time"]
    when = {} if not made else {"created_at": datetime.fromisoformat(made).strftime(WHEN)}
    return {"image_path": place, "class_label": row["label"]} | when


def _places(path: Path) -> dict[str, str]:
    """Return the image of each place; none where there is no table of them.

    Raises:
        UserError: when the table lacks one of its two columns.
    """
    if not path.is_file():
        return {}
    columns = read_table(path).columns
    if missing := [name for name in ("path", "image") if name not in columns]:
        raise UserError(
            f"{path} lacks the column '{missing[0]}' (columns found: {', '.join(columns) or 'none'})"
        )
    return dict(zip(columns["path"], columns["image"], strict=True))


def _items(one: Any, at: str) -> list[Any]:
    items = one.get("annotations") if isinstance(one, dict) else None
    if not isinstance(items, list):
        raise UserError(f"{at}: needs a list 'annotations'")
    return items


def _row(
    item: Any, annotator: str, places: Mapping[str, str], given: Given, at: str
) -> dict[str, str | None]:
    place = item.get("image_path") if isinstance(item, dict) else None
    label = item.get("class_label") if isinstance(item, dict) else None
    if not isinstance(place, str) or not isinstance(label, str | None):
        raise UserError(f"{at}: needs 'image_path' and 'class_label'")
    inside = place.replace("\\", "/").partition("/")[2]
    if not inside:
        raise UserError(f"{at}: image_path '{place}' needs the dataset's name before it, as D/fold1/a.png")
    image = places.get(inside) or given.matched(inside)
    made = _when(item.get("created_at"), at)
    return {"image": image, "annotator": annotator, "label": label, "server_time": made, "at": at}


def _when(value: Any, at: str) -> str | None:
    if value is None:
        return None
    try:
        return datetime.strptime(str(value), WHEN).isoformat()
    except ValueError as error:
        raise UserError(f"{at}: the time {value!r} is not like 31-12-2026-23-59-59") from error
