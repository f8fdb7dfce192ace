"""``stl10``: the STL-10 binaries, with their unlabeled part."""

from functools import partial
from pathlib import Path

import numpy as np

from s2c2.data.formats.arrays import png
from s2c2.data.formats.labels import Row, annotation_table, class_names
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.tabular import text_of
from s2c2.data.formats.walk import entry_in, folder_at, read_bytes
from s2c2.data.source import Source, SourceImage
from s2c2.errors import UserError

CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
"""The classes of STL-10, where ``class_names.txt`` is absent."""

CITATION = (
    "Coates, Lee, Ng: An analysis of single-layer networks in unsupervised feature learning, AISTATS 2011"
)
"""Whom to cite."""

PARTS = {"train": "labeled", "test": "validation", "unlabeled": "unlabeled"}
"""Parts of the release and the split each becomes."""

SIDE = 96
_BYTES = 3 * SIDE * SIDE


def read(source: Path, options: ImportOptions) -> Source:
    """Read ``train_X.bin``, ``train_y.bin`` and, where they are there, the test and the unlabeled part.

    Training images become the split labeled, test images validation, unlabeled ones unlabeled. Images stay
    in the binaries and become PNG, without loss, when they are read. ``fold_indices.txt`` is not used.

    Raises:
        UserError: for a missing or cut file, another number of labels than images, and labels outside 1 … k.
    """
    folder = entry_in(folder_at(source), "stl10_binary") or source
    listed = entry_in(folder, "class_names.txt")
    found = tuple(text_of(listed).split()) if listed else CLASSES
    chosen = options.classes or found
    classes = class_names(chosen, ImportOptions(classes=chosen), folder)
    if not entry_in(folder, "train_X.bin"):
        raise UserError(f"{folder} lacks train_X.bin (looked for train_X.bin, train_y.bin, class_names.txt)")
    parts = [part for part in PARTS if entry_in(folder, f"{part}_X.bin")]
    images = {part: _images(folder, part) for part in parts}
    rows = [
        row for part in parts if part != "unlabeled" for row in _rows(folder, part, images[part], classes)
    ]
    splits = {image.name: PARTS[part] for part in parts for image in images[part]}
    every = tuple(image for part in parts for image in images[part])
    table = annotation_table(rows)
    return Source(options.title(source), classes, every, table, splits, citation=CITATION, size=SIDE)


def _images(folder: Path, part: str) -> tuple[SourceImage, ...]:
    path = folder / f"{part}_X.bin"
    count, rest = divmod(path.stat().st_size, _BYTES)
    if rest or not count:
        raise UserError(
            f"{path} has {path.stat().st_size} bytes: not a whole number of images of {_BYTES} bytes"
        )
    width = max(5, len(str(count - 1)))
    return tuple(
        SourceImage(f"{part}/{index:0{width}d}.png", partial(_png_at, path, index), f"{path}, image {index}")
        for index in range(count)
    )


def _png_at(path: Path, index: int) -> bytes:
    """Return one image as PNG; in the file each channel is stored column by column."""
    with path.open("rb") as stream:
        stream.seek(index * _BYTES)
        stored = np.frombuffer(stream.read(_BYTES), dtype=np.uint8)
    if len(stored) != _BYTES:
        raise UserError(f"{path} ends within image {index}")
    return png(stored.reshape(3, SIDE, SIDE).transpose(2, 1, 0))


def _rows(folder: Path, part: str, images: tuple[SourceImage, ...], classes: tuple[str, ...]) -> list[Row]:
    path = entry_in(folder, f"{part}_y.bin") or folder / f"{part}_y.bin"
    labels = np.frombuffer(read_bytes(path), dtype=np.uint8)
    if len(labels) != len(images):
        raise UserError(f"{path} has {len(labels)} labels, but {part}_X.bin has {len(images)} images")
    wrong = np.flatnonzero((labels < 1) | (labels > len(classes)))
    if len(wrong):
        raise UserError(f"{path}, image {wrong[0]}: label {labels[wrong[0]]} is not from 1 to {len(classes)}")
    return [(image.name, "", classes[label - 1], 1) for image, label in zip(images, labels, strict=True)]
