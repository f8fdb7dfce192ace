"""Pictures for the browser: thumbnails, made once and kept, and a placeholder for broken files."""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from s2c2.data.images import load
from s2c2.errors import UserError

Size = Literal[96, 128, 192, 256]
SIZES: tuple[int, ...] = get_args(Size)
"""Longest sides of thumbnails in pixels."""

VERSION = 3
"""Raised whenever the same file would give another thumbnail."""

KEPT = 32 * 2**20
"""Bytes of thumbnails held in memory; one is about 4 kB."""

EXTRA = 1024
"""Bytes that holding a thumbnail takes beside the picture itself."""

FILE_LIMIT = 256 * 2**20
"""Most bytes in an image file."""

FULL_LIMIT = 4096
"""Longest side in pixels of a picture that is shown in full; larger ones are made smaller."""

SMALL = 64 * 1024
"""Most bytes in a file that is given to the browser as it is."""

PLAIN: Mapping[str, bytes] = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
"""Formats that are, and the bytes that such a file ends with: nothing is cut off, nothing follows."""

HARMLESS = frozenset({"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"})
"""What such a file may say besides its pixels."""

_PLACEHOLDER = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
    '<rect width="96" height="96" fill="#8a8a8a"/>'
    '<path d="M24 24 72 72M72 24 24 72" stroke="#fff" stroke-width="6"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture."""

    data: bytes
    media_type: str
    tag: str
    """Changes whenever the picture does; an HTTP ETag without its quotes."""
    broken: bool = False
    """Whether it stands for a file that is absent or cannot be read."""


PLACEHOLDER = Picture(_PLACEHOLDER.encode(), "image/svg+xml", "broken", broken=True)
"""Shown in place of a broken image."""


@dataclass(frozen=True)
class _State:
    """A file as it is on disk now."""

    path: Path
    modified: int
    length: int


class Pictures:
    """Pictures of numbered images; several threads may ask at once."""

    def __init__(self, path: Callable[[int], Path | None], cache: Path | None, kept: int = KEPT) -> None:
        self._path = path
        self._cache = cache
        self._broken: set[int] = set()
        self._decoding = threading.Semaphore(2)  # a decoded photograph takes up to 200 MB
        self._held: OrderedDict[tuple[int, int], tuple[_State, Picture]] = OrderedDict()
        self._kept = kept
        self._bytes = 0
        self._lock = threading.Lock()

    def thumbnail(self, image: int, size: int) -> Picture:
        """Return an image with its longest side at most ``size`` pixels; small images are not enlarged."""
        state = self._state(image)
        return self._seen(image, PLACEHOLDER if state is None else self._thumbnail(image, state, size))

    def held(self, image: int, size: int) -> Picture | None:
        """Return a thumbnail as it was when it was last asked for; None where it is not in memory."""
        found = self._held.get((image, size))
        return None if found is None else found[1]

    def full(self, image: int) -> Picture:
        """Return an image as large as it is, up to ``FULL_LIMIT`` pixels."""
        state = self._state(image)
        return self._seen(image, PLACEHOLDER if state is None else self._drawn(state, FULL_LIMIT))

    def broken(self, image: int) -> bool:
        """Return whether an image was found to be absent or unreadable when it was last shown."""
        return image in self._broken

    def _seen(self, image: int, picture: Picture) -> Picture:
        (self._broken.add if picture.broken else self._broken.discard)(image)
        return picture

    def _state(self, image: int) -> _State | None:
        path = self._path(image)
        try:
            found = path.stat() if path is not None else None
        except (OSError, ValueError):
            return None
        if path is None or found is None or found.st_size > FILE_LIMIT:
            return None
        return _State(path, found.st_mtime_ns, found.st_size)

    def _thumbnail(self, image: int, state: _State, size: int) -> Picture:
        """Return a thumbnail, from memory where it is there and the file is as it was."""
        with self._lock:
            found = self._held.get((image, size))
            if found is not None and found[0] == state:
                self._held.move_to_end((image, size))
                return found[1]
        picture = self._made(state, size)
        if not picture.broken:
            self._hold((image, size), (state, picture))
        return picture

    def _hold(self, key: tuple[int, int], made: tuple[_State, Picture]) -> None:
        with self._lock:
            old = self._held.pop(key, None)
            self._held[key] = made
            self._bytes += _weight(made[1]) - (0 if old is None else _weight(old[1]))
            while self._bytes > self._kept and len(self._held) > 1:
                self._bytes -= _weight(self._held.popitem(last=False)[1][1])

    def _made(self, state: _State, size: int) -> Picture:
        """Return a thumbnail, from the disk where it was kept."""
        tag = _tag(state, size)
        if state.length <= SMALL and (plain := self._plain(state, size, tag)) is not None:
            return plain
        kept = self._cache / f"{size}" / tag[:2] / f"{tag}.webp" if self._cache is not None else None
        if kept is not None and (data := _whole(kept)) is not None:
            return Picture(data, "image/webp", tag)
        picture = self._drawn(state, size)
        if kept is not None and not picture.broken:
            _keep(kept, picture.data)
        return picture

    def _plain(self, state: _State, size: int, tag: str) -> Picture | None:
        """Return a file as it is, where it is a thumbnail already; decoded to see whether it is whole."""
        with self._decoding:
            try:
                data = state.path.read_bytes()
                kind = as_it_is(data, size)
            except Exception:  # on damaged bytes nearly anything; drawing it says what
                return None
        return None if kind is None else Picture(data, kind, tag)

    def _drawn(self, state: _State, size: int) -> Picture:
        with self._decoding:
            try:
                pixels = load(state.path.read_bytes(), state.path.name, enough=size)[0]
            except (OSError, UserError):
                return PLACEHOLDER
            return Picture(_encoded(pixels, size), "image/webp", _tag(state, size))


def as_it_is(data: bytes, size: int) -> str | None:
    """Return the media type of a file that browsers may get as it is; None where it must be drawn anew.

    It must be a PNG or JPEG that is no larger than asked for, and of which a browser shows what
    :func:`~s2c2.data.images.load` reads: 8-bit grey or RGB, opaque, upright, one frame, with nothing said
    about itself, such as a place, a comment or a colour profile.

    Args:
        data: the encoded file.
        size: longest side in pixels.
    """
    with Image.open(BytesIO(data), formats=tuple(PLAIN)) as image:
        whole = data.endswith(PLAIN.get(str(image.format), b"\0"))
        if not whole or max(image.size) > size or image.mode not in ("L", "RGB"):
            return None
        image.load()
        if image.info.keys() - HARMLESS or getattr(image, "n_frames", 1) > 1:
            return None
        return Image.MIME[str(image.format)]


def _weight(picture: Picture) -> int:
    return len(picture.data) + EXTRA


def _tag(state: _State, size: int) -> str:
    facts = f"{VERSION}|{state.path}|{state.modified}|{state.length}|{size}"
    return hashlib.blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


def _encoded(pixels: UInt8[np.ndarray, "h w 3"], size: int) -> bytes:
    """Return WebP; without loss where an image is so small that nothing had to be made smaller."""
    image, stream = Image.fromarray(pixels), BytesIO()
    small = max(image.size) <= min(size, SIZES[-1])
    image.thumbnail((size, size))
    image.save(stream, format="WEBP", quality=85, lossless=small, method=2)
    return stream.getvalue()


def _whole(path: Path) -> bytes | None:
    """Return a kept thumbnail; None where there is none or it was cut off."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    riff = data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 == len(data)
    return data if riff else None


def _keep(path: Path, data: bytes) -> None:
    """Write a thumbnail; a full or read-only disk only means that it is made anew next time."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
