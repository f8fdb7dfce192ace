"""Predictions of a network for every image of a pack."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from s2c2 import engine
from s2c2.data.batches import normalised
from s2c2.data.pack import Pack
from s2c2.data.progress import Progress, silent
from s2c2.data.views import VIEWS, Draws, View
from s2c2.engine import Predicted
from s2c2.errors import UserError
from s2c2.networks.network import Network
from s2c2.predictions import Predictions

BATCH = 256
"""Images that are predicted at a time."""


@dataclass(frozen=True)
class Reader:
    """A network and how it reads images."""

    network: Network
    classes: tuple[str, ...]
    autocast: bool = False
    views: int = 1
    """Views that are averaged; 1 takes the image as it is."""
    view: View = VIEWS["weak"]
    """What makes a view, where there are several."""
    seed: int = 0
    """Seed of the views."""
    finish: Callable[[Tensor], Float[Tensor, "n c h w"]] = field(default_factory=lambda: normalised)
    """Turns a view into what the network reads: numbers in [−1, 1], or its embedding."""
    aside: Callable[[Float[Tensor, "n c h w"]], None] | None = None
    """Told of each batch the mean of the images as they are and ``averaged`` views, as the network reads."""
    averaged: int = 0
    """Views that are averaged aside."""


class NothingReadError(UserError):
    """None of the images can be read."""

    def __init__(self) -> None:
        super().__init__("none of the images can be read")


def predict_pack(
    reader: Reader, packed: Pack, progress: Progress = silent, rows: range | None = None
) -> Predictions:
    """Return what a network says of images of a pack: of all, or of a run of its rows."""
    rows = range(len(packed.images)) if rows is None else rows
    starts = range(rows.start, rows.stop, BATCH)
    blocks = (packed.pixels[start : min(start + BATCH, rows.stop)] for start in starts)
    names = packed.images[rows.start : rows.stop]
    return predict_inputs(reader, names, _batches(reader, blocks, rows, progress))


def predict_images(
    reader: Reader,
    images: Iterator[tuple[str, UInt8[np.ndarray, "s s 3"]]],
    count: int,
    progress: Progress = silent,
    start: int = 0,
) -> Predictions:
    """Return what a network says of images that come one at a time with their names, at the training size.

    Args:
        reader: the network and how it reads.
        images: name and pixels of each.
        count: how many come at most.
        progress: called with images done and their number.
        start: number of the first one, which its views are drawn by.

    Raises:
        NothingReadError: when no image comes.
    """
    names: list[str] = []

    def blocks() -> Iterator[UInt8[np.ndarray, "n s s 3"]]:
        while block := list(islice(images, BATCH)):
            names.extend(name for name, _ in block)
            yield np.stack([row for _, row in block])

    which = range(start, start + count)
    return predict_inputs(reader, names, _batches(reader, blocks(), which, progress))


def predict_inputs(
    reader: Reader, names: Sequence[str], batches: Iterator[tuple[Float[Tensor, "n c h w"], ...]]
) -> Predictions:
    """Return what a network says of images, given batches of their views as it reads them.

    Args:
        reader: the network.
        names: of the images; they may become known while the batches come.
        batches: for each batch its views.

    Raises:
        NothingReadError: when no image comes.
    """
    parts = list(engine.predict(reader.network, batches, autocast=reader.autocast))
    if not parts:
        raise NothingReadError
    return Predictions(
        classes=reader.classes,
        images=tuple(names),
        splits=("",) * len(names),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts]),
        ambiguity=_column(parts, "ambiguity"),
        clusters=_column(parts, "clusters"),
        cluster_confidence=_column(parts, "cluster_confidence"),
    )


def _batches(
    reader: Reader, blocks: Iterator[UInt8[np.ndarray, "n s s 3"]], which: range, progress: Progress
) -> Iterator[tuple[torch.Tensor, ...]]:
    device = reader.network.device
    done = which.start
    for rows in blocks:
        block = torch.from_numpy(np.array(rows)).to(device).permute(0, 3, 1, 2)
        numbers = torch.arange(done, done + len(block))
        if reader.aside is not None:
            several = [block, *_drawn(reader, block, numbers, reader.averaged)]
            reader.aside(torch.stack([reader.finish(view) for view in several]).mean(dim=0))
        yield tuple(reader.finish(view) for view in _views(reader, block, numbers))
        done += len(rows)
        progress(done - which.start, len(which))


def _views(reader: Reader, block: torch.Tensor, numbers: torch.Tensor) -> list[torch.Tensor]:
    return [block] if reader.views == 1 else _drawn(reader, block, numbers, reader.views)


def _drawn(reader: Reader, block: torch.Tensor, numbers: torch.Tensor, count: int) -> list[torch.Tensor]:
    return [reader.view(block, Draws(reader.seed, 0, numbers, slot)) for slot in range(count)]


def _column(parts: list[Predicted], name: str) -> np.ndarray | None:
    columns = [getattr(part, name) for part in parts]
    return None if columns[0] is None else np.concatenate(columns)
