"""One network in several processes: each reads its share of a batch, all see all outputs."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.networks.network import Network
from s2c2.networks.noise import Noise
from s2c2.ranks.group import Ranks, share
from s2c2.ranks.normalisation import synchronise
from s2c2.types import Outputs


def join(network: Network, ranks: Ranks) -> None:
    """Make a network read its share only while it trains, and return the outputs for all images.

    Nothing around it changes: rankings, partners, thresholds and normalisation see the whole batch, with the
    random numbers of one process. Each process then differentiates the same loss through its own rows, so
    that the gradients of all must be added up, see :func:`add_up`.

    Raises:
        UserError: for a backbone whose batch norm cannot be shared.
    """
    if ranks.world == 1:
        return
    synchronise(network, ranks)
    divided = Divided(ranks)
    network.register_forward_pre_hook(divided.part)
    network.register_forward_hook(divided.whole)
    for layer in network.modules():
        if isinstance(layer, Noise):
            layer.register_forward_pre_hook(divided.spread)
            layer.register_forward_hook(divided.narrow)


def add_up(network: nn.Module, ranks: Ranks) -> None:
    """Add the gradients of all processes, in one exchange."""
    if ranks.world == 1:
        return
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    ranks.add(flat)
    parts = flat.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


class Divided:
    """The hooks of a network: what they know of the pass under way.

    Args:
        ranks: the processes.
    """

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self.count = 0
        """Images of the pass, in all processes."""

    @property
    def rows(self) -> slice:
        """The images of this process."""
        return share(self.ranks, self.count)

    def part(self, network: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        """Leave the own images only.

        Raises:
            UserError: when there is not one for each process.
        """
        if not network.training:
            return None
        self.count = len(inputs[0])
        if self.count < self.ranks.world:
            raise UserError(
                f"{self.ranks.world} processes cannot share a batch of {self.count} images: raise train.batch"
            )
        return (inputs[0][self.rows],)

    def whole(self, network: nn.Module, inputs: tuple[Tensor, ...], outputs: Outputs) -> Outputs | None:
        """Return the outputs for the images of all."""
        if not network.training:
            return None
        columns = (outputs.classes, outputs.embeddings, outputs.clusters, outputs.ambiguity)
        present = [number for number, column in enumerate(columns) if column is not None]
        given = (self.ranks, self.count, *(columns[number] for number in present))
        gathered: tuple[Tensor, ...] = _Gather.apply(*given)  # type: ignore[no-untyped-call]
        found = dict(zip(present, gathered, strict=True))
        return Outputs(found[0], found[1], found.get(2), found.get(3))

    def spread(self, noise: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        """Put the own rows among all, so that noise draws the numbers that one process draws."""
        if not noise.training:
            return None
        whole = inputs[0].new_zeros(self.count, *inputs[0].shape[1:])
        return (whole.index_copy(0, self._index(whole), inputs[0]),)

    def narrow(self, noise: nn.Module, inputs: tuple[Tensor, ...], features: Tensor) -> Tensor | None:
        """Leave the own rows only."""
        return features[self.rows] if noise.training else None

    def _index(self, whole: Tensor) -> Tensor:
        return torch.arange(self.rows.start, self.rows.stop, device=whole.device)


class _Gather(torch.autograd.Function):
    """The rows of all processes; the gradient of a row goes back to where it came from."""

    @staticmethod
    def forward(ctx: Any, ranks: Ranks, count: int, *columns: Tensor) -> tuple[Tensor, ...]:
        ctx.rows = share(ranks, count)
        ctx.set_materialize_grads(False)  # a head that no loss reads has no gradient, not one of zero
        flat = torch.cat([column.reshape(len(column), -1) for column in columns], dim=1)
        whole = _together(ranks, flat, count)
        parts = whole.split([column[0].numel() for column in columns], dim=1)
        shapes = [(count, *column.shape[1:]) for column in columns]
        return tuple(part.clone().view(shape) for part, shape in zip(parts, shapes, strict=True))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        return None, None, *(None if gradient is None else gradient[ctx.rows] for gradient in gradients)


def _together(ranks: Ranks, own: Tensor, count: int) -> Tensor:
    """Return the rows of all processes: shares differ by one row, which is filled up for the exchange."""
    longest = -(-count // ranks.world)
    filled = torch.cat([own, own.new_zeros(longest - len(own), own.shape[1])])
    found: Sequence[Tensor] = ranks.rows(filled.reshape(-1)).view(ranks.world, longest, -1).unbind()
    sizes = [count * (rank + 1) // ranks.world - count * rank // ranks.world for rank in range(ranks.world)]
    return torch.cat([rows[:size] for rows, size in zip(found, sizes, strict=True)])
