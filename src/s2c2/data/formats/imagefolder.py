"""``imagefolder``: a Hugging Face ImageFolder, with ``metadata.jsonl|csv|parquet`` or class folders."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2c2.data.formats.absent import present
from s2c2.data.formats.labels import Row, annotation_table, class_names, fixed_splits, folder_label
from s2c2.data.formats.names import relative
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.soft import votes_of
from s2c2.data.formats.tabular import Table, read_table
from s2c2.data.formats.walk import below, entry_in, folder_at, folders_in
from s2c2.data.source import Source
from s2c2.errors import UserError

METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
"""Files that describe the images of their folder and its subfolders."""

TRAIN = ("train", "training")
VALIDATION = ("validation", "valid", "val", "dev")
TEST = ("test", "testing", "eval")
"""Names of the folders of each split, as Hugging Face knows them."""

WORKERS = ("worker", "annotator", "annotator_id", "worker_id")
"""Keys of an annotator within ``annotations``."""


@dataclass(frozen=True)
class _Entry:
    """What one row of metadata says of one image."""

    image: str
    at: str
    annotations: list[tuple[str, str]]
    """Annotator and label of each annotation."""
    soft_label: Any = None
    """A distribution over the classes that stands for the annotations."""


def read(source: Path, options: ImportOptions) -> Source:
    """Read images, their metadata and their split folders.

    ``annotations`` (a list of ``{worker, label}``) is taken before ``soft_label`` (a distribution over the
    classes of the options, kept as the fewest votes that give it), and that before ``label``. Images
    without a row are unlabeled. Without any metadata the classes are folders. ``train`` becomes labeled;
    ``test`` becomes validation and ``validation`` selection; where there is only one of them it becomes
    validation.

    Raises:
        UserError: names the metadata file and line of what is wrong.
    """
    images, passed = below(folder_at(source))
    folders = folders_in(source)
    roles = _roles(folders)
    if not roles and _roles([name.lower() for name in folders]):
        raise UserError(
            f"{source} has the folders {', '.join(folders)}: write those of splits in small letters"
        )
    split = {i.name: roles[part] for i in images if (part := i.name.partition("/")[0]) in roles}
    tables = _tables(source, ["", *(f"{name}/" for name in roles)])
    if tables:
        names = {image.name for image in images}
        entries = [entry for prefix, table in tables.items() for entry in _entries(table, prefix, names)]
    else:
        labels = {image.name: folder_label(image.name, int(image.name in split)) for image in images}
        entries = [_Entry(name, str(source / name), [("", label)]) for name, label in labels.items() if label]
    _check_once(entries)
    classes = class_names((label for entry in entries for _, label in entry.annotations), options, source)
    rows = [row for entry in entries for row in _rows(entry, classes, options)]
    splits = fixed_splits(split, {row[0] for row in rows})
    return Source(options.title(source), classes, images, annotation_table(rows), splits, notes=passed)


def _roles(folders: list[str]) -> dict[str, str]:
    """Return the split of each split folder; empty when there is none for training."""
    kinds = {name: kind for kind in (TRAIN, VALIDATION, TEST) for name in folders if name in kind}
    if TRAIN not in kinds.values():
        return {}
    both = {VALIDATION, TEST} <= set(kinds.values())
    role = {TRAIN: "labeled", VALIDATION: "selection" if both else "validation", TEST: "validation"}
    unlabeled = {name: "unlabeled" for name in folders if name == "unlabeled"}
    return {name: role[kind] for name, kind in kinds.items()} | unlabeled


def _tables(source: Path, prefixes: list[str]) -> Mapping[str, Table]:
    """Return the metadata of the folder itself and of its split folders."""
    tables = {}
    for prefix in prefixes:
        found = [path for name in METADATA if (path := entry_in(source / prefix, name))]
        if len(found) > 1:
            raise UserError(
                f"{source / prefix} has {' and '.join(path.name for path in found)}: keep one of them"
            )
        if found:
            tables[prefix] = read_table(found[0])
    return tables


def _entries(table: Table, prefix: str, images: set[str]) -> Iterator[_Entry]:
    if "file_name" not in table.columns:
        raise UserError(
            f"{table.path} lacks 'file_name' (columns found: {', '.join(table.columns) or 'none'})"
        )
    places = [
        prefix + relative(str(name or ""), table.at(i)) for i, name in enumerate(table.columns["file_name"])
    ]
    for index, image in enumerate(present(places, images, table.at, places)):
        row, at = {name: values[index] for name, values in table.columns.items()}, table.at(index)
        yield _entry(image, at, row)


def _entry(image: str, at: str, row: dict[str, Any]) -> _Entry:
    _refuse_votes(row, at)
    listed, soft_label = (_nested(row.get(key), at) for key in ("annotations", "soft_label"))
    if listed is not None and not isinstance(listed, list):
        raise UserError(
            f"{at}: 'annotations' must be a list of objects such as {{'worker': 'w1', 'label': 'cat'}}"
        )
    annotations = [given for item in listed or () if (given := _annotation(item, at))]
    if annotations or soft_label is not None:
        return _Entry(image, at, annotations, None if annotations else soft_label)
    label = _text(row.get("label"), at)
    return _Entry(image, at, [("", label)] if label else [])


def _nested(value: Any, at: str) -> Any:
    """Return a list; a CSV holds it as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{at}: {value[:80]!r} is not a JSON list") from error


def _annotation(item: Any, at: str) -> tuple[str, str] | None:
    if not isinstance(item, dict):
        raise UserError(
            f"{at}: {str(item)[:80]!r} in 'annotations' is not an object with 'worker' and 'label'"
        )
    _refuse_votes(item, at)
    label = _text(item.get("label"), at)
    worker = next((item[key] for key in WORKERS if item.get(key) is not None), None)
    return (_text(worker, at) or "", label) if label else None


def _refuse_votes(said: Mapping[str, Any], at: str) -> None:
    """Raise a ``UserError`` where votes are given other than one: they would be lost."""
    if said.get("votes") not in (None, 1, "1"):
        raise UserError(
            f"{at}: votes {str(said['votes'])[:80]!r} are not read from metadata: make a table of image, "
            "label and votes, and use --format table"
        )


def _text(value: Any, at: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise UserError(f"{at}: {str(value)[:80]!r} is neither text nor a whole number")
    return str(value).strip() or None


def _check_once(entries: list[_Entry]) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.image in seen:
            raise UserError(f"{entry.at}: {entry.image} is already described in {seen[entry.image]}")
        seen[entry.image] = entry.at


def _rows(entry: _Entry, classes: tuple[str, ...], options: ImportOptions) -> list[Row]:
    if entry.soft_label is None:
        return [(entry.image, annotator, label, 1) for annotator, label in entry.annotations]
    if options.classes is None:
        raise UserError(
            f"{entry.at}: soft_label does not name its classes: give them in order with --classes"
        )
    votes = votes_of(entry.soft_label, len(classes), entry.at)
    return [(entry.image, "", name, count) for name, count in zip(classes, votes, strict=True) if count]
