"""Many thumbnails in one answer: what a page of them costs is the asking, not the pictures."""

import struct
import time
from collections.abc import Callable, Iterable, Iterator

from s2c2.web.pictures import Picture

MEDIA = "application/vnd.s2c2.thumbnails"
"""Media type of an answer with many pictures."""

KINDS = ("", "image/webp", "image/png", "image/jpeg")
"""Media types by the number that stands for them; nothing is sent of a broken image, and its number is 0."""

MOST = 120
"""Most pictures in one answer."""

PATIENCE = 0.05
"""Seconds after which the pictures that are ready are sent ahead of those that are still being made."""

_HEAD = struct.Struct(">III")


def record(image: int, picture: Picture) -> bytes:
    """Return a picture as it is sent: three big-endian numbers of 32 bits, then the encoded picture.

    The numbers are that of the image, the kind of picture, and how many bytes follow.
    """
    if picture.broken:
        return _HEAD.pack(image, 0, 0)
    return _HEAD.pack(image, KINDS.index(picture.media_type), len(picture.data)) + picture.data


def bundled(
    images: Iterable[int],
    thumbnail: Callable[[int], Picture],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """Yield the records of images, in their order: all at once, or in parts where they have to be made first.

    Args:
        images: numbers of the images.
        thumbnail: returns the picture of one.
        clock: seconds, for ``PATIENCE``.
    """
    ready, since = list[bytes](), clock()
    for image in images:
        ready.append(record(image, thumbnail(image)))
        if clock() - since >= PATIENCE:
            yield b"".join(ready)
            ready, since = [], clock()
    yield b"".join(ready)
