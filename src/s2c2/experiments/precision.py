"""The number format that networks compute in."""

import torch
from torch import nn

from s2c2.config import Config


def bfloat16(config: Config, device: torch.device, network: nn.Module | None = None) -> bool:
    """Return whether networks compute in bfloat16 on a device: where it has instructions for it.

    A network with depthwise convolutions stays in float32 on a processor when it is trained: bfloat16 made
    such training 1.05 to 3 times slower, while it halves the time of dense convolutions.

    Args:
        config: says whether to choose at all.
        device: where they are.
        network: what is trained; None where it is only read, which bfloat16 makes faster in any case.
    """
    if config.train.precision != "auto":
        return bool(config.train.precision == "bfloat16")
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported()) and not (network and depthwise(network))


def depthwise(network: nn.Module) -> bool:
    """Return whether a convolution of a network reads one channel for each of its groups."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.modules.conv._ConvNd)]
    return any(layer.groups == layer.in_channels > 1 for layer in layers)
