"""From a configuration with the backbone ``features`` to embeddings, cached or made on the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from s2c2 import checkpoint
from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.batches import normalised
from s2c2.data.cache import key
from s2c2.data.dataset import Dataset
from s2c2.data.embedded import Drawn, Extraction, Rows, embed, held, moments, shaped
from s2c2.data.pack import Pack
from s2c2.data.progress import Progress
from s2c2.data.views import View
from s2c2.engine import Training
from s2c2.errors import UserError
from s2c2.experiments.precision import bfloat16
from s2c2.networks import BACKBONES
from s2c2.networks.features import Features, Trunk

BLOCK = 256
"""Images that are predicted at a time."""

Extract = Callable[[Float[Tensor, "n c h w"]], Float[Tensor, "n e"]]


@dataclass(frozen=True)
class Embedded:
    """The embeddings that a run reads instead of images."""

    rows: dict[str, tuple[Rows, ...]]
    """Embeddings of each view by its name."""
    extractor: str
    """Digest of the network that made them."""

    def inputs(self, device: torch.device) -> dict[str, Any]:
        """Return what batches read instead of a pack and its views."""
        registry = {name: Drawn(rows) for name, rows in self.rows.items()}
        return {
            "pixels": held(self.rows["none"][0], device),
            "registry": registry,
            "finish": Tensor.float,
        }

    def blocks(
        self, views: int, device: torch.device, progress: Progress, which: range
    ) -> Iterator[tuple[Float[Tensor, "n e 1 1"], ...]]:
        """Yield what is read of a run of images, some at a time: as they are, or weak views (may repeat)."""
        weak = self.rows["weak"]
        chosen = self.rows["none"] if views == 1 else [weak[slot % len(weak)] for slot in range(views)]
        readers = [held(rows, device) for rows in chosen]
        for start in range(which.start, which.stop, BLOCK):
            rows = np.arange(start, min(start + BLOCK, which.stop))
            yield tuple(reader(rows).float() for reader in readers)
            progress(int(rows[-1]) + 1 - which.start, len(which))

    def mean(self, rows: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n e"]:
        """Return the mean embedding of some images as they are and all their weak views."""
        every = (*self.rows["none"], *self.rows["weak"])
        return np.asarray(sum(one[rows].astype(np.float32) for one in every) / len(every))

    def standardise(self, training: Training, rows: np.ndarray) -> None:
        """Set what both networks take off the embeddings from the training images."""
        for network in training.networks:
            if isinstance(network.backbone, Trunk):
                network.backbone.standardise(*moments(self.rows["none"][0], rows))


def embedded(
    dataset: Dataset,
    packed: Pack,
    config: Config,
    registry: dict[str, View],
    setting: tuple[torch.device, Progress],
) -> Embedded | None:
    """Return the embeddings of a pack, from disk where they are there; None for any other backbone.

    Args:
        dataset: what the pack was made of.
        packed: the images.
        config: names the extractor.
        registry: each view that is needed, by its name.
        setting: where to compute, and what to call with the images embedded and their number.

    Raises:
        UserError: when the extractor cannot be had or its embeddings cannot be kept.
    """
    form = chosen(config)
    if form is None:
        return None
    device, progress = setting
    autocast = bfloat16(config, device)
    extract, width, extractor = extraction(form, packed.pixels.shape[1], autocast, device)
    available = {"weak": form.weak, "strong": form.strong}
    counts = {"none": 1} | {name: available[name] for name in sorted(registry) if name in available}
    identity = key([extractor, autocast])
    how = Extraction(extract, width, identity, registry, counts, form.seed, device)
    return Embedded(embed(dataset, packed, config.data.fit, how, progress), extractor)


def chosen(config: Config) -> Features | None:
    """Return the backbone when it is ``features``, else None."""
    backbone = configuration.build(BACKBONES, config.network.backbone)
    return backbone if isinstance(backbone, Features) else None


def extraction(form: Features, size: int, autocast: bool, device: torch.device) -> tuple[Extract, int, str]:
    """Return a frozen network as a function, the length of its embeddings, and its digest."""
    frozen = form.frozen(size).to(device)
    weights = checkpoint.digest(frozen.state_dict())

    def extract(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n e"]:
        with torch.inference_mode(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            embeddings: Tensor = frozen(images).float()
        return embeddings

    return extract, frozen.features, key([form.extractor, weights, frozen.pixels])


def reading(
    config: Config, size: int, expected: str | None, device: torch.device
) -> Callable[[Tensor], Tensor]:
    """Return what turns new images of ``size`` pixels into what the network of a run reads.

    Args:
        config: of the run.
        size: training size in pixels.
        expected: digest of the extractor that the run was trained with.
        device: where that network is, and the images will be.

    Raises:
        UserError: when the extractor cannot be had, or is another one than the run's.
    """
    form = chosen(config)
    if form is None:
        return normalised
    extract, _, extractor = extraction(form, size, bfloat16(config, device), device)
    if extractor != expected:
        raise UserError(
            f"the extractor {form.extractor} is not the one the run was trained with: "
            "its weights, or the size it reads, differ"
        )

    def read(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n e 1 1"]:
        return shaped(extract(normalised(images)).half().float())

    return read
