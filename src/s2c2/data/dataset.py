"""A dataset folder: images, what people said of them, and optional fixed splits."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from s2c2.data import tables
from s2c2.data.annotations import Annotations
from s2c2.data.description import Description, read_description
from s2c2.data.layout import SPLITS as SPLITS
from s2c2.data.layout import SUFFIXES as SUFFIXES
from s2c2.data.layout import checked_splits, find_images, spelled
from s2c2.data.progress import Progress, silent
from s2c2.data.source import Source
from s2c2.data.writing import write_dataset
from s2c2.errors import UserError


@dataclass(frozen=True)
class Relabeling:
    """Answers of people that a dataset got after it was written."""

    images: frozenset[str]
    """Images that were answered: those of the unlabeled split become labeled."""
    before: Annotations | None
    """Annotations that random splits follow, so that they are those of a run without the answers; None where
    these could not be divided."""
    record: Mapping[str, Any]
    """What a run folder keeps of the log: its digest, rows, rounds."""


@dataclass(frozen=True)
class Dataset:
    """A dataset folder as a value; images are not read until they are needed."""

    root: Path
    """The folder that holds ``dataset.yaml``."""
    name: str
    classes: tuple[str, ...]
    images: tuple[str, ...]
    """Ids of all images, annotated or not: sorted POSIX paths below ``root/images``."""
    annotations: Annotations
    size: int | None = None
    """Training size in pixels that suits the images."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """Image id to split, from ``splits.csv``; empty when the folder fixes none."""
    licence: str | None = None
    citation: str | None = None
    relabeling: Relabeling | None = None
    """Where the annotations are not those of the folder alone."""

    def path(self, image: str) -> Path:
        """Return the file of an image."""
        return self.root / "images" / image

    def strangers(self) -> list[str]:
        """Return the images that have annotations and do not exist."""
        named = self.annotations.table["image"].unique(maintain_order=True)
        return named.filter(~named.is_in(list(self.images))).to_list()

    def with_annotations(self, annotations: Annotations) -> "Dataset":
        """Return the dataset with other annotations, for example after relabeling.

        Raises:
            UserError: when their classes are not those of the dataset.
        """
        if annotations.classes != self.classes:
            raise UserError(f"the annotations have other classes than the dataset {self.name}")
        return replace(self, annotations=annotations)


def read(root: Path) -> Dataset:
    """Read a dataset folder.

    Raises:
        UserError: for a folder that is none, and for wrong rows or keys, with what would be right.
    """
    described = read_description(root)
    images = tuple(sorted(find_images(root / "images")))
    if not images:
        raise UserError(f"no images in {root / 'images'} (endings: {', '.join(SUFFIXES)})")
    return _dataset(root, described, images)


def create(
    source: Source,
    dest: Path,
    *,
    skip_broken: bool = False,
    progress: Progress = silent,
    beside: Mapping[str, bytes] | None = None,
) -> Dataset:
    """Write a source as a dataset folder, whole or not at all, and read it.

    Image files are kept as they are encoded; each one is decoded once to see that it can be.

    Args:
        source: what an importer found.
        dest: the folder to make; it must not exist.
        skip_broken: leave broken images out and list them in ``broken.csv`` instead of failing.
        progress: called with images done and their number.
        beside: further files to put into the folder, by name.

    Raises:
        UserError: for an invalid source, a ``dest`` that exists, broken images, or a full disk.
    """
    write_dataset(source, dest, skip_broken=skip_broken, progress=progress, beside=beside)
    return read(dest)


def _dataset(root: Path, described: Description, images: tuple[str, ...]) -> Dataset:
    return Dataset(
        root=root,
        name=described.name,
        classes=described.classes,
        images=images,
        annotations=_read_annotations(root, described.classes, images),
        size=described.size,
        splits=_read_splits(root / "splits.csv", frozenset(images)),
        licence=described.licence,
        citation=described.citation,
    )


def _read_annotations(root: Path, classes: tuple[str, ...], images: tuple[str, ...]) -> Annotations:
    """Read the annotation table; a dataset without one has images that nobody annotated."""
    found = [path for ending in ("parquet", "csv") if (path := root / f"annotations.{ending}").is_file()]
    if len(found) > 1:
        raise UserError(f"{root} has annotations.parquet and annotations.csv: keep one of them")
    if not found:
        return Annotations.build(pl.DataFrame(schema={"image": pl.String, "label": pl.String}), classes)
    frame = tables.read_table(found[0])
    with tables.told(found[0], partial(tables.place, found[0])):
        given = Annotations.build(frame, classes)
        return replace(given, table=given.table.with_columns(spelled(given.table["image"], images)))


def _read_splits(path: Path, images: frozenset[str]) -> dict[str, str]:
    """Read ``splits.csv``; empty when there is none."""
    if not path.is_file():
        return {}
    frame = tables.read_table(path)
    with tables.told(path, partial(tables.place, path)):
        return checked_splits(frame, images)
