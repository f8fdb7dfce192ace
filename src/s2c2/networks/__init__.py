"""Backbones, named heads, and the averaged network."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from torch import nn

from s2c2.networks.efficientnet import EfficientNetLite0
from s2c2.networks.features import Features
from s2c2.networks.resnet import ResNet
from s2c2.networks.timm_backbone import Timm
from s2c2.networks.wide_resnet import WideResNet


class Backbone(Protocol):
    """A configured backbone that is not yet built."""

    def build(self, size: int) -> nn.Module:
        """Return a module that maps images of ``size`` pixels to ``features`` numbers."""


BACKBONES: Mapping[str, Callable[..., Backbone]] = MappingProxyType(
    {
        "wide-resnet": WideResNet,
        "resnet": ResNet,
        "efficientnet-lite0": EfficientNetLite0,
        "timm": Timm,
        "features": Features,
    }
)
"""Every backbone by the name it has in a configuration."""
