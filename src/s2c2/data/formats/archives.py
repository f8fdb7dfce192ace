"""Archives from outside: tar (plain, gz, xz) and zip, read once, never unpacked to disk."""

import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BufferedIOBase
from pathlib import Path
from typing import IO, cast

from s2c2.data.dataset import SUFFIXES
from s2c2.data.formats.names import distinct, hidden, is_image, relative
from s2c2.data.formats.spool import Spool
from s2c2.data.source import SourceImage
from s2c2.errors import UserError

ENDINGS = (".tar", ".tar.gz", ".tar.xz", ".tgz", ".txz", ".zip")
"""Endings of archives that are looked for in a folder; the content decides how one is read."""

_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, OverflowError, NotImplementedError, RuntimeError, MemoryError, KeyError, IndexError),
)
"""What the standard library raises for damaged archives."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold; beyond it is taken for a decompression bomb."""

    members: int = 2_000_000
    member_bytes: int = 256 * 2**20
    total_bytes: int = 256 * 2**30
    ratio: float = 200.0
    """Decompressed bytes for each compressed one; images hardly compress."""
    free_bytes: int = 64 * 2**20
    """Decompressed bytes from which on the ratio counts."""
    memory: int = 256 * 2**20
    """Bytes of images kept in memory; more go to an unnamed temporary file."""


LIMITS = Limits()

_TAIL = 4 * tarfile.RECORDSIZE


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    plain: bool
    """Whether it is a regular file: no link, device, pipe, nor encrypted or sparse."""
    read: Callable[[], bytes]
    stays: Callable[[], bytes] | None = None
    """Reads it later from the archive itself, where that is possible."""


def is_archive(path: Path) -> bool:
    """Return whether a file is named like an archive."""
    return path.name.lower().endswith(ENDINGS)


def images_in(path: Path, limits: Limits = LIMITS) -> tuple[SourceImage, ...]:
    """Return the images of an archive, sorted by id; the id is the member's name.

    The archive is read once from start to end. Its images stay encoded, in memory or in one temporary
    file without a name; a plain tar is read in place.

    Raises:
        UserError: for a damaged archive, one without images, links, devices, names that leave the folder,
            clashing names, and more content than the limits allow.
    """
    spool, images = Spool(limits.memory), []
    with _reported(path):
        for member in _checked(path, limits):
            name = relative(member.name, f"{path}, member {member.name[:200]!r}")
            if not hidden(name) and is_image(name, f"{path}, member '{name}'"):
                read = member.stays or spool.add(member.read())
                images.append(SourceImage(name, read, f"{path}, member '{name}'"))
    if not images:
        raise UserError(f"no images in {path} (looked for {', '.join(SUFFIXES)})")
    distinct((image.name for image in images), str(path))
    return tuple(sorted(images, key=lambda image: image.name))


def _checked(path: Path, limits: Limits) -> Iterator[_Member]:
    """Yield the members that are files, and refuse what no archive of images holds."""
    allowed = max(limits.free_bytes, int(limits.ratio * path.stat().st_size))
    total = 0
    for number, member in enumerate(_members(path, limits), start=1):
        total += member.size
        if not member.plain:
            raise UserError(
                f"{path}: '{member.name}' is a link, device, sparse or encrypted: only plain files"
            )
        if not 0 <= member.size <= limits.member_bytes:
            raise UserError(f"{path}: '{member.name}' is larger than {limits.member_bytes // 2**20} MB")
        if total > min(allowed, limits.total_bytes):
            raise UserError(f"{path}: {_bomb(limits)}")
        if number > limits.members:
            raise UserError(f"{path} has more than {limits.members:,} members")
        yield member


def _members(path: Path, limits: Limits) -> Iterator[_Member]:
    with path.open("rb") as stream:
        magic = stream.read(6)
        stream.seek(0)
        if magic.startswith(b"PK"):
            yield from _zip_members(stream)
        elif magic == b"\xfd7zXZ\x00":
            with lzma.open(stream) as unpacked:
                yield from _tar_members(unpacked, path, limits)
        elif magic.startswith(b"\x1f\x8b"):
            with gzip.open(stream) as unpacked:
                yield from _tar_members(unpacked, path, limits)
        else:
            yield from _tar_members(stream, path, limits, in_place=True)


def _zip_members(stream: BufferedIOBase) -> Iterator[_Member]:
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            plain = kind in (0, stat.S_IFREG) and not info.flag_bits & 1
            if not info.is_dir():
                yield _Member(info.filename, info.file_size, plain, partial(_read_zip, archive, info))


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise UserError(f"'{info.filename}' has {len(data)} bytes, but the archive says {info.file_size}")
    return data


def _tar_members(
    stream: BufferedIOBase, path: Path, limits: Limits, in_place: bool = False
) -> Iterator[_Member]:
    bounded = _Bounded(stream, limits, path.stat().st_size)
    with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r|", errors="surrogateescape") as archive:
        while (info := archive.next()) is not None:
            bounded.renew()
            archive.members = []  # type: ignore[attr-defined]  # else it keeps every header
            plain = info.isreg() and not info.issparse()
            stays = partial(_read_at, path, info.offset_data, info.size) if in_place else None
            if not info.isdir():
                yield _Member(info.name, info.size, plain, partial(_read_tar, archive, info), stays)
            bounded.renew()
        if not bounded.zero_at(archive.offset):
            raise UserError("is cut or damaged: a header is broken, or the end mark is missing")


def _read_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    member = archive.extractfile(info)
    return b"" if member is None else member.read()


def _read_at(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(offset)
        return stream.read(size)


class _Bounded:
    """A decompressed stream that stops giving when a header or the whole gives too much.

    ``tarfile`` reads extended headers whole, whatever length they claim.
    """

    def __init__(self, stream: BufferedIOBase, limits: Limits, compressed: int) -> None:
        self._stream, self._limits = stream, limits
        ratio = max(limits.free_bytes, int(limits.ratio * compressed))
        self._left = min(ratio, limits.total_bytes) + limits.member_bytes
        self._end, self._tail = 0, b""
        self.renew()

    def renew(self) -> None:
        """Allow one more header or member."""
        self._member_left = self._limits.member_bytes + 2**20

    def read(self, size: int) -> bytes:
        """Return up to ``size`` decompressed bytes."""
        data = self._stream.read(size)
        self._end += len(data)
        self._tail = (self._tail + data)[-_TAIL:]
        self._left -= len(data)
        self._member_left -= len(data)
        if min(self._left, self._member_left) < 0:
            raise UserError(_bomb(self._limits))
        return data

    def zero_at(self, offset: int) -> bool:
        """Return whether the block at ``offset``, read a moment ago, is the zero block that ends a tar.

        ``tarfile`` takes a broken header for the end.
        """
        start = offset - (self._end - len(self._tail))
        return self._tail[start : start + tarfile.BLOCKSIZE] == bytes(tarfile.BLOCKSIZE)


def _bomb(limits: Limits) -> str:
    return (
        f"holds far more than its size (over {limits.ratio:.0f} times, {limits.member_bytes // 2**20} MB in "
        f"one member, or {limits.total_bytes // 2**30} GB): not unpacked"
    )


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn what damaged archives raise into a ``UserError`` that names the archive."""
    try:
        yield
    except UserError as error:
        text = str(error)
        raise UserError(text if str(path) in text else f"{path}: {text}") from error
    except FileNotFoundError as error:
        raise UserError(f"no file {path}") from error
    except _BROKEN as error:
        raise UserError(
            f"{path} cannot be read as an archive: {str(error) or type(error).__name__}"
        ) from error
