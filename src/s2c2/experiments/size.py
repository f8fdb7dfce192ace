"""How large images are trained on, where nobody says it."""

import statistics
from contextlib import suppress
from pathlib import Path

from PIL import Image

from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.description import SIZE, SIZES
from s2c2.networks import BACKBONES
from s2c2.networks.features import Features
from s2c2.runs import Run

LOOKED = 64
"""Images whose sizes are looked at, at most."""


def training_size(dataset: Dataset, config: Config, root: Path | None = None) -> int:
    """Return the side of the squares that images are made, in pixels: ``data.size``, the dataset's, else 32.

    A frozen network that reads larger squares gets them as large as it reads, or as large as the images are:
    what is shrunk before is lost to it. A run that was begun keeps its size.

    Args:
        dataset: the images.
        config: names the size, or the network.
        root: run folder, where there may be one.
    """
    if (given := config.data.size or dataset.size) is not None:
        return given
    if root is not None and (root / "dataset.json").is_file():
        return int(Run(root).dataset["size"])
    backbone = configuration.build(BACKBONES, config.network.backbone)
    reads = backbone.reads if isinstance(backbone, Features) else None
    if reads is None:
        return SIZE
    return max(SIZES[0], min(reads, round(statistics.median(sides(dataset) or (SIZE,)))))


def sides(dataset: Dataset) -> list[int]:
    """Return the shorter side of some images, spread over the dataset; broken ones are passed over."""
    found = []
    for image in dataset.images[:: -(-len(dataset.images) // LOOKED) or 1]:
        # whatever is wrong with a file is told when it is packed
        with suppress(Exception), Image.open(dataset.path(image)) as opened:
            found.append(min(opened.size))
    return found
