"""``dcic``: a raw dataset of the DCIC benchmark, ``annotations.json`` and ``fold1`` … ``fold5``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from s2c2.data.formats.labels import SCHEMA, class_names, fixed_splits
from s2c2.data.formats.names import relative
from s2c2.data.formats.options import FOLDS, ImportOptions
from s2c2.data.formats.tabular import read_json
from s2c2.data.formats.walk import below, entry_in, folder_at
from s2c2.data.source import Source
from s2c2.errors import UserError, unknown

_Row = tuple[str, str, str, int, str | None]


def read(source: Path, options: ImportOptions) -> Source:
    """Read the annotations of all sets; a set is an annotator, and its mail address is not kept.

    The folds become splits as in the benchmark's code (its README is shifted by one). For slice v, counted
    from 0, fold v mod 5 is its validation set, which becomes our selection, and fold (v + 1) mod 5 is its
    test set, on which it reports; it becomes our validation. The other three are labeled, or unlabeled
    where nobody annotated. A label ``null`` is no annotation.

    Raises:
        UserError: names set and annotation of what is wrong.
    """
    path = entry_in(folder_at(source), "annotations.json")
    if path is None:
        raise UserError(f"{source} lacks annotations.json (looked for annotations.json, fold1 … fold5)")
    images, notes = below(source)
    split = {image.name: _split(image.name, options.v_fold, source) for image in images}
    rows = list(_annotations(read_json(path), path, split))
    classes = class_names((row[2] for row in rows), options, path)
    table = pl.DataFrame(rows, schema=SCHEMA | {"created_at": pl.String}, orient="row")
    splits = fixed_splits(split, {row[0] for row in rows})
    return Source(options.title(source), classes, images, table, splits, notes=notes)


def _split(image: str, v_fold: int, source: Path) -> str:
    folder = image.partition("/")[0]
    names = [f"fold{number}" for number in FOLDS]
    if folder not in names:
        raise UserError(f"{source / image}: {unknown('fold', folder, names)}")
    special = {v_fold % 5: "selection", (v_fold + 1) % 5: "validation"}
    return special.get(names.index(folder), "labeled")


def _annotations(sets: Any, path: Path, images: dict[str, str]) -> Iterator[_Row]:
    if not isinstance(sets, list):
        raise UserError(f"{path} must be a list of sets")
    for number, one in enumerate(sets, start=1):
        at = f"{path}, set {number}"
        name, dataset = _text(one, "name", at), _text(one, "dataset_name", at)
        annotations = one.get("annotations")
        if not isinstance(annotations, list):
            raise UserError(f"{at} ({name}): needs a list 'annotations'")
        for index, item in enumerate(annotations, start=1):
            place = f"{at} ({name}), annotation {index}"
            image = _image(_text(item, "image_path", place), dataset, place, images)
            if item.get("class_label") is not None:
                yield image, name, _text(item, "class_label", place), 1, _when(item)


def _image(given: str, dataset: str, at: str, images: dict[str, str]) -> str:
    """Return the image of a path, which begins with the name of the dataset."""
    name = relative(given, at)
    if not name.startswith(f"{dataset}/"):
        raise UserError(f"{at}: '{name}' does not begin with the dataset's name '{dataset}/'")
    image = name.removeprefix(f"{dataset}/")
    if image not in images:
        raise UserError(f"{at}: no image {image}")
    return image


def _text(item: Any, key: str, at: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{at}: needs text in '{key}', not {str(value)[:80]}")
    return value


def _when(item: dict[str, Any]) -> str | None:
    """Return when an annotation was made, as the file writes it (day-month-year-hour-minute-second)."""
    value = item.get("created_at")
    return value if isinstance(value, str) else None
