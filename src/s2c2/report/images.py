"""Image files as small pictures inside the page."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

from PIL import Image

from s2c2.data.images import load
from s2c2.errors import UserError

SIDE = 72
"""Longest side of a thumbnail in pixels; smaller images keep their size."""


def thumbnail(path: Path, side: int = SIDE) -> str | None:
    """Return an image file as a WebP data URI, or None when it is absent or cannot be read.

    Args:
        path: an image file of any size and mode.
        side: longest side of the result in pixels.
    """
    try:
        pixels, _ = load(path.read_bytes(), str(path), enough=side)
    except (OSError, UserError):
        return None
    image, stream = Image.fromarray(pixels), BytesIO()
    image.thumbnail((side, side))
    image.save(stream, format="WEBP", quality=80)
    return f"data:image/webp;base64,{b64encode(stream.getvalue()).decode('ascii')}"
