"""Embeddings of views, computed once by a frozen network and kept on disk, one file for each view."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float16, Int, UInt8
from torch import Tensor

from s2c2 import files
from s2c2.data.batches import normalised
from s2c2.data.cache import key, place, sweep
from s2c2.data.dataset import Dataset
from s2c2.data.pack import Pack
from s2c2.data.progress import Progress, silent
from s2c2.data.views import VIEWS, Draws, View
from s2c2.errors import UserError
from s2c2.transfer import sent

VERSION = 1
"""Raised whenever the same images would give other embeddings."""

BATCH: Mapping[str, int] = {"cpu": 16, "cuda": 256}
"""Images that are embedded at a time; where activations stay small, memory is not fetched anew each time."""

SLOTS: Mapping[str, int] = {"none": 0, "weak": 1, "strong": 2}
"""Which random numbers each kind of view reads."""

Rows = Float16[np.ndarray, "n e"]


@dataclass(frozen=True)
class Extraction:
    """How embeddings are made."""

    extract: Callable[[Float[Tensor, "n c h w"]], Float[Tensor, "n e"]]
    """Embeddings of images in [−1, 1]."""
    width: int
    """Features of an embedding."""
    identity: str
    """Digest of all that an embedding depends on beside the image: weights, size, number format."""
    views: Mapping[str, View]
    """Each view by its name; a view other than ``none`` is a dataclass, whose fields are its settings."""
    counts: Mapping[str, int]
    """How many views of each name are made."""
    seed: int
    """Seed of the views."""
    device: torch.device


@dataclass(frozen=True)
class Drawn:
    """A view that is one of several embedded ones, drawn for each image by seed, step, image and slot."""

    embedded: tuple[Rows, ...]

    def __call__(self, images: Float16[Tensor, "n e 1 1"], draws: Draws) -> Float16[Tensor, "n e 1 1"]:
        """Return one embedding of each image that ``draws`` names."""
        which = (draws.uniform(1)[:, 0] * len(self.embedded)).long().numpy()
        rows, taken = draws.images.numpy(), np.empty(images.shape[:2], dtype=np.float16)
        for number, embeddings in enumerate(self.embedded):
            chosen = which == number
            taken[chosen] = embeddings[rows[chosen]]
        return sent(shaped(torch.from_numpy(taken)), images.device)


def embed(
    dataset: Dataset, packed: Pack, fit: str, extraction: Extraction, progress: Progress = silent
) -> dict[str, tuple[Rows, ...]]:
    """Return the embeddings of the views of each image by the view's name, mapped from disk.

    Only views that are not on disk are computed; several processes divide them among themselves. Each is
    written whole or not at all, so what a killed process had finished stays. Embeddings of images that have
    changed meanwhile are removed.

    Args:
        dataset: the dataset; its cache folder holds the embeddings, beside the packs.
        packed: its images.
        fit: how they became square.
        extraction: how embeddings are made, and of which views.
        progress: called with the images embedded and their number, over all views that are computed; often
            while another process computes one, so that it may raise to stop.

    Raises:
        UserError: for embeddings that float16 cannot hold, or a full disk.
    """
    folder, kind = place(dataset), f"features-{packed.pixels.shape[1]}-{fit}-"
    stem = kind + key(packed.digests)[:16]
    sweep(folder, stem, kind)
    looks = [(name, number) for name, count in extraction.counts.items() for number in range(count)]
    paths = {look: folder / f"{stem}-{_key(extraction, look)}" for look in looks}
    shape = (len(packed.images), extraction.width)
    opened = {look: rows for look in looks if (rows := _open(paths[look], shape)) is not None}
    missing = [look for look in looks if look not in opened]

    def steps() -> tuple[int, int]:
        return sum(look in opened for look in missing) * shape[0], len(missing) * shape[0]

    def make(look: tuple[str, int]) -> None:
        if _open(paths[look], shape) is None:  # another process may have made it meanwhile
            _write(
                paths[look], shape, _counted(_embedded(packed.pixels, extraction, look), steps(), progress)
            )
        opened[look] = _reopened(paths[look], shape)

    locks = {look: folder / f"embedding-{look[0]}-{look[1]}.lock" for look in missing}
    for look in missing:  # first those that no other process is at
        with files.locked(locks[look]) as mine:
            if mine:
                make(look)
    for look in [look for look in missing if look not in opened]:  # then what others have left
        with files.awaited(locks[look], lambda: progress(*steps())):
            make(look)
    return {name: tuple(opened[look] for look in looks if look[0] == name) for name in extraction.counts}


def held(embeddings: Rows, device: torch.device) -> Callable[[Int[np.ndarray, " b"]], Tensor]:
    """Return a reader of embeddings by their rows, as a batch of images of one pixel."""
    return lambda rows: sent(shaped(torch.from_numpy(embeddings[rows])), device)


def shaped(embeddings: Float[Tensor, "n e"]) -> Float[Tensor, "n e 1 1"]:
    """Return embeddings as images of one pixel, so that they go wherever images go."""
    return embeddings[:, :, None, None]


def moments(embeddings: Rows, rows: Int[np.ndarray, " v"]) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each feature over some rows, in float32."""
    total, squares = np.zeros(embeddings.shape[1]), np.zeros(embeddings.shape[1])
    for start in range(0, len(rows), 1024):
        block = embeddings[rows[start : start + 1024]].astype(np.float64)
        total, squares = total + block.sum(axis=0), squares + (block**2).sum(axis=0)
    mean = total / len(rows)
    deviation = np.sqrt(np.maximum(squares / len(rows) - mean**2, 0))
    return torch.from_numpy(mean).float(), torch.from_numpy(deviation).float()


def _key(extraction: Extraction, look: tuple[str, int]) -> str:
    name, number = look
    settings = "" if name == "none" else f"{extraction.seed} {extraction.views[name]!r}"
    return key([VERSION, extraction.identity, name, number, settings])


def _embedded(
    pixels: UInt8[np.ndarray, "n s s 3"], extraction: Extraction, look: tuple[str, int]
) -> Iterator[Rows]:
    """Yield the embeddings of one view, some images at a time."""
    name, number = look
    view, device = VIEWS["none"] if name == "none" else extraction.views[name], extraction.device
    for start, end in pairwise([*range(0, len(pixels), BATCH[device.type]), len(pixels)]):
        images = torch.from_numpy(np.array(pixels[start:end])).to(device).permute(0, 3, 1, 2)
        rows = torch.arange(start, end)
        seen = normalised(view(images, Draws(extraction.seed, number, rows, SLOTS[name])))
        with np.errstate(over="ignore"):
            block = extraction.extract(seen).cpu().numpy().astype(np.float16)
        if not np.isfinite(block).all():
            raise UserError("the extractor's embeddings are not finite or beyond float16: choose another one")
        yield block


def _counted(blocks: Iterator[Rows], steps: tuple[int, int], progress: Progress) -> Iterator[Rows]:
    """Pass embeddings on and report progress, given the images done before and all of them."""
    done, count = steps
    for block in blocks:
        done += len(block)
        yield block
        progress(done, count)


def _write(path: Path, shape: tuple[int, int], blocks: Iterator[Rows]) -> None:
    """Write embeddings as ``.npy``, then their digest as ``.json``: the first is void without it."""
    sums = hashlib.blake2b(digest_size=16)
    with files.atomic(_beside(path, ".npy")) as partial, partial.open("wb") as stream:
        fields = {"descr": "<f2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, fields)
        for block in blocks:
            stream.write(block.tobytes())
            sums.update(block.tobytes())
    files.write_text(_beside(path, ".json"), json.dumps({"digest": sums.hexdigest()}))


def _open(path: Path, shape: tuple[int, int]) -> Rows | None:
    """Return the embeddings at a path, or ``None`` when there are none or they are damaged."""
    try:
        known = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))["digest"]
        rows: np.ndarray = np.load(_beside(path, ".npy"), mmap_mode="r")
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    if rows.dtype != np.float16 or rows.shape != shape:
        return None
    sums = hashlib.blake2b(digest_size=16)
    for start in range(0, len(rows), 4096):
        sums.update(rows[start : start + 4096].tobytes())
    return rows if sums.hexdigest() == known else None


def _reopened(path: Path, shape: tuple[int, int]) -> Rows:
    opened = _open(path, shape)
    if opened is None:
        raise UserError(f"the embeddings {path}.npy are damaged as soon as they are written: check the disk")
    return opened


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
