"""Dropout and Gaussian noise that a checkpoint carries: no global random numbers."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2c2.transfer import sent


class Noise(nn.Module):
    """Changes features while training; pass number t of a seed is the same after a resume.

    The seed is drawn once, as weights are. It and the number of passes are buffers, so checkpoints hold them.

    Args:
        dropout: share of the features that become zero; the others grow by 1 / (1 − dropout).
        deviation: standard deviation of the Gaussian noise that is added before.
    """

    seed: Tensor
    passes: Tensor

    def __init__(self, dropout: float, deviation: float = 0.0) -> None:
        super().__init__()
        self.dropout, self.deviation = dropout, deviation
        self.stream = 0
        """Number that tells networks with one seed apart; the averaged network has its own."""
        self.register_buffer("seed", torch.randint(2**31, ()))
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64))

    def forward(self, features: Float[Tensor, "n e"]) -> Float[Tensor, "n e"]:
        """Return the features, changed in training mode only."""
        if not self.training:
            return features
        generator = torch.Generator().manual_seed(self._next())
        if self.deviation:
            features = features + self.deviation * _moved(torch.randn, features, generator)
        if not self.dropout:
            return features
        kept = _moved(torch.rand, features, generator) >= self.dropout
        return features * kept / (1 - self.dropout)

    def _next(self) -> int:
        """Return the seed of this pass, in [0, 2⁶³), and count it."""
        entropy = [int(self.seed), self.stream, int(self.passes)]
        self.passes += 1
        return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _moved(draw: object, like: Tensor, generator: torch.Generator) -> Tensor:
    numbers: Tensor = draw(like.shape, generator=generator)  # type: ignore[operator]
    return sent(numbers, like.device)
