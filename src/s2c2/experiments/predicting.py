"""Predictions of a network for every image of a pack."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from s2c2 import engine
from s2c2.data.batches import Batches, normalised
from s2c2.data.progress import Progress
from s2c2.engine import Predicted
from s2c2.networks.network import Network
from s2c2.predictions import Predictions

BATCH = 256
"""Images that are predicted at a time."""


Read = Callable[[UInt8[Tensor, "n c h w"]], Float[Tensor, "n d i j"]]
"""Turns images into what a network reads: the images in [−1, 1], or their embeddings."""


def predict_rows(
    network: Network, images: tuple[str, ...], batches: Batches, classes: tuple[str, ...], autocast: bool
) -> Predictions:
    """Return what a network says of each image that it was trained beside, without views."""
    starts = range(0, len(images), BATCH)
    blocks = (np.arange(start, min(start + BATCH, len(images))) for start in starts)
    inputs = (batches.views(rows, ("none",), 0, 0)[0] for rows in blocks)
    return predict_inputs(network, images, inputs, classes, autocast)


def predict_images(
    network: Network,
    images: tuple[str, ...],
    pixels: Iterator[UInt8[np.ndarray, "s s 3"]],
    classes: tuple[str, ...],
    setting: tuple[bool, Progress],
    read: Read = normalised,
) -> Predictions:
    """Return what a network says of images that come one at a time, at the training size."""
    autocast, progress = setting
    blocks = _batches(pixels, len(images), next(network.parameters()).device, progress)
    return predict_inputs(network, images, map(read, blocks), classes, autocast)


def predict_inputs(
    network: Network,
    images: tuple[str, ...],
    inputs: Iterator[Float[Tensor, "n c h w"]],
    classes: tuple[str, ...],
    autocast: bool,
) -> Predictions:
    """Return what a network says of images, given batches of what it reads."""
    parts = list(engine.predict(network, inputs, autocast=autocast))
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
) -> Iterator[UInt8[Tensor, "n 3 s s"]]:
    for start in range(0, count, BATCH):
        block = np.stack(list(islice(pixels, BATCH)))
        yield torch.from_numpy(block).to(device).permute(0, 3, 1, 2)
        progress(min(start + BATCH, count), count)


def _column(parts: list[Predicted], name: str) -> np.ndarray | None:
    columns = [getattr(part, name) for part in parts]
    return None if columns[0] is None else np.concatenate(columns)
