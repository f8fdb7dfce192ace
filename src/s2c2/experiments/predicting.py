"""Predictions of a network for every image of a pack."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from jaxtyping import UInt8

from s2c2 import engine
from s2c2.data.batches import normalised
from s2c2.data.pack import Pack
from s2c2.data.progress import Progress, silent
from s2c2.engine import Predicted
from s2c2.errors import UserError
from s2c2.networks.network import Network
from s2c2.predictions import Predictions

BATCH = 256
"""Images that are predicted at a time."""


def predict_pack(
    network: Network, packed: Pack, classes: tuple[str, ...], autocast: bool, progress: Progress = silent
) -> Predictions:
    """Return what a network says of each image of a pack, without views."""
    rows = zip(packed.images, packed.pixels, strict=True)
    return predict_images(network, rows, len(packed.images), classes, (autocast, progress))


def predict_images(
    network: Network,
    images: Iterator[tuple[str, UInt8[np.ndarray, "s s 3"]]],
    count: int,
    classes: tuple[str, ...],
    setting: tuple[bool, Progress],
) -> Predictions:
    """Return what a network says of images that come one at a time with their names, at the training size.

    Args:
        network: in evaluation mode afterwards.
        images: name and pixels of each.
        count: how many come at most.
        classes: the class names.
        setting: whether to compute in bfloat16, and what is called with images done and their number.

    Raises:
        UserError: when no image comes.
    """
    autocast, progress = setting
    device = next(network.parameters()).device
    names: list[str] = []

    def pixels() -> Iterator[UInt8[np.ndarray, "s s 3"]]:
        for name, row in images:
            names.append(name)
            yield row

    parts = list(engine.predict(network, _batches(pixels(), count, device, progress), autocast=autocast))
    if not parts:
        raise UserError("none of the images can be read")
    return Predictions(
        classes=classes,
        images=tuple(names),
        splits=("",) * len(names),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts]),
        ambiguity=_column(parts, "ambiguity"),
        clusters=_column(parts, "clusters"),
        cluster_confidence=_column(parts, "cluster_confidence"),
    )


def _batches(
    pixels: Iterator[UInt8[np.ndarray, "s s 3"]], count: int, device: torch.device, progress: Progress
) -> Iterator[torch.Tensor]:
    done = 0
    while block := list(islice(pixels, BATCH)):
        yield normalised(torch.from_numpy(np.stack(block)).to(device).permute(0, 3, 1, 2))
        done += len(block)
        progress(done, count)


def _column(parts: list[Predicted], name: str) -> np.ndarray | None:
    columns = [getattr(part, name) for part in parts]
    return None if columns[0] is None else np.concatenate(columns)
