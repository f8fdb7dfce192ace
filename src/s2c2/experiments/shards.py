"""Predictions by several processes: each writes a shard, the first puts them together."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from s2c2.errors import UserError
from s2c2.experiments.predicting import BATCH, NothingReadError
from s2c2.predictions import ARRAYS, Predictions
from s2c2.ranks.group import Ranks, share


def together(
    ranks: Ranks, folder: Path, images: int, predict: Callable[[range], Predictions]
) -> Callable[[], Predictions]:
    """Predict the share of this process, wait for the others, and return what gives the predictions of all.

    Shards begin where one process begins a batch, so that each image is in the same batch as there and has
    the same bits in its predictions. One process writes no shard.

    Args:
        ranks: the processes.
        folder: where shards lie until they are merged; nothing else may be in it.
        images: number of all images.
        predict: called with the numbers of the images of this process.

    Returns:
        To be called by the leader, once: it merges and removes the shards.

    Raises:
        UserError: when a shard cannot be written, or another process was lost.
    """
    if ranks.world == 1:
        made = predict(range(images))
        return lambda: made
    if ranks.rank == 0:
        shutil.rmtree(folder, ignore_errors=True)  # of processes that were killed
    ranks.meet()
    written = 0
    with suppress(NothingReadError):
        if rows := shard(ranks, images):
            part = predict(rows)
            part.write(folder / f"{ranks.rank:05d}-of-{ranks.world:05d}.parquet")
            written = len(part)
    ranks.meet()
    total = int(ranks.rows(torch.tensor([float(written)], dtype=torch.float64)).sum())
    return lambda: merged(folder, total)


def shard(ranks: Ranks, images: int) -> range:
    """Return the numbers of the images of this process: whole batches of :data:`BATCH`, and the rest."""
    mine = share(ranks, -(-images // BATCH))
    return range(mine.start * BATCH, min(mine.stop * BATCH, images))


def merged(folder: Path, images: int) -> Predictions:
    """Return the predictions of all shards of a folder, in order, and remove it.

    Raises:
        UserError: when nothing was predicted, or shards lie on disks that are not shared.
    """
    found = sorted(folder.glob("*.parquet"))
    if not images:
        raise NothingReadError
    parts = [Predictions.read(path) for path in found]
    if (there := sum(len(part) for part in parts)) != images:
        raise UserError(
            f"{folder} holds {there} of {images} predictions: the machines must share the disk it is on"
        )
    shutil.rmtree(folder)
    return merge(parts)


def merge(parts: Iterable[Predictions]) -> Predictions:
    """Return the predictions of several parts as one, in their order.

    Raises:
        UserError: when they are of other classes, or with other heads.
    """
    parts = list(parts)
    if any(part.classes != parts[0].classes for part in parts):
        raise UserError("these predictions are of different classes")
    columns = {name: [getattr(part, name) for part in parts] for name in ARRAYS}
    if any(len({one is None for one in column}) > 1 for column in columns.values()):
        raise UserError("these predictions are of networks with different heads")
    arrays: dict[str, Any] = {
        name: None if column[0] is None else np.concatenate(column) for name, column in columns.items()
    }
    return replace(
        parts[0],
        images=tuple(image for part in parts for image in part.images),
        splits=tuple(split for part in parts for split in part.splits),
        **arrays,
    )
