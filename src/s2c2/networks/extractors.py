"""Frozen networks that turn images into embeddings, once, for the backbone ``features``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from s2c2.errors import UserError, chosen
from s2c2.networks.efficientnet import FEATURES, Lite0, packaged
from s2c2.networks.resnet import LAYERS, ResNet
from s2c2.networks.timm_backbone import Timm
from s2c2.networks.weights import load_weights
from s2c2.networks.wide_resnet import WideResNet

PIXELS = 128
"""Size that pretrained models read images at: larger ones cost more than they gain for small images."""
PRETRAINED = ("efficientnet-lite0", "timm")
"""Extractors that read images at that size whatever the training size, where nobody says another one."""


@dataclass(frozen=True)
class Asked:
    """Which extractor somebody wants."""

    variant: str
    """What follows the slash in the name: ``NAME`` in ``timm/NAME``."""
    weights: Path | None
    """Local weights file."""
    pixels: int
    """Size that the network is to read images at."""


class Extractor(nn.Module):
    """Brings images to the size a frozen network reads, and returns its embeddings.

    Args:
        model: maps images in [−1, 1] to embeddings.
        features: numbers that it gives for an image.
        pixels: size that it reads images at.
    """

    def __init__(self, model: nn.Module, features: int, pixels: int) -> None:
        super().__init__()
        self.model, self.features, self.pixels = model, features, pixels
        self.eval().requires_grad_(False)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n e"]:
        """Return the embedding of each image, whatever its size."""
        size = images.shape[2]
        if size != self.pixels:
            target = (self.pixels, self.pixels)
            images = functional.interpolate(images, target, mode="bilinear", antialias=size > self.pixels)
        embeddings: Tensor = self.model(images.contiguous(memory_format=torch.channels_last))
        return embeddings


def reading(name: str, pixels: int | None) -> int | None:
    """Return the size that an extractor reads images at, in pixels; None where that is the training size.

    Args:
        name: of the extractor.
        pixels: the size that somebody chose, if so.
    """
    return pixels or (PIXELS if name.partition("/")[0] in PRETRAINED else None)


def extractor(name: str, weights: Path | None, size: int, pixels: int | None) -> Extractor:
    """Return a frozen network by name.

    Args:
        name: ``efficientnet-lite0``, ``timm/NAME``, ``resnet/DEPTH`` or ``wide-resnet/DEPTH-WIDTH``.
        weights: safetensors file; the last two need one, timm takes one instead of its own weights.
        size: size of the images, in pixels.
        pixels: size that the network reads them at; null takes 128 for pretrained models, else ``size``.

    Raises:
        UserError: for an unknown name, a missing extra, or weights that do not fit.
    """
    family, _, variant = name.partition("/")
    build = chosen("extractor", family, EXTRACTORS)
    # Weights drawn before others are loaded must not shift the random numbers of the caller.
    with torch.random.fork_rng(devices=[]):
        return build(Asked(variant, weights, reading(name, pixels) or size))


def _lite0(asked: Asked) -> Extractor:
    if asked.variant or asked.weights:
        raise UserError("efficientnet-lite0 comes with its weights: leave variant and weights out")
    return Extractor(Lite0(packaged()), FEATURES, asked.pixels)


def _timm(asked: Asked) -> Extractor:
    if not asked.variant:
        raise UserError("name a model of timm after the slash: timm/resnet18")
    backbone: Any = Timm(asked.variant, pretrained=asked.weights is None).build(asked.pixels)
    if asked.weights is not None:
        load_weights(backbone, asked.weights)
    return Extractor(backbone, backbone.features, asked.pixels)


def _resnet(asked: Asked) -> Extractor:
    if asked.variant not in map(str, LAYERS):
        raise UserError(f"name the depth after the slash: {', '.join(f'resnet/{depth}' for depth in LAYERS)}")
    depth: Any = int(asked.variant)
    return _own(asked, ResNet(depth).build)


def _wide_resnet(asked: Asked) -> Extractor:
    found = re.fullmatch(r"(\d+)-(\d+(?:\.\d+)?)", asked.variant)
    if found is None:
        raise UserError("name depth and width after the slash: wide-resnet/28-2")
    return _own(asked, WideResNet(int(found[1]), float(found[2])).build)


def _own(asked: Asked, build: Callable[[int], nn.Module]) -> Extractor:
    """Return a network of ours with the weights of a file."""
    if asked.weights is None:
        raise UserError("this extractor needs trained weights: network.backbone.weights=FILE.safetensors")
    backbone: Any = build(asked.pixels)
    load_weights(backbone, asked.weights)
    return Extractor(backbone, backbone.features, asked.pixels)


EXTRACTORS: Mapping[str, Callable[[Asked], Extractor]] = MappingProxyType(
    {"efficientnet-lite0": _lite0, "timm": _timm, "resnet": _resnet, "wide-resnet": _wide_resnet}
)
"""Every extractor by the part of its name before the slash."""
