"""``fiftyone``: ``labels.json`` of an image classification dataset, and ``labels.csv`` with all answers."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from s2c2.data.formats.tabular import read_json, read_table
from s2c2.data.layout import find_images
from s2c2.data.logs.exchange import Export, Extras, Given, built, needed, text, twins
from s2c2.data.logs.imagefolder import by_image, entries
from s2c2.data.logs.log import Log
from s2c2.data.logs.votes import annotations
from s2c2.errors import UserError

LABELS, TABLE, DATA = "labels.json", "labels.csv", "data"
"""Files and folder of an export."""


def write(log: Log, extras: Extras) -> Export:
    """Return ``labels.json`` and ``labels.csv``, and with a dataset the images in ``data/``.

    In ``labels.json`` an image is a class number, or null without an answer. As soon as people disagree about
    one image, all become lists of classes with their share as ``confidence``: a field has one type.

    Raises:
        UserError: for two images whose names differ only in their ending.
    """
    images = extras.images(log)
    keys = {image: str(PurePosixPath(image).with_suffix("")) for image in images}
    if same := twins(keys):
        raise UserError(f"FiftyOne names images without their ending: {same[0]} and {same[1]} are the same")
    said = annotations(log)
    soft, votes = said.soft_labels(images), said.votes(images)
    plain = bool((soft[votes > 0].max(axis=1, initial=0) == 1).all())
    labels: dict[str, Any] = {}
    for image, shares, count in zip(images, soft, votes, strict=True):
        spread = [{"label": i, "confidence": float(s)} for i, s in enumerate(shares) if s > 0]
        labels[keys[image]] = None if not count else int(shares.argmax()) if plain else spread
    content = {"classes": list(log.classes), "labels": labels}
    table = _table(log, images, extras)
    places = {image: f"{DATA}/{image}" for image in images}
    return Export(
        {LABELS: (json.dumps(content, ensure_ascii=False) + "\n").encode(), TABLE: text(table)},
        extras.copies(places),
    )


def read(source: Path, given: Given) -> Log:
    """Read ``labels.csv`` where it has all answers, else ``labels.json``.

    A label there is one answer of an unnamed annotator; a list with confidences is a distribution.

    Raises:
        UserError: for a label that is no class.
    """
    table = source / TABLE if source.is_dir() else source
    path = source / LABELS if source.is_dir() else source
    if path.suffix != ".json" or (source.is_dir() and table.is_file()):
        return _read_table(table, path, given)
    content = _content(path)
    classes = given.classes or (tuple(content["classes"]) if content["classes"] else None)
    images = given.images
    if images is None and (path.parent / DATA).is_dir():
        images = tuple(find_images(path.parent / DATA))
    keys = {str(PurePosixPath(image).with_suffix("")): image for image in images or ()}
    rows = []
    for key, value in content["labels"].items():
        if value not in (None, []):
            image = keys.get(key) or given.matched(key)
            at = f"{path}, '{key}'"
            rows.append({"image": image, "at": at} | _said(value, classes, at))
    return built(rows, classes, path)


def _read_table(table: Path, labels: Path, given: Given) -> Log:
    found = read_table(table)
    classes = given.classes
    if classes is None and labels.is_file() and labels.suffix == ".json":
        classes = tuple(_content(labels)["classes"]) or None
    if "filepath" not in found.columns:
        raise UserError(f"{table} lacks 'filepath' (columns found: {', '.join(found.columns)})")
    rows = []
    for index, place in enumerate(found.columns["filepath"]):
        at = found.at(index)
        image = given.matched(needed(place, "filepath", at).removeprefix(f"{DATA}/"))
        row = {key: values[index] for key, values in found.columns.items()}
        rows += [{"image": image, "at": at} | one for one in entries(row, classes, at)]
    return built(rows, classes, table)


def _content(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("labels"), dict):
        raise UserError(f"{path} must hold 'classes' and 'labels'")
    classes = content.get("classes") or []
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise UserError(f"{path}: 'classes' must be a list of names, or null")
    return {"classes": classes, "labels": content["labels"]}


def _said(value: Any, classes: tuple[str, ...] | None, at: str) -> dict[str, Any]:
    several = value if isinstance(value, list) else [value]
    parts = [one if isinstance(one, dict) else {"label": one} for one in several]
    names = [_class(one.get("label"), classes, at) for one in parts]
    if len(parts) == 1:
        return {"label": names[0]}
    if classes is None:
        raise UserError(f"{at}: several labels need the names of all classes")
    weights = [_weight(one.get("confidence"), at) for one in parts]
    shares = [sum(w for w, n in zip(weights, names, strict=True) if n == name) for name in classes]
    if sum(shares) <= 0:
        raise UserError(f"{at}: no label has a confidence above 0")
    return {"distribution": [share / sum(shares) for share in shares]}


def _weight(confidence: Any, at: str) -> float:
    if confidence is None:
        return 1.0
    if not isinstance(confidence, int | float) or not 0 <= confidence < float("inf"):
        raise UserError(f"{at}: the confidence {confidence!r} is no number ≥ 0")
    return float(confidence)


def _class(label: Any, classes: tuple[str, ...] | None, at: str) -> str:
    if isinstance(label, int) and not isinstance(label, bool):
        if classes is None or not 0 <= label < len(classes):
            raise UserError(f"{at}: {label} is no class number")
        return classes[label]
    if not isinstance(label, str):
        raise UserError(f"{at}: {label!r} is no class")
    return label


def _table(log: Log, images: tuple[str, ...], extras: Extras) -> pl.DataFrame:
    given, predicted = by_image(log), extras.predicted()
    columns: dict[str, Any] = {
        "filepath": [f"{DATA}/{image}" for image in images],
        "annotations": [json.dumps(given.get(image, []), ensure_ascii=False) for image in images],
    }
    for name in [key for key in next(iter(predicted.values()), {}) if key != "probabilities"]:
        columns[name] = [predicted.get(image, {}).get(name) for image in images]
    return pl.DataFrame(columns)
