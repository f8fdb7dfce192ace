"""``cifar10h``: the CIFAR-10 test batch (python version) and ``cifar10h-counts.npy``.

The batch is a pickle, and a pickle is a program. It is read with stand-ins for the two NumPy functions
that it calls, so that nothing it says is run and no array is built before its size is checked.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8

from s2c2.data.formats.arrays import png_image, read_counts
from s2c2.data.formats.labels import class_names, votes_table
from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.walk import entry_in, folder_at, read_bytes
from s2c2.data.source import Source, SourceImage
from s2c2.errors import UserError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The classes of CIFAR-10 in their order."""

LICENCE = (
    "CC BY-NC-SA 4.0 for the human labels (CIFAR-10H); the authors of CIFAR-10 state none for its images"
)
"""Terms of the human labels and of the images."""

CITATION = (
    "Peterson, Battleday, Griffiths, Russakovsky: Human uncertainty makes classification more robust, ICCV "
    "2019; Krizhevsky: Learning multiple layers of features from tiny images, 2009"
)
"""Whom to cite."""

BATCHES = ("test_batch", "cifar-10-batches-py/test_batch")
COUNTS = ("cifar10h-counts.npy", "data/cifar10h-counts.npy", "counts.npy")

_SIDE = 32
_ALLOWED = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy")


def read(source: Path, options: ImportOptions) -> Source:
    """Read a folder with ``test_batch`` and ``cifar10h-counts.npy``; images become PNG without loss.

    The original labels of the batch are no annotations and are not kept; they must mostly agree with the
    votes, which shows that both are in the same order.

    Raises:
        UserError: for a missing file, a batch that holds anything but arrays and lists, counts of another
            number of images, and counts in another order.
    """
    folder_at(source)
    batch = first_file(source, BATCHES)
    pixels, labels = read_batch(batch)
    path = options.counts or first_file(source, COUNTS)
    counts = read_counts(path, len(pixels))
    classes = class_names(options.classes or CLASSES, options, source)
    if counts.shape[1] != len(CLASSES) or len(classes) != len(CLASSES):
        raise UserError(
            f"{path} has {counts.shape[1]} classes and {len(classes)} names: CIFAR-10 has {len(CLASSES)}"
        )
    _check_order(counts, labels, path)
    images = _images(pixels, batch)
    table = votes_table([image.name for image in images], counts, classes)
    return Source(options.title(source), classes, images, table, {}, LICENCE, CITATION, _SIDE)


def first_file(folder: Path, names: tuple[str, ...]) -> Path:
    """Return the first of several files that exists below a folder.

    Raises:
        UserError: when none does; names what was looked for.
    """
    for name in names:
        if (path := entry_in(folder, name)) is not None:
            return path
    raise UserError(f"{folder} lacks {names[0]} (looked for {', '.join(names)})")


def _images(pixels: UInt8[np.ndarray, "n 32 32 3"], batch: Path) -> tuple[SourceImage, ...]:
    width = max(4, len(str(len(pixels) - 1)))
    return tuple(
        png_image(image, f"{index:0{width}d}.png", f"{batch}, image {index}")
        for index, image in enumerate(pixels)
    )


def _check_order(counts: Int64[np.ndarray, "n k"], labels: Int64[np.ndarray, " n"], path: Path) -> None:
    voted = counts.sum(axis=1) > 0
    agreement = float((counts.argmax(axis=1) == labels)[voted].mean()) if voted.any() else 1.0
    if agreement < 0.5:
        raise UserError(
            f"{path}: the most chosen class is the batch's label for only {agreement:.0%} of the images; "
            "the rows are in another order than the images"
        )


def read_batch(path: Path) -> tuple[UInt8[np.ndarray, "n 32 32 3"], Int64[np.ndarray, " n"]]:
    """Read images and labels of one CIFAR-10 python batch without running what it says.

    Raises:
        UserError: for a damaged batch and one that calls for anything but NumPy arrays.
    """
    data = _unpickled(path)
    rows, labels = (_entry(data, key, path) for key in ("data", "labels"))
    pixels = _pixels(rows, path)
    whole = isinstance(labels, list) and all(type(label) is int and 0 <= label < 10 for label in labels)
    if not whole or len(labels) != len(pixels):
        raise UserError(f"{path}: needs {len(pixels)} labels from 0 to 9, one for each image")
    return pixels, np.array(labels, dtype=np.int64)


def _entry(data: Any, key: str, path: Path) -> Any:
    if not isinstance(data, dict):
        raise UserError(f"{path} is not a CIFAR-10 python batch")
    for name in (key, key.encode()):
        if name in data:
            return data[name]
    raise UserError(f"{path} is not a CIFAR-10 python batch: it lacks '{key}'")


def _pixels(rows: Any, path: Path) -> UInt8[np.ndarray, "n 32 32 3"]:
    """Return the images from rows of 3 × 32 × 32 bytes: all red, then green, then blue."""
    length = 3 * _SIDE * _SIDE
    content = rows.content if isinstance(rows, _Stored) else None
    if content is None or not content or len(content) % length:
        raise UserError(f"{path}: 'data' must be bytes of shape (images, {length})")
    pixels = np.frombuffer(content, dtype=np.uint8).reshape(-1, 3, _SIDE, _SIDE)
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))


class _Stored:
    """Stands in for ``numpy.ndarray`` and ``numpy.dtype`` and keeps what the pickle would build them from."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    @property
    def content(self) -> bytes | None:
        """The bytes of a contiguous array of uint8; ``None`` for any other."""
        if not (isinstance(self.state, tuple) and len(self.state) == 5):
            return None
        _, shape, dtype, by_column, content = self.state
        code = dtype.arguments[:1] if isinstance(dtype, _Stored) else ()
        if code not in (("u1",), (b"u1",)) or by_column or not isinstance(content, bytes | str):
            return None
        data = content.encode("latin-1") if isinstance(content, str) else content
        return data if isinstance(shape, tuple) and shape[1:] == (3 * _SIDE * _SIDE,) else None


class _Reader(pickle.Unpickler):
    """Reads containers, numbers and text; everything else becomes ``_Stored`` or is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _ALLOWED and name in ("_reconstruct", "ndarray", "dtype"):
            return _Stored
        if (module, name) == ("_codecs", "encode"):
            return _encode
        raise UserError(f"calls for {module}.{name}")


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """Stand in for how Python 3 writes bytes into old pickles."""
    if not isinstance(text, str) or encoding != "latin1":
        raise UserError("holds bytes in an unknown encoding")
    return text.encode("latin-1")


def _unpickled(path: Path) -> Any:
    stored = io.BytesIO(read_bytes(path))
    try:
        return _Reader(stored, encoding="bytes").load()
    except UserError as error:
        raise UserError(f"{path} is not a CIFAR-10 python batch: it {error}") from error
    except Exception as error:  # a damaged pickle can fail in any way
        raise UserError(f"{path} is not a CIFAR-10 python batch: {error}") from error
