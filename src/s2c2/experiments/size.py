"""How large images are trained on, where nobody says it."""

import statistics
from contextlib import suppress

from PIL import Image

from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.description import SIZES
from s2c2.networks import BACKBONES
from s2c2.networks.features import Features

SIZE = 32
"""Training size in pixels, where neither the configuration nor the dataset has one."""
LOOKED = 64
"""Images whose sizes are looked at."""


def training_size(dataset: Dataset, config: Config) -> int:
    """Return the side of the squares that images are made, in pixels: ``data.size``, the dataset's, else 32.

    A frozen network that reads larger squares gets them as large as it reads, or as large as the images are:
    what is shrunk before is lost to it.
    """
    if (given := config.data.size or dataset.size) is not None:
        return given
    backbone = configuration.build(BACKBONES, config.network.backbone)
    reads = backbone.reads if isinstance(backbone, Features) else None
    if reads is None:
        return SIZE
    return max(SIZES[0], min(reads, round(statistics.median(sides(dataset) or (SIZE,)))))


def sides(dataset: Dataset) -> list[int]:
    """Return the shorter side of some images, spread over the dataset; broken ones are passed over."""
    found = []
    for image in dataset.images[:: max(1, len(dataset.images) // LOOKED)]:
        # whatever is wrong with a file is told when it is packed
        with suppress(Exception), Image.open(dataset.path(image)) as opened:
            found.append(min(opened.size))
    return found
