"""Optimizers with weight decay on kernels only (reference: variables named "kernel")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Protocol, runtime_checkable

import torch
from annotated_types import Ge, Gt, Lt
from torch import nn

from s2c2.types import Weight

Rate = Annotated[float, Gt(0)]
"""A positive number."""


@runtime_checkable
class Optimizer(Protocol):
    """A configured optimizer that is not yet bound to weights."""

    @property
    def rate(self) -> float:
        """Learning rate at the start."""

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """Bind to the weights of a network."""


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with Nesterov momentum."""

    rate: Rate = 0.03
    """Learning rate at the start (FixMatch: 0.03; reference: 0.01)."""
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    """Nesterov momentum (reference: 0.9); 0 goes without."""
    decay: Weight = 5e-4
    """L2 penalty ½ · decay · ‖w‖² on kernels (reference: 5e-4)."""

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """Bind to the weights of a network."""
        groups, nesterov = parameter_groups(network, self.decay), self.momentum > 0
        return torch.optim.SGD(groups, lr=self.rate, momentum=self.momentum, nesterov=nesterov, foreach=True)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay."""

    rate: Rate = 1e-3
    """Learning rate at the start."""
    decay: Weight = 0.01
    """Decoupled weight decay on kernels."""

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """Bind to the weights of a network."""
        return torch.optim.AdamW(parameter_groups(network, self.decay), lr=self.rate, foreach=True)


OPTIMIZERS: Mapping[str, Callable[..., Optimizer]] = MappingProxyType({"sgd": SGD, "adamw": AdamW})
"""Every optimizer by the name it has in a configuration."""


def parameter_groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Return two groups: kernels (two dimensions or more) with weight decay, biases and norms without."""
    kernels = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
