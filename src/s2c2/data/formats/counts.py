"""``counts``: images in the order of their names, and ``counts.npy`` with the votes for each class."""

import os
import re
from pathlib import Path

from s2c2.data.formats import cifar10h
from s2c2.data.formats.archives import ENDINGS, images_in, is_archive
from s2c2.data.formats.arrays import read_counts
from s2c2.data.formats.labels import class_names, votes_table
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.tabular import text_of
from s2c2.data.formats.walk import entry_in, files_in, folder_at, images_below
from s2c2.data.source import Source, SourceImage
from s2c2.errors import UserError

MARKS = ("CIFAR-10H-LICENSE.txt", "cifar10s_soft.npz")
"""Files by which a folder is known to hold CIFAR-10H."""


def read(source: Path, options: ImportOptions) -> Source:
    """Read images and the number of annotators who chose each class for each of them.

    ``source`` is a folder with ``counts.npy`` and either one archive of images, a folder ``images/``, or
    the images themselves; or it is the archive, with ``counts.npy`` beside it. Row i of the counts belongs
    to the i-th image by name. The classes are those of the options, else the lines of ``classes.txt``,
    else the ten of CIFAR-10 for CIFAR-10H, else the numbers 0 … k − 1. An image without votes is
    unlabeled.

    Raises:
        UserError: for a missing file, counts that do not fit the images or the classes, and names whose
            order is not clear.
    """
    folder = source.parent if os.path.isfile(source) else folder_at(source)
    path = options.counts or cifar10h.first_file(folder, ("counts.npy",))
    images = _images(source)
    _check_order(images, source)
    counts = read_counts(path, len(images))
    known = counts.shape[1] == len(cifar10h.CLASSES) and any((folder / mark).is_file() for mark in MARKS)
    classes = _classes(folder, options, counts.shape[1], known)
    if len(classes) != counts.shape[1]:
        raise UserError(f"{path} has {counts.shape[1]} classes, but there are {len(classes)} class names")
    table = votes_table([image.name for image in images], counts, classes)
    licence, citation = (cifar10h.LICENCE, cifar10h.CITATION) if known else (None, None)
    size = 32 if known else None
    return Source(options.title(source), classes, images, table, {}, licence, citation, size)


def _images(source: Path) -> tuple[SourceImage, ...]:
    if os.path.isfile(source):
        return images_in(source)
    if (folder := entry_in(source, "images")) is not None:
        return images_below(folder)
    archives = [path for path in files_in(source) if is_archive(path)]
    if len(archives) > 1:
        raise UserError(
            f"{source} has several archives ({', '.join(p.name for p in archives)}): import one of them"
        )
    if archives:
        return images_in(archives[0])
    try:
        return images_below(source)
    except UserError as error:
        raise UserError(f"{error}; an archive ({', '.join(ENDINGS)}) would do, too") from error


def _check_order(images: tuple[SourceImage, ...], source: Path) -> None:
    """Refuse names that sort otherwise as numbers: the counts could be in either order."""
    names = [image.name for image in images]
    by_number = sorted(names, key=_numbers)
    for name, other in zip(names, by_number, strict=True):
        if name != other:
            raise UserError(
                f"{source}: by name '{name}' comes before '{other}', by number after it; rows of the counts "
                "could be in either order: rename the images with leading zeros"
            )


def _numbers(name: str) -> list[tuple[bool, int, str]]:
    parts = re.split("([0-9]+)", name)
    return [
        (part.isdecimal(), int(part) if part.isdecimal() and len(part) < 999 else 0, part) for part in parts
    ]


def _classes(folder: Path, options: ImportOptions, k: int, known: bool) -> tuple[str, ...]:
    listed = entry_in(folder, "classes.txt")
    if options.classes is not None:
        classes = options.classes
    elif listed is not None:
        classes = tuple(line.strip() for line in text_of(listed).splitlines() if line.strip())
    else:
        classes = cifar10h.CLASSES if known else tuple(str(index) for index in range(k))
    return class_names(classes, ImportOptions(classes=classes), folder)
