"""Predicting a pack, and the bare network's forward pass over as many images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from s2c2 import config as configuration
from s2c2.benchmarks.timing import Meter
from s2c2.benchmarks.worker import Work
from s2c2.data.pack import Pack
from s2c2.experiments.precision import bfloat16
from s2c2.experiments.predicting import BATCH, predict_pack
from s2c2.experiments.run import reader_of
from s2c2.experiments.setup import fresh, objective_of

CLASSES = 10


def prepare(options: Mapping[str, Any]) -> Work:
    """Return the prediction of a pack, or with ``bare`` as many forward passes over one batch.

    Args:
        options: ``values`` of a configuration, ``size`` in pixels, ``images``, ``bare``.
    """
    config = configuration.resolve(options["values"])
    labels = torch.eye(CLASSES)
    training = fresh(config, options["size"], CLASSES, objective_of(config, labels), torch.device("cpu"))
    network = training.averaged.network.eval()
    if options["bare"]:
        return bare(network, options["size"], options["images"], autocast=bfloat16(config, network.device))
    reader = reader_of(network, tuple(map(str, range(CLASSES))), config)
    packed = noise(options["images"], options["size"])

    def predict() -> dict[str, float]:
        meter = Meter()
        predict_pack(reader, packed)
        return meter.sample()

    return predict


def bare(network: torch.nn.Module, size: int, images: int, *, autocast: bool) -> Work:
    """Return the forward pass of a network over the same batch until enough images were read."""
    batch = torch.randn(BATCH, 3, size, size).contiguous(memory_format=torch.channels_last)

    def forward() -> dict[str, float]:
        meter = Meter()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            for start in range(0, images, BATCH):
                network(batch[: images - start])
        return meter.sample()

    return forward


def noise(images: int, size: int) -> Pack:
    """Return a pack of random images."""
    pixels = np.random.default_rng(0).integers(0, 256, (images, size, size, 3), dtype=np.uint8)
    names = tuple(f"{number}.png" for number in range(images))
    shapes = np.full((images, 2), size, dtype=np.int32)
    return Pack(names, pixels, names, (), shapes)
