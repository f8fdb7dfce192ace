"""Files and folders that are either whole or absent: written beside their place, then renamed."""

import errno
import fcntl
import glob
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from s2c2.errors import UserError

STALE = ".partial"
"""Suffix of a file that is still being written."""
LOOK = 0.1
"""Seconds between two looks at a lock that another process holds."""
TRIES = 100
"""How often a lock is tried whose file is removed each time, before it is done without."""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it is flushed and becomes ``path`` when the block ends without an error.

    What killed processes left of the same file is removed.

    Raises:
        UserError: when the disk is full, the folder read-only, or a file stands in the way.
    """
    partial = path.with_name(f"{path.name}.{_own()}{STALE}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent, f"{path.name}.")
        with partial.open("xb") as stream, held(stream.fileno()):
            os.utime(partial, ns=(0, 0))
            yield partial
            _flush(partial)
            partial.replace(path)
    except Exception as error:
        reason = unwritable(error)
        if reason is None:
            raise
        raise UserError(f"cannot write {path}: {reason}") from error
    finally:
        with suppress(OSError):  # where a file stands in the place of the folder, even unlinking fails
            partial.unlink()


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to fill; it becomes ``path``, which must not exist, when the block ends well.

    Raises:
        OSError: when it cannot be made.
    """
    partial = path.with_name(f".{path.name}.{_own()}{STALE}")
    sweep(path.parent, f".{path.name}.")
    partial.mkdir(parents=True)
    file = os.open(partial, os.O_RDONLY)
    try:
        with held(file):
            yield partial
            partial.rename(path)
        sweep(path.parent, f".{path.name}.")
    finally:
        os.close(file)
        shutil.rmtree(partial, ignore_errors=True)


def _own() -> str:
    """Return a name that no other writer has; the number of a process alone is no such name elsewhere."""
    return f"{secrets.token_hex(4)}.{os.getpid()}"


def _flush(partial: Path) -> None:
    """Bring a file to the disk.

    Raises:
        FileNotFoundError: when nothing was written to it.
    """
    with partial.open("rb+") as stream:
        if os.fstat(stream.fileno()).st_mtime_ns == 0:
            raise FileNotFoundError(errno.ENOENT, "nothing was written")
        os.fsync(stream.fileno())


@contextmanager
def held(file: int) -> Iterator[None]:
    """Mark an open file or folder as being written: the mark ends with the process, also a killed one."""
    with suppress(OSError):  # a file system without locks: then sweeping leaves all as it is
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    yield


def sweep(folder: Path, name: str = "") -> None:
    """Remove what killed processes left half-written in a folder; what is being written stays.

    Args:
        folder: it need not exist.
        name: how the names begin that are looked at.
    """
    for path in folder.glob(f"{glob.escape(name)}*{STALE}"):
        with suppress(OSError):
            if _abandoned(path):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _abandoned(path: Path) -> bool:
    file = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def unwritable(error: Exception) -> str | None:
    """Return why the operating system refused to write; None for an error of another kind.

    Example:
        >>> unwritable(RuntimeError("I/O error: No space left on device (os error 28)"))
        'No space left on device'
    """
    if isinstance(error, OSError):
        return str(error.strerror or error)
    # Polars and safetensors raise errors of their own for a full disk; Rust writes the number into them.
    found = re.search(r"\(os error (\d+)\)|Invalid thrift: transport error", str(error))
    if found is None or isinstance(error, UserError):
        return None
    return os.strerror(int(found[1])) if found[1] else "the disk may be full"


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold a lock, or say by False that another does; it ends with the process, also when that is killed.

    Where no lock can be had, as in a read-only folder and on some file systems, nobody is refused.

    Args:
        path: file that stands for it, and is removed at the end.
    """
    try:
        file = _taken(path)
    except BlockingIOError:
        yield False
        return
    try:
        yield True
    finally:
        if file is not None:
            with suppress(OSError):
                path.unlink()
            os.close(file)


@contextmanager
def awaited(path: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Hold a lock as :func:`locked` does; while another does, ``waiting`` is called often, and may raise."""
    while True:
        with locked(path) as mine:
            if mine:
                yield
                return
        waiting()
        time.sleep(LOOK)


def _taken(path: Path) -> int | None:
    """Return the open file of a lock that is held from now on; None where there are no locks.

    Raises:
        BlockingIOError: when another holds it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(TRIES):
            with ExitStack() as stack:
                file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
                stack.callback(os.close, file)
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _names(path, file):
                    stack.pop_all()
                    return file
    except BlockingIOError:
        raise
    except OSError:
        return None
    return None


def _names(path: Path, file: int) -> bool:
    """Return whether a path leads to an open file: who held a lock before may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, whole or not at all."""
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as readable JSON; a number that is not finite becomes ``null``."""
    write_text(path, json.dumps(finite(value), indent=2, ensure_ascii=False) + "\n")


def finite(value: Any) -> Any:
    """Return ``value`` with each float that is not finite replaced by ``None``, as JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value


def read_json(path: Path) -> Any:
    """Read JSON from ``path``.

    Raises:
        UserError: when the file is absent or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"no file {path}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
