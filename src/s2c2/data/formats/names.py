"""Names of images from outside: plain relative paths that can be written to any disk, each once."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from s2c2.data.dataset import SUFFIXES
from s2c2.data.layout import composed
from s2c2.errors import UserError

LONGEST = 240
"""Bytes in one part of a name; file systems allow 255, and a file being written has a longer name."""

UNSUPPORTED = (".avif", ".bmp", ".dcm", ".gif", ".heic", ".jp2", ".nef", ".ppm", ".psd", ".svg")
"""Endings of image files that a dataset cannot hold."""

BESIDE = (
    ".csv",
    ".db",
    ".ini",
    ".json",
    ".jsonl",
    ".md",
    ".npy",
    ".npz",
    ".parquet",
    ".tsv",
    ".txt",
    ".yaml",
    ".yml",
)
"""Endings of files that often lie beside images and are none."""

SHOWN = 8
"""Endings that are named of files that are passed over."""


def relative(name: str, origin: str) -> str:
    """Return a name as an image id: a relative POSIX path without empty parts.

    Args:
        name: the name as it stands in an archive, a table or on disk.
        origin: where it stands, for the message.

    Raises:
        UserError: for a name that is empty, absolute, leads upwards, or that a disk cannot hold.

    Example:
        >>> relative("./cats//a.png", "row 1")
        'cats/a.png'
    """
    wrong = _wrong(name)
    if wrong:
        raise UserError(f"{origin}: the name {name[:200]!r} {wrong}")
    return PurePosixPath(name).as_posix()


def _wrong(name: str) -> str | None:
    parts = PurePosixPath(name).parts
    absolute = name.startswith("/") or re.match("[A-Za-z]:", name) is not None
    faults = (
        (not parts, "is empty"),
        (_unprintable(name), "is not readable text (UTF-8 without control characters)"),
        ("\\" in name, "has a backslash: use '/' between folders"),
        (absolute, "is absolute: it needs the path below the folder of the images"),
        (".." in parts, "leads out of the folder by '..'"),
        (any(len(part.encode(errors="replace")) > LONGEST for part in parts), "is too long"),
        (len(name) > 4 * LONGEST, "is too long"),
    )
    return next((text for fault, text in faults if fault), None)


def _unprintable(name: str) -> bool:
    return any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name)


def hidden(name: str) -> bool:
    """Return whether a file is the system's, not the person's: ``.DS_Store``, ``__MACOSX/…``, ``@eaDir/…``.

    Example:
        >>> [hidden(name) for name in ("a.png", "__MACOSX/a.png", "b/.cache/c.png")]
        [False, True, True]
    """
    return any(part.startswith(".") or part in ("__MACOSX", "@eaDir") for part in PurePosixPath(name).parts)


def is_image(name: str, origin: str) -> bool:
    """Return whether a file is an image, by its ending.

    Raises:
        UserError: for an image in a format that a dataset cannot hold; leaving it out would be silent loss.
    """
    if reason := unsupported(name, origin):
        raise UserError(reason)
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def unsupported(name: str, origin: str) -> str | None:
    """Say why a dataset cannot hold an image with such an ending; ``None`` for all other files."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in UNSUPPORTED:
        return None
    return f"{origin}: images ending in {suffix} cannot be read; convert to PNG, JPEG, WebP or TIFF"


def unread(names: Iterable[str]) -> tuple[str, ...]:
    """Say how many of some files are passed over though they may be images, by their endings.

    Example:
        >>> unread(["a.png", "b.tga", "c.TGA", "d", ".e/f.tga", "labels.csv"])
        ('3 other files were not read: .tga 2, without ending 1',)
        >>> unread(["a.png"])
        ()
    """
    paths = [PurePosixPath(name) for name in names if not hidden(name)]
    endings = Counter(ending for path in paths if (ending := path.suffix.lower()) not in (*SUFFIXES, *BESIDE))
    if not endings:
        return ()
    ordered = sorted(endings.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{ending or 'without ending'} {count}" for ending, count in ordered[:SHOWN]]
    more = [f"{len(ordered) - SHOWN} more endings"] if len(ordered) > SHOWN else []
    files = "1 other file was" if endings.total() == 1 else f"{endings.total()} other files were"
    return (f"{files} not read: {', '.join(shown + more)}",)


def distinct(names: Iterable[str], origin: str) -> None:
    """Check that names can lie side by side on any disk.

    Raises:
        UserError: for a name that comes twice, two names that differ only in case or in how accents are
            written, and a name that is also the folder of another.
    """
    seen: dict[str, str] = {}
    for name in names:
        key = composed(name).casefold()
        if key in seen:
            raise UserError(f"{origin}: {_clash(seen[key], name)}")
        seen[key] = name
    for key, name in seen.items():
        for parent in PurePosixPath(key).parents:
            if parent.as_posix() in seen:
                raise UserError(
                    f"{origin}: '{seen[parent.as_posix()]}' is an image and the folder of '{name}'"
                )


def _clash(first: str, second: str) -> str:
    if first == second:
        return f"the name '{first}' comes twice"
    accents = composed(first) == composed(second)
    how = "how their accents are written (Unicode)" if accents else "case"
    return f"the names '{first}' and '{second}' differ only in {how}: some disks cannot hold both"
