"""What training may not see of an image: further pages and channels, and values in a corner of the range."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from s2c2.data.images import parts
from s2c2.data.writing import first_few

DARK = 64
"""Brightest value up to which an image is called dark: 14 bits in a file of 16 come to it."""

FLAT = 26
"""Range of values, in the channel with the largest, below which an image is called flat."""

KINDS: Mapping[str, str] = {
    "pages": "{n} image(s) have several pages, of which only the first is read: save others as images",
    "channels": "{n} image(s) have channels past grey or RGB, which are not read: save them as images",
    "brightness": "{n} image(s) are dark; values of 10, 12 or 14 bits in a file of 16 must be scaled",
    "contrast": "{n} image(s) have hardly any contrast; scale the values to the whole range",
}
"""What may be remarked, as a sentence; ``{n}`` stands for how many images."""


@dataclass(frozen=True)
class Remark:
    """Something odd about one image that can be read."""

    image: str
    kind: str
    """One of ``KINDS``."""
    detail: str

    def __str__(self) -> str:
        return f"{self.image} ({self.detail})"


def remarks(image: str, data: bytes, pixels: UInt8[np.ndarray, "h w 3"]) -> tuple[Remark, ...]:
    """Return what is odd about an image.

    Args:
        image: its id.
        data: the encoded file.
        pixels: what is read of it, at any size.
    """
    found = {}
    pages, further = parts(data)
    if pages > 1:
        found["pages"] = f"{pages} pages"
    if further:
        found["channels"] = f"{further} not read"
    if (most := int(pixels.max())) <= DARK:
        found["brightness"] = f"brightest {most} of 255"
    elif all(_width(pixels, channel) < FLAT for channel in range(3)):
        found["contrast"] = f"values {max(_width(pixels, channel) for channel in range(3))} apart, of 255"
    return tuple(Remark(image, kind, detail) for kind, detail in found.items())


def _width(pixels: UInt8[np.ndarray, "h w 3"], channel: int) -> int:
    """Return how far apart the values of a channel are."""
    return int(np.ptp(pixels[..., channel]))


def by_kind(found: Iterable[Remark]) -> dict[str, list[str]]:
    """Return the images of each kind of remark, each with its detail, in the order of ``KINDS``."""
    images: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for remark in found:
        images[remark.kind].append(str(remark))
    return {kind: named for kind, named in images.items() if named}


def sentences(found: Iterable[Remark]) -> list[str]:
    """Say what was remarked, a sentence a kind, with the first few images."""
    return [
        f"{KINDS[kind].replace('{n}', str(len(named)))} ({first_few(named)})"
        for kind, named in by_kind(found).items()
    ]
