"""Where packs are kept, and what is known of the files they were made from."""

import errno
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from s2c2 import files
from s2c2.data.dataset import Dataset
from s2c2.data.parallel import ordered
from s2c2.data.progress import Progress
from s2c2.errors import UserError

SETTLED = 2.0
"""Seconds after its last change from which on a file's times can be trusted to show the next one."""

Stamp = list[int]
"""Size, time of modification and time of status change of a file, in bytes and nanoseconds."""


def place(dataset: Dataset, cache: Path | None = None) -> Path:
    """Return the folder for the packs of a dataset.

    It is ``.cache`` in the dataset folder, or one in the user's cache where the dataset folder is read-only,
    or one in ``cache`` when that is given.
    """
    own = dataset.root / ".cache"
    if cache is None and _writable(own):
        return own
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    unique = hashlib.blake2b(str(dataset.root.resolve()).encode(), digest_size=8).hexdigest()
    return (cache or Path(home) / "s2c2") / unique


def _writable(folder: Path) -> bool:
    probe = folder / f"probe.{os.getpid()}{files.STALE}"
    try:
        folder.mkdir(exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        return error.errno == errno.ENOSPC
    return True


def sweep(folder: Path, keep: str, prefix: str) -> None:
    """Remove packs that a newer one replaces, and files that a killed process left half-written."""
    for path in folder.glob(f"{prefix}*"):
        if not path.name.startswith(keep) and not path.name.endswith(files.STALE):
            path.unlink(missing_ok=True)
    files.sweep(folder)


def content_digests(dataset: Dataset, folder: Path, progress: Progress) -> tuple[tuple[str, ...], int]:
    """Return the digest of each image file and how many had to be read: those changed since the last time.

    Of several processes one reads them, and the others wait for what it writes down.

    Args:
        dataset: names the files.
        folder: where it is written down.
        progress: called with the files read and the steps in all, a reading and a decoding; often while
            another process reads them.

    Raises:
        UserError: when an image file has vanished or cannot be read.
    """
    index = folder / "files.json"
    look = _look(dataset, index)
    if look.fresh:
        total = len(look.fresh) + len(look.stamps)
        with files.awaited(folder / "reading.lock", lambda: progress(0, total)):
            look = _look(dataset, index)  # another process may have read them meanwhile
            return _noted(look, index, _hashed(dataset, look, progress)), len(look.fresh)
    return _noted(look, index, {}), 0


@dataclass(frozen=True)
class _Look:
    """The files of a dataset at one time, and what was known of them."""

    started: int
    """Before when nothing of it was looked at, in nanoseconds."""
    known: Mapping[str, Any]
    """Stamp and digest of each file, as it was written down."""
    stamps: Mapping[str, Stamp]

    @cached_property
    def fresh(self) -> list[str]:
        """Images whose files are not known as they are now."""
        return [image for image, stamp in self.stamps.items() if self.known.get(image, [None])[0] != stamp]


def _look(dataset: Dataset, index: Path) -> _Look:
    started = time.time_ns()
    stamps = {image: _stamp(dataset.path(image)) for image in dataset.images}
    return _Look(started, _read_index(index), stamps)


def _hashed(dataset: Dataset, look: _Look, progress: Progress) -> dict[str, str]:
    """Return the digests of the files that are not known."""
    hashed = ordered(lambda image: digest(read_image(dataset.path(image))), look.fresh)
    digests: dict[str, str] = {}
    for done, (image, value) in enumerate(zip(look.fresh, hashed, strict=True), start=1):
        digests[image] = value
        progress(done, len(look.fresh) + len(look.stamps))
    return digests


def _noted(look: _Look, index: Path, hashed: Mapping[str, str]) -> tuple[str, ...]:
    """Return the digest of each file, and write down those whose times can be trusted."""
    digests = {image: hashed[image] if image in hashed else look.known[image][1] for image in look.stamps}
    settled = look.started - int(SETTLED * 1e9)
    entries = {
        image: [stamp, digests[image]] for image, stamp in look.stamps.items() if max(stamp[1:]) < settled
    }
    if entries != look.known:
        files.write_text(index, json.dumps(entries))
    return tuple(digests.values())


def digest(data: bytes | memoryview) -> str:
    """Return a 128-bit fingerprint as text."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def key(parts: Sequence[Any]) -> str:
    """Return a name for something that depends on ``parts`` and nothing else."""
    return digest(json.dumps(parts).encode())


def read_image(path: Path) -> bytes:
    """Return the bytes of an image file.

    Raises:
        UserError: when it has vanished or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _read_index(path: Path) -> dict[str, Any]:
    """Return what is known of the files; a damaged index is as good as none."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and all(_is_entry(entry) for entry in known.values()) else {}


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str)
