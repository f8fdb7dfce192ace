"""``folders``: a folder for each class; images beside them, or in ``_unlabeled/``, have no label."""

from pathlib import Path

from s2c2.data.formats.labels import UNLABELED, annotation_table, class_names, folder_label
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.walk import below, folder_at, folders_in
from s2c2.data.source import Source
from s2c2.errors import UserError

SPLIT_FOLDERS = frozenset({"train", "val", "valid", "validation", "test", "unlabeled"})
"""Folders that hold splits, not classes."""


def read(source: Path, options: ImportOptions) -> Source:
    """Read a folder of images with a folder for each class.

    The class of an image is the first folder of its path; a class may have subfolders, and a class folder
    may be empty. A folder without class folders is a set of unlabeled images; its classes come from the
    options.

    Raises:
        UserError: for a folder without images, links that leave it, and fewer than two classes.
    """
    folder_at(source)
    names = folders_in(source)
    small = [name.lower() for name in names]
    if "train" in small and SPLIT_FOLDERS.issuperset(small):
        rename = "" if small == names else "write them in small letters, and "
        raise UserError(
            f"{source} has the folders {', '.join(names)}: these are splits; {rename}use --format dc3 or "
            "imagefolder"
        )
    if len(names) == 1 and options.classes is None and len(inner := folders_in(source / names[0])) > 1:
        raise UserError(
            f"{source} has one folder, {names[0]}, with {len(inner)} in it: import {source / names[0]}, or "
            "name the classes with --classes"
        )
    images, notes = below(source)
    classes = class_names((name for name in names if name not in UNLABELED), options, source)
    rows = [(image.name, "", label, 1) for image in images if (label := folder_label(image.name))]
    return Source(options.title(source), classes, images, annotation_table(rows), notes=notes)
