"""Encoded images to pixels: any size and mode in, 8-bit RGB out, hostile files refused."""

import struct
import warnings
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from s2c2.errors import UserError, unknown

PIXEL_LIMIT = 64_000_000
"""Most pixels an image may have (width × height), checked before decoding."""

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF")
"""Formats that are read, whatever the file's ending says."""

TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""What a TIFF begins with."""

COUNTED = 1000
"""Pages of a TIFF up to which they are counted."""

# The limit above is stricter than Pillow's, which would print a warning and go on; nor do people have use for
# its warnings of damaged EXIF and TIFF tags.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

FITS: Mapping[str, str] = {
    "stretch": "squash the image to a square, as the reference does",
    "crop": "cut the largest square from the middle",
    "pad": "add black bars to make a square",
}
"""Ways of making an image square."""


def decode(data: bytes, origin: str, limit: int = PIXEL_LIMIT) -> UInt8[np.ndarray, "h w 3"]:
    """Decode an image file to 8-bit RGB, upright.

    16-bit grey values are scaled by 255/65535, those of a 12-bit TIFF by 255/4095 (the same for all images),
    transparent parts become white, of several frames the first one is read.

    Args:
        data: the encoded file.
        origin: where it came from, for messages.
        limit: most pixels it may have.

    Raises:
        UserError: when the file is broken, truncated, no image, or over the limit.
    """
    return load(data, origin, limit)[0]


def load(
    data: bytes, origin: str, limit: int = PIXEL_LIMIT, enough: int | None = None
) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[int, int]]:
    """Decode an image as :func:`decode` does, and return its height and width as stored too.

    Args:
        data: the encoded file.
        origin: where it came from, for messages.
        limit: most pixels it may have.
        enough: shorter side in pixels that is enough; a large JPEG is then decoded at 1/2, 1/4 or 1/8.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > limit:
                raise UserError(f"{width} × {height} pixels are more than the limit of {limit:,}")
            if enough is not None:
                image.draft("RGB", (enough, enough))
            return np.asarray(_rgb(_upright(image), _ends(image))), (height, width)
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise UserError(f"{origin}: {_reason(error, limit, data)}") from error


def parts(data: bytes) -> tuple[int, int]:
    """Return how many pages a TIFF has, and channels that are not read of its first page; (1, 0) for others.

    Smaller copies and masks of a page are not counted, nor is what follows a damaged page.

    Args:
        data: the encoded file.
    """
    if not data.startswith(TIFF):
        return 1, 0
    pages = channels = 0
    with suppress(Exception), Image.open(BytesIO(data), formats=("TIFF",)) as image:
        channels = _tag(image, _EXTRA, ()).count(_UNKNOWN)
        for page in range(COUNTED):
            image.seek(page)
            pages += not _tag(image, _SUBFILE, 0) & _NO_PAGE
    return max(pages, 1), channels


def resize(image: UInt8[np.ndarray, "h w 3"], size: int, fit: str = "stretch") -> UInt8[np.ndarray, "s s 3"]:
    """Return the image as a square of ``size`` pixels: antialiased bilinear, untouched where it fits.

    Raises:
        UserError: for a ``fit`` that does not exist.
    """
    if fit not in FITS:
        raise unknown("fit", fit, FITS)
    if image.shape[:2] == (size, size):
        return image
    picture, square = Image.fromarray(image), (size, size)
    if fit == "crop":
        return np.asarray(ImageOps.fit(picture, square, Image.Resampling.BILINEAR))
    if fit == "pad":
        return np.asarray(ImageOps.pad(picture, square, Image.Resampling.BILINEAR))
    return np.asarray(picture.resize(square, Image.Resampling.BILINEAR))


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image as its EXIF orientation says; damaged EXIF data do not make an image unreadable."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, struct.error):
        return image


def _rgb(image: Image.Image, ends: tuple[int, int]) -> Image.Image:
    """Return an image as RGB, given the values of black and white where they are of more than 8 bits."""
    if image.mode.startswith("I"):
        return _grey(np.asarray(image), *ends).convert("RGB")
    if image.mode == "F":
        raise UserError("floating-point pixels have no fixed range: save the image with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _grey(values: Shaped[np.ndarray, "h w"], black: int, white: int) -> Image.Image:
    """Return grey values as 8-bit ones, rounded."""
    if values.min() < 0 or values.max() > 65535:
        raise UserError("grey values outside 0 … 65535: save the image with 8 or 16 bits")
    top = abs(white - black)
    up = np.abs(np.subtract(values, black, dtype=np.int32))
    up *= 255
    up += top // 2
    up //= top
    return Image.fromarray(up.astype(np.uint8))


def _ends(image: Image.Image) -> tuple[int, int]:
    """Return the values of black and white where they are of more than 8 bits; a TIFF may say which."""
    top = 4095 if _tag(image, _BITS, ()) == (12,) else 65535
    return (top, 0) if _tag(image, _MEANING, 1) == 0 else (0, top)


def _tag(image: Image.Image, number: int, default: Any) -> Any:
    """Return what a TIFF says of itself under a number; the default for other files."""
    return getattr(image, "tag_v2", {}).get(number, default)


_SUBFILE, _BITS, _MEANING, _EXTRA = 254, 258, 262, 338
"""Tags of TIFF: kind of page, bits of a value, what 0 is (0: white), what channels past grey or RGB are."""
_UNKNOWN = 0
"""A further channel that is not said to be transparency."""
_NO_PAGE = 1 | 4
"""Kinds of pages that are none: smaller copies and masks."""


def _reason(error: Exception, limit: int, data: bytes) -> str:
    """Say in a few words why an image cannot be read."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"more pixels than the limit of {limit:,}"
    if not data:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError) and data.startswith(TIFF):
        return "damaged, or a kind of TIFF that is not read: save it with 8 or 16 bits, as grey values or RGB"
    if isinstance(error, UnidentifiedImageError):
        return f"not an image of a known format ({', '.join(FORMATS)})"
    if isinstance(error, MemoryError):
        return "too large for the memory of this machine"
    return f"damaged image ({' '.join(str(error).split()) or type(error).__name__})"
