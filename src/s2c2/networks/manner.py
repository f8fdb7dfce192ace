"""How networks compute: in which number format, and how they read several views."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from s2c2.networks.network import Network, split_outputs
from s2c2.types import Outputs


def joined(network: Network, views: tuple[Tensor, ...]) -> list[Outputs]:
    """Return the outputs for several views from one pass over all of them."""
    if not views:
        return []
    images = torch.cat(views).contiguous(memory_format=torch.channels_last)
    return split_outputs(network(images), [len(view) for view in views])


def apart(network: Network, views: tuple[Tensor, ...]) -> list[Outputs]:
    """Return the outputs for several views from a pass each: batch norm sees one view at a time.

    The running statistics follow the first view alone, which is that of the labeled images (reference).
    """
    outputs = []
    for number, view in enumerate(views):
        with nullcontext() if number == 0 else still(network):
            outputs.append(network(view.contiguous(memory_format=torch.channels_last)))
    return outputs


@contextmanager
def still(network: nn.Module) -> Iterator[None]:
    """Leave the running statistics of batch norm as they are."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(norms, momenta, strict=True):
            layer.momentum = momentum


LONE = "Expected more than 1 value per channel when training"
"""What torch says where batch norm has one value of each feature to normalise."""


def lone(error: BaseException) -> bool:
    """Return whether an error says that batch norm saw a single image, with one value of each feature.

    Example:
        >>> lone(ValueError("Expected more than 1 value per channel when training, got [1, 8]"))
        True
        >>> lone(ValueError("another"))
        False
    """
    return isinstance(error, ValueError) and str(error).startswith(LONE)


Passes = Callable[[Network, tuple[Tensor, ...]], list[Outputs]]
"""How a network reads several views: in one pass over all of them, or in one each."""
PASSES: Mapping[str, Passes] = MappingProxyType({"joined": joined, "apart": apart})
"""Each way by the name it has in a configuration."""


@dataclass(frozen=True)
class Manner:
    """How the networks of a training compute a step."""

    autocast: bool = False
    """Whether in bfloat16."""
    passes: Passes = joined
    """How they read its views."""


PLAIN = Manner()
"""In float32, one pass over all views."""


def precision(autocast: bool, device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """Return what makes a context in which a device computes in bfloat16, if so."""
    if not autocast:
        return nullcontext
    return lambda: torch.autocast(device.type, dtype=torch.bfloat16)
