"""What a person names with ``--out``: folders, and files that are never written over somebody else's."""

from collections.abc import Callable, Sequence
from pathlib import Path

from s2c2.errors import UserError


def checked(out: Path, endings: Sequence[str], own: Callable[[Path], bool], what: str) -> Path:
    """Return a file that may be written.

    Args:
        out: the file.
        endings: how its name may end.
        own: whether a file that exists is one that s2c2 wrote in its place.
        what: the content, for messages.

    Raises:
        UserError: for another ending, and for a file of somebody else.
    """
    if out.suffix.lower() not in endings:
        raise UserError(f"--out {out} must end in {' or '.join(endings)}")
    if (out.exists() or out.is_symlink()) and not own(out):
        raise UserError(f"{out} exists and holds no {what}: choose another --out, or remove it first")
    return out


def folder(out: Path) -> Path:
    """Return a folder that may be written into, which need not exist yet.

    Raises:
        UserError: where a file stands in its place, or in that of a folder above it.
    """
    there = next((path for path in (out, *out.parents) if path.exists()), out)
    if there.is_file():
        raise UserError(f"--out {out} is to be a folder, and {there} is a file: choose another --out")
    return out
