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
from s2c2.networks.network import Network
from s2c2.predictions import Predictions

BATCH = 256
"""Images that are predicted at a time."""


def predict_pack(
    network: Network, packed: Pack, classes: tuple[str, ...], autocast: bool, progress: Progress = silent
) -> Predictions:
    """Return what a network says of each image of a pack, without views."""
    return predict_images(network, packed.images, iter(packed.pixels), classes, (autocast, progress))


def predict_images(
    network: Network,
    images: tuple[str, ...],
    pixels: Iterator[UInt8[np.ndarray, "s s 3"]],
    classes: tuple[str, ...],
    setting: tuple[bool, Progress],
) -> Predictions:
    """Return what a network says of images that come one at a time, at the training size."""
    autocast, progress = setting
    device = next(network.parameters()).device
    parts = list(engine.predict(network, _batches(pixels, len(images), device, progress), autocast=autocast))
    return Predictions(
        classes=classes,
        images=images,
        splits=("",) * len(images),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts]),
        ambiguity=_column(parts, "ambiguity"),
        clusters=_column(parts, "clusters"),
        cluster_confidence=_column(parts, "cluster_confidence"),
    )


def _batches(
    pixels: Iterator[UInt8[np.ndarray, "s s 3"]], count: int, device: torch.device, progress: Progress
) -> Iterator[torch.Tensor]:
    for start in range(0, count, BATCH):
        block = np.stack(list(islice(pixels, BATCH)))
        yield normalised(torch.from_numpy(block).to(device).permute(0, 3, 1, 2))
        progress(min(start + BATCH, count), count)


def _column(parts: list[Predicted], name: str) -> np.ndarray | None:
    columns = [getattr(part, name) for part in parts]
    return None if columns[0] is None else np.concatenate(columns)
