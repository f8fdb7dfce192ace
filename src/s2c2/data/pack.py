"""A pack: all images of a dataset, decoded once, as one memory-mapped array at the training size."""

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Int32, UInt8

from s2c2 import files
from s2c2.data.cache import content_digests, digest, key, place, read_image, sweep
from s2c2.data.dataset import Dataset
from s2c2.data.description import SIZES
from s2c2.data.images import FITS, load, resize
from s2c2.data.parallel import ordered
from s2c2.data.progress import Progress, silent
from s2c2.data.remarks import Remark, remarks
from s2c2.data.writing import broken_text
from s2c2.errors import UserError, unknown

VERSION = 2
"""Raised whenever the same files would give other pixels, or other remarks."""

CHUNK = 32
"""Images that a thread decodes at a time."""

VERIFIED = 256 * 2**20
"""Bytes up to which a pack is checked as a whole when it is opened; a larger one by 4096 of its images."""


@dataclass(frozen=True)
class Pack:
    """Decoded images at the training size; broken images have no row."""

    images: tuple[str, ...]
    """Image id of each row."""
    pixels: UInt8[np.ndarray, "n s s 3"]
    """RGB, mapped from disk, read-only."""
    digests: tuple[str, ...]
    """Fingerprint of the pixels of each row; equal for exact duplicates."""
    broken: tuple[tuple[str, str], ...]
    """Images that cannot be decoded, with the reason."""
    shapes: Int32[np.ndarray, "n 2"]
    """Height and width of each image file, in pixels."""
    remarks: tuple[Remark, ...] = ()
    """What is odd about images that can be decoded."""


def pack(
    dataset: Dataset,
    size: int,
    *,
    cache: Path | None = None,
    fit: str = "stretch",
    skip_broken: bool = False,
    progress: Progress = silent,
) -> Pack:
    """Return the images of a dataset as one array, decoding them only when files have changed.

    Of several processes one decodes and the others wait; the time until then is reported as no progress.

    Args:
        dataset: the dataset.
        size: height and width in pixels.
        cache: folder for the pack; by default ``.cache`` in the dataset folder, or the user's cache when
            the dataset folder is read-only.
        fit: how an image becomes square: ``stretch``, ``crop`` or ``pad``.
        skip_broken: leave broken images out instead of failing.
        progress: called with the steps done and their number (reading, then decoding).

    Raises:
        UserError: for broken images, a wrong size or fit, files that change meanwhile, or a full disk.
    """
    opened = readable(dataset, size, cache=cache, fit=fit, progress=progress)
    if opened.broken and not (skip_broken and opened.images):
        raise UserError(broken_text(dict(opened.broken), "data.skip_broken=true"))
    return opened


def readable(
    dataset: Dataset,
    size: int,
    *,
    cache: Path | None = None,
    fit: str = "stretch",
    progress: Progress = silent,
) -> Pack:
    """Return the images that can be decoded, perhaps none, and why the others cannot; see :func:`pack`."""
    _check(size, fit)
    folder = place(dataset, cache)
    files.sweep(folder)
    contents, fresh = content_digests(dataset, folder, progress)
    prefix = f"pack-{size}-{fit}-"
    path = folder / (prefix + key([VERSION, size, fit, dataset.images, contents]))
    opened = _open(path, size)
    if opened is None:
        before, count = fresh, len(dataset.images)
        with files.awaited(folder / f"packing-{size}-{fit}.lock", lambda: progress(before, before + count)):
            if _open(path, size) is None:  # another process may have made it meanwhile
                images = _decoded(dataset, contents, (size, fit))
                _write(path, size, count, _counted(images, (before, count), progress))
                sweep(folder, path.name, prefix)
            else:
                progress(before + count, before + count)
        opened = _open(path, size)
    if opened is None:
        raise UserError(f"the pack {path}.npy is damaged as soon as it is written: check the disk")
    return opened


@dataclass(frozen=True)
class _Decoded:
    """One image on its way into a pack."""

    image: str
    row: UInt8[np.ndarray, "s s 3"] | None
    shape: tuple[int, int] | None
    reason: str = ""
    remarks: tuple[Remark, ...] = ()


def _check(size: int, fit: str) -> None:
    if fit not in FITS:
        raise unknown("fit", fit, FITS)
    if size not in SIZES:
        raise UserError(f"size must be from {SIZES.start} to {SIZES.stop - 1} pixels, not {size}")


def _decoded(
    dataset: Dataset, contents: tuple[str, ...], form: tuple[int, str]
) -> Generator[_Decoded, None, None]:
    """Yield each image at its training size, in order, decoded by threads."""
    pairs = list(zip(dataset.images, contents, strict=True))
    chunks = (pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK))
    for chunk in ordered(lambda chunk: [_decode(dataset, *pair, form) for pair in chunk], chunks):
        yield from chunk


def _decode(dataset: Dataset, image: str, content: str, form: tuple[int, str]) -> _Decoded:
    data = read_image(dataset.path(image))
    if digest(data) != content:
        raise UserError(f"{dataset.path(image)} changed while it was read: run the command again")
    try:
        pixels, shape = load(data, image, enough=2 * form[0])
    except UserError as error:
        return _Decoded(image, None, None, str(error))
    row = resize(pixels, *form)
    return _Decoded(image, row, shape, remarks=remarks(image, data, row))


def _counted(
    images: Iterator[_Decoded], steps: tuple[int, int], progress: Progress
) -> Generator[_Decoded, None, None]:
    """Pass images on and report progress, given the steps done before and the number of images."""
    before, count = steps
    for done, image in enumerate(images, start=1):
        yield image
        progress(before + done, before + count)


def _write(path: Path, size: int, count: int, images: Generator[_Decoded, None, None]) -> None:
    """Write pixels as ``.npy``, then what belongs to them as ``.json``: the first is void without it."""
    facts: dict[str, list[Any]] = {"images": [], "digests": [], "shapes": [], "broken": [], "remarks": []}
    npy = _beside(path, ".npy")
    with files.atomic(npy) as partial, partial.open("wb") as stream, closing(images):
        _header(stream, count, size)
        for decoded in images:
            _append(stream, facts, decoded)
        stream.seek(0)
        _header(stream, len(facts["images"]), size)
    files.write_text(_beside(path, ".json"), json.dumps(facts))


def _append(stream: BinaryIO, facts: dict[str, list[Any]], decoded: _Decoded) -> None:
    if decoded.row is None:
        facts["broken"].append([decoded.image, decoded.reason])
        return
    row = decoded.row.tobytes()
    stream.write(row)
    facts["images"].append(decoded.image)
    facts["digests"].append(digest(row))
    facts["shapes"].append(decoded.shape)
    facts["remarks"] += map(astuple, decoded.remarks)


def _header(stream: BinaryIO, count: int, size: int) -> None:
    """Write the start of an ``.npy`` file; NumPy pads it so that its length does not depend on the count."""
    shape = (count, size, size, 3)
    fields = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, fields)


def _open(path: Path, size: int) -> Pack | None:
    """Return the pack at a path, or ``None`` when there is none or it is damaged."""
    try:
        facts = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))
        images, digests = tuple(facts["images"]), tuple(facts["digests"])
        pixels = np.lib.format.open_memmap(_beside(path, ".npy"), mode="r") if images else _none(size)
        broken = tuple((image, reason) for image, reason in facts["broken"])
        shapes = np.array(facts["shapes"], dtype=np.int32).reshape(-1, 2)
        noted = tuple(Remark(*fields) for fields in facts["remarks"])
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    whole = pixels.dtype == np.uint8 and pixels.shape == (len(images), size, size, 3)
    intact = whole and _intact(pixels, digests)
    return Pack(images, pixels, digests, broken, shapes, noted) if intact else None


def _intact(pixels: UInt8[np.ndarray, "n s s 3"], digests: tuple[str, ...]) -> bool:
    """Return whether the rows are those that were written; of a large pack only some are read."""
    count = len(digests) if pixels.nbytes <= VERIFIED else 4096
    rows = np.unique(np.linspace(0, len(digests) - 1, num=min(count, len(digests))).astype(np.int64))
    return all(digest(pixels[row].tobytes()) == digests[row] for row in rows)


def _none(size: int) -> UInt8[np.ndarray, "0 s s 3"]:
    return np.zeros((0, size, size, 3), dtype=np.uint8)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
