"""Vote counts from ``.npy`` files, and pixels as PNG."""

import io
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Shaped, UInt8
from PIL import Image

from s2c2.data.source import SourceImage
from s2c2.data.tables import MOST_VOTES
from s2c2.errors import UserError


def read_array(path: Path) -> Shaped[np.ndarray, "..."]:
    """Read one array; objects (pickles) are refused.

    Raises:
        UserError: when the file is absent, damaged, or holds anything but one array of numbers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Mapping the file first checks its claimed shape against its length before memory is taken.
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise UserError(f"{path} holds several arrays; save the one with numpy.save")
        return np.array(array)
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"no file {path}") from error
    except Exception as error:  # a damaged header is parsed as Python text and fails in many ways
        raise UserError(f"{path} cannot be read as a .npy array: {error}") from error


def read_counts(path: Path, images: int) -> Int64[np.ndarray, "n k"]:
    """Read how many annotators chose each class for each image.

    Args:
        path: a ``.npy`` file with one row an image, one column a class.
        images: the number of images n that the rows stand for.

    Raises:
        UserError: for another shape or type, negative counts, and another number of rows than images.
    """
    counts = read_array(path)
    if counts.ndim != 2 or counts.dtype.kind not in "iu":
        raise UserError(
            f"{path} holds {counts.dtype} of shape {counts.shape}: needs whole numbers (images, classes)"
        )
    if len(counts) != images:
        raise UserError(f"{path} has {len(counts)} rows, but there are {images} images")
    wrong = np.argwhere((counts < 0) | (counts > MOST_VOTES))
    if len(wrong):
        row, column = wrong[0]
        raise UserError(
            f"{path}, row {row + 1}, class {column + 1}: {counts[row, column]} is not a number of votes"
        )
    return counts.astype(np.int64)


def png(pixels: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """Return pixels as a PNG file, without loss."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG")
    return stream.getvalue()


def png_image(pixels: UInt8[np.ndarray, "h w 3"], name: str, origin: str) -> SourceImage:
    """Return pixels as an image of a source; they become PNG when it is read."""
    return SourceImage(name, partial(png, pixels), origin)
