"""Folders from outside: their image files, without following links out of them."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from s2c2.data.dataset import SUFFIXES
from s2c2.data.formats.names import UNSUPPORTED, distinct, hidden, relative, unread, unsupported
from s2c2.data.source import SourceImage
from s2c2.errors import UserError

LARGEST = 256 * 2**20
"""Bytes in one encoded image or one small file."""


def folder_at(path: Path) -> Path:
    """Return ``path`` when it is a folder.

    Raises:
        UserError: when it is absent or a file.
    """
    if os.path.isfile(path):
        raise UserError(f"{path} is a file; this format needs the folder")
    if not os.path.isdir(path):
        raise UserError(f"no folder {path}, or none that can be read")
    return path


def entry_in(folder: Path, name: str) -> Path | None:
    """Return the file or folder of a known name in ``folder``; ``None`` where there is none.

    Raises:
        UserError: when it is a link that leaves the folder.
    """
    path = folder / name
    if not os.path.exists(path):
        return None
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"the link {path} leaves the folder {folder}: copy its target there")
    return path


def images_below(folder: Path) -> tuple[SourceImage, ...]:
    """Return the images of a folder and its subfolders, see :func:`below`."""
    return below(folder)[0]


def below(folder: Path) -> tuple[tuple[SourceImage, ...], tuple[str, ...]]:
    """Walk a folder and its subfolders once, for its images and what else lies there.

    Images in a format that a dataset cannot hold are among them, with their fault.

    Returns:
        the images sorted by id, which is the path below ``folder``; and a sentence each for files and
        datasets that are passed over.

    Raises:
        UserError: when there is no image, and for links that leave the folder, devices, and clashing names.
    """
    datasets = list[Path]()
    names = [path.relative_to(folder).as_posix() for path in files_below(folder_at(folder), datasets.append)]
    found = sorted(name for name in names if PurePosixPath(name).suffix.lower() in (*SUFFIXES, *UNSUPPORTED))
    notes = _passed(names, map(str, datasets))
    if not found:
        more = "; ".join(("", *notes))
        raise UserError(f"no images in {folder} (looked for {', '.join(SUFFIXES)}){more}")
    ids = [relative(name, str(folder)) for name in found]
    distinct(ids, str(folder))
    return tuple(file_image(folder / name, name) for name in ids), notes


def _passed(names: Iterable[str], datasets: Iterable[str]) -> tuple[str, ...]:
    files = unread(name for name in names if not unsupported(name, name))
    listed = ", ".join(sorted(datasets))
    return (*files, f"passed over as datasets, for they hold a dataset.yaml: {listed}") if listed else files


def file_image(path: Path, name: str) -> SourceImage:
    """Return one image file as an image of a source."""
    return SourceImage(name, partial(read_bytes, path), str(path), unsupported(name, str(path)))


def read_bytes(path: Path, largest: int = LARGEST) -> bytes:
    """Read a whole file.

    Raises:
        UserError: when it is absent, not a plain file, or larger than ``largest`` bytes.
    """
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path} is not a file")
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > largest:
        raise UserError(f"{path} is larger than {largest // 2**20} MB")
    return data


def folders_in(folder: Path) -> list[str]:
    """Return the names of the folders directly in ``folder``, sorted, without hidden ones and datasets."""
    entries = [entry for entry in _entries(folder_at(folder)) if entry.is_dir()]
    return sorted(entry.name for entry in entries if not _is_dataset(Path(entry.path)))


def files_in(folder: Path) -> list[Path]:
    """Return the plain files directly in a folder, sorted; links that leave it are refused."""
    names = sorted(entry.name for entry in _entries(folder_at(folder)) if entry.is_file())
    return [path for name in names if (path := entry_in(folder, name)) is not None]


def files_below(folder: Path, dataset: Callable[[Path], object] | None = None) -> Iterator[Path]:
    """Yield the plain files below a folder, in no order; those of datasets in subfolders are not its own.

    Args:
        folder: the folder; it may be a dataset itself.
        dataset: called with each dataset that is passed over.

    Raises:
        UserError: for a link that leaves the folder or leads to a folder, and for devices and pipes.
    """
    root, found = folder.resolve(), dataset or (lambda path: None)
    pending = [folder]
    while pending:
        for entry in _entries(pending.pop()):
            path = Path(entry.path)
            if entry.is_symlink():
                _check_link(path, root)
            if entry.is_dir() and _is_dataset(path):
                found(path)
            elif entry.is_dir():
                pending.append(path)
            elif entry.is_file():
                yield path
            else:
                raise UserError(f"{path} is neither a file nor a folder")


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not hidden(entry.name)]
    except OSError as error:
        raise UserError(f"cannot read the folder {folder}: {error.strerror}") from error


def _is_dataset(folder: Path) -> bool:
    return (folder / "dataset.yaml").is_file()


def _check_link(link: Path, root: Path) -> None:
    try:
        target = link.resolve()
    except (OSError, RuntimeError) as error:
        raise UserError(f"the link {link} leads nowhere") from error
    if not target.is_relative_to(root):
        raise UserError(f"the link {link} leaves the folder {root}: copy its target there")
    if not target.exists():
        raise UserError(f"the link {link} leads nowhere: remove it")
    if not target.is_file():
        raise UserError(f"the link {link} does not lead to a file; folders must not be links")
