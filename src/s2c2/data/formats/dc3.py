"""``dc3``: the layout of the DC3 release, ``train|val|unlabeled|test/<class>/``."""

from pathlib import Path

from s2c2.data.formats.labels import UNLABELED, annotation_table, class_names, fixed_splits, folder_label
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.walk import below, folder_at, folders_in
from s2c2.data.source import Source
from s2c2.errors import UserError, meant, unknown

PARTS = {"train": "labeled", "val": "validation", "unlabeled": "unlabeled", "test": "selection"}
"""Folders of the release and the split each becomes.

The paper reports its scores on ``val``. ``test`` came later and only for DCIC; nothing is trained on it.
"""


def read(source: Path, options: ImportOptions) -> Source:
    """Read a folder of the release; the folder of an image is its one annotation.

    Labels of the folder ``unlabeled`` are kept as annotations, so that predictions on those images can be
    scored; its split says that training does not see them.

    Raises:
        UserError: for a missing ``train``, images outside the four folders, and fewer than two classes.
    """
    parts = folders_in(source)
    if "train" not in parts:
        near = meant("train", parts)
        raise UserError(
            f"{folder_at(source)} lacks the folder train (looked for {', '.join(PARTS)}"
            + (f"; is it '{near}'? Then rename it)" if near else ")")
        )
    images, notes = below(source)
    split: dict[str, str] = {}
    for image in images:
        part = image.name.partition("/")[0]
        if part not in PARTS:
            raise UserError(f"{image.origin}: {unknown('part', part, PARTS)}")
        split[image.name] = PARTS[part]
    rows = [(image.name, "", label, 1) for image in images if (label := folder_label(image.name, depth=1))]
    found = (name for part in parts if part in PARTS for name in folders_in(source / part))
    classes = class_names((name for name in found if name not in UNLABELED), options, source)
    splits = fixed_splits(split, {row[0] for row in rows})
    return Source(options.title(source), classes, images, annotation_table(rows), splits, notes=notes)
