"""A small trunk on the embeddings of a frozen network: the backbone ``features``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge
from jaxtyping import Float
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.networks.extractors import Extractor, extractor, reading
from s2c2.networks.noise import Noise
from s2c2.types import Count, Share, Weight

Seed = Annotated[int, Ge(0)]
"""A whole number that is not negative."""


@dataclass(frozen=True)
class Features:
    """Embeddings of views, made once by a frozen network; only a small trunk and the heads are trained."""

    extractor: str = "efficientnet-lite0"
    """The frozen network: efficientnet-lite0, timm/NAME, resnet/DEPTH or wide-resnet/DEPTH-WIDTH."""
    weights: str | None = None
    """Its weights, a safetensors file, for resnet and wide-resnet, or for timm instead of its own."""
    pixels: Count | None = None
    """Size it reads images at; null takes 128 for pretrained models, else the training size."""
    weak: Count = 4
    """Weak views of each image that are embedded; each step draws among them."""
    strong: Count = 2
    """Strong views of each image that are embedded."""
    seed: Seed = 0
    """Seed of these views, apart from that of the run so that all seeds share one cache."""
    hidden: Count = 256
    """Features after the trunk, which the heads read."""
    dropout: float = 0.3
    """Share of the features that are dropped before and after the trunk's layer."""
    noise: Weight = 0.0
    """Standard deviation of the Gaussian noise on the standardised features."""
    slope: Share = 0.1
    """Slope of the leaky ReLU."""

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise UserError(f"network.backbone.dropout is a share in [0, 1), not {self.dropout}")

    @property
    def reads(self) -> int | None:
        """Size that it reads images at, in pixels; None where that is the training size."""
        return reading(self.extractor, self.pixels)

    def build(self, size: int) -> nn.Module:
        """Return the trunk for embeddings of images of ``size`` pixels.

        Raises:
            UserError: when the frozen network cannot be had.
        """
        return Trunk(self, self.frozen(size).features)

    def frozen(self, size: int) -> Extractor:
        """Return the network that makes the embeddings.

        Raises:
            UserError: for an unknown name, a missing extra, or weights that do not fit.
        """
        weights = None if self.weights is None else Path(self.weights)
        return extractor(self.extractor, weights, size, self.pixels)


class Trunk(nn.Module):
    """Standardise, linear layer, batch norm, leaky ReLU, with noise before and dropout after; in float32.

    Args:
        form: its layer and noise.
        width: features of an embedding.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, form: Features, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))
        self.features = form.hidden
        self.layers = nn.Sequential(
            Noise(form.dropout, form.noise),
            nn.Linear(width, form.hidden),
            nn.BatchNorm1d(form.hidden),
            nn.LeakyReLU(form.slope),
            Noise(form.dropout),
        )

    def forward(self, embeddings: Float[Tensor, "n e 1 1"]) -> Float[Tensor, "n h"]:
        """Return the features that the heads read."""
        with torch.autocast(embeddings.device.type, enabled=False):
            standard = (embeddings.float().flatten(1) - self.mean) / self.deviation
            features: Tensor = self.layers(standard)
        return features

    def standardise(self, mean: Float[Tensor, " e"], deviation: Float[Tensor, " e"]) -> None:
        """Set what is taken off the embeddings and what they are divided by; a constant feature stays."""
        self.mean.copy_(mean)
        self.deviation.copy_(torch.where(deviation > 1e-6, deviation, 1.0))
