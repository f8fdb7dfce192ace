"""The averaged network: an exponential moving average of the trained one."""

import copy

import torch
from torch import Tensor, nn

from s2c2.networks.network import Network
from s2c2.networks.noise import Noise


class Averaged(nn.Module):
    """Exponential moving average (EMA) of a network's weights and of its batch-norm statistics.

    Batch norm: as a teacher it reads the statistics of its own batch (as in the reference); these passes
    leave its running statistics alone, which follow those of the trained network by the same average.
    Predictions read the running statistics. The reference shares the trained network's instead.

    Dropout and noise are drawn apart from those of the trained network.

    Args:
        network: the trained network; it is copied.
        decay: share that is kept at each step, in [0, 1); it starts at (1 + t) / (10 + t) and grows to this.
    """

    def __init__(self, network: Network, decay: float = 0.999) -> None:
        super().__init__()
        self.decay = decay
        self.network: Network = copy.deepcopy(network).requires_grad_(False)
        for module in self.network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = 0.0
            if isinstance(module, Noise):
                module.stream = 1

    @torch.no_grad()
    def update(self, network: Network, step: int) -> None:
        """Move towards ``network`` after its step number ``step`` (from 0)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(floats(self.network), floats(network), 1 - decay)


def floats(module: nn.Module) -> list[Tensor]:
    """Return every weight and floating-point buffer of a module, in a fixed order."""
    tensors = [*module.parameters(), *module.buffers()]
    return [tensor.detach() for tensor in tensors if tensor.is_floating_point()]
