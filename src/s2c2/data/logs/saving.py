"""Exports on disk: one file, or a folder that is whole or absent."""

import os
import shutil
from pathlib import Path

from s2c2 import files
from s2c2.data.logs.exchange import Export
from s2c2.errors import UserError


def save(export: Export, dest: Path) -> None:
    """Write an export as the file or the new folder ``dest``.

    Raises:
        UserError: when ``dest`` exists, an image file is gone, or the disk is full.
    """
    if dest.exists() or dest.is_symlink():
        raise UserError(f"{dest} exists already: choose another name, or remove it first")
    if "" in export.files:
        with files.atomic(dest) as partial:
            partial.write_bytes(export.files[""])
        return
    place = Path(os.path.abspath(dest))
    try:
        with files.atomic_folder(place) as partial:
            _fill(partial, export)
    except OSError as error:
        raise UserError(f"cannot write {dest}: {error.strerror or error}") from error


def _fill(folder: Path, export: Export) -> None:
    for name, content in export.files.items():
        (folder / name).write_bytes(content)
    for name, file in export.images.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(file, folder / name)
        except FileNotFoundError as error:
            raise UserError(f"no image file {file}") from error
