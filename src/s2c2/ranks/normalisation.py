"""Batch norm over the shares of all processes: the statistics are those of the whole batch."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.ranks.group import Ranks

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def synchronise(network: nn.Module, ranks: Ranks) -> None:
    """Put :class:`Synchronised` in the place of each batch norm; weights and buffers stay the same tensors.

    Raises:
        UserError: for a batch norm of another kind, which may do more than normalise.
    """
    for name, layer in network.named_children():
        if type(layer) in NORMS:
            setattr(network, name, Synchronised(layer, ranks))
        elif isinstance(layer, nn.modules.batchnorm._BatchNorm):
            raise UserError(
                f"the backbone normalises by {type(layer).__name__}, whose statistics cannot be shared: "
                "train it in one process, or choose another backbone"
            )
        else:
            synchronise(layer, ranks)


class Synchronised(nn.modules.batchnorm._BatchNorm):
    """Batch norm whose training statistics are of the rows of all processes.

    ``torch.nn.SyncBatchNorm`` does the same on graphics cards only.

    Args:
        layer: the batch norm that it replaces; it takes its weights, buffers, momentum and mode.
        ranks: the processes.
    """

    def __init__(self, layer: nn.Module, ranks: Ranks) -> None:
        super().__init__(1)
        self.__dict__.update(layer.__dict__)
        self.ranks = ranks

    def _check_input_dim(self, input: Tensor) -> None:
        """Accept what the replaced layer accepted."""

    def forward(self, features: Float[Tensor, "n c *d"]) -> Float[Tensor, "n c *d"]:
        """Return the features, normalised by the statistics of all in training, else by the running ones."""
        if not self.training:
            return super().forward(features)
        given = (features, self.weight, self.bias, self.eps, self.ranks)
        normal: Tensor
        normal, mean, var, count = _Normalise.apply(*given)  # type: ignore[no-untyped-call]
        self._follow(mean, var * count / (count - 1).clamp_min(1))
        return normal

    @torch.no_grad()
    def _follow(self, mean: Float[Tensor, " c"], var: Float[Tensor, " c"]) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        rate = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean), rate)
        self.running_var.lerp_(var.to(self.running_var), rate)


class _Normalise(torch.autograd.Function):
    """Batch norm, with one exchange in each direction.

    Forward: mean and variance of each share, combined as in Chan, Golub and LeVeque, 1979, which does not
    cancel. Backward: with x̂ the normalised features, dx = γ / σ · (g − mean(g) − x̂ · mean(g · x̂)), whose
    means are over all rows. The gradients of weight and bias are of the own rows.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, ranks: Ranks
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        wide = features if features.dtype == torch.float64 else features.float()
        own, centre = torch.var_mean(wide, dim=_rows(features), correction=0)
        count = own.new_tensor([features.numel() / len(own)])
        found = ranks.rows(torch.cat([centre, own, count]))
        counts, total = found[:, -1:], found[:, -1:].sum()
        centres, spreads = found[:, :-1].chunk(2, dim=1)
        mean = (counts * centres).sum(dim=0) / total
        var = (counts * (spreads + (centres - mean).square())).sum(dim=0) / total
        ctx.save_for_backward(features, weight, mean, var, total)
        ctx.eps, ctx.ranks = eps, ranks
        ctx.mark_non_differentiable(mean, var, total)
        return F.batch_norm(features, mean, var, weight, bias, eps=eps), mean, var, total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *others: Tensor | None) -> tuple[Tensor | None, ...]:
        features, weight, mean, var, total = ctx.saved_tensors
        scale = torch.ones_like(mean) if weight is None else weight
        kept = (mean, var, None, None, False, ctx.eps, (True, True, True))
        direct, of_scale, of_shift = torch.ops.aten.native_batch_norm_backward(
            gradient.contiguous(memory_format=_format(features)), features, scale, *kept
        )
        sums = ctx.ranks.rows(torch.cat([of_shift, of_scale])).sum(dim=0) / total
        shift, slope = sums.chunk(2)
        inverse = (var + ctx.eps).rsqrt()
        centred = features.to(mean.dtype) - _column(mean, features)
        steep, level = (_column(-scale * inverse * part, features) for part in (inverse * slope, shift))
        direct.add_(centred.mul_(steep).add_(level))
        own = (None, None) if weight is None else (of_scale, of_shift)
        return direct, *own, None, None


def _rows(features: Tensor) -> list[int]:
    return [0, *range(2, features.ndim)]


def _column(values: Tensor, features: Tensor) -> Tensor:
    return values.view(1, -1, *[1] * (features.ndim - 2))


def _format(features: Tensor) -> torch.memory_format:
    channels_last = features.ndim == 4 and features.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if channels_last else torch.contiguous_format
