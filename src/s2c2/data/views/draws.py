"""The random numbers of one view of a batch, as a value."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float64, Int64, UInt8
from torch import Tensor

from s2c2.data import randomness

BITS = 40
"""Bits for the number of an image in a pack; those above count how often it came before in a batch."""


@dataclass(frozen=True)
class Draws:
    """Where a view's random numbers come from: the same value always gives the same view."""

    seed: int
    """Seed of the run."""
    step: int
    """Training step."""
    images: Int64[Tensor, " n"]
    """Number of each image in the pack, on the host, where numbers are drawn."""
    slot: int = 0
    """Which view of the step: two weak views of one image need two slots."""
    repeats: Int64[Tensor, " n"] | None = None
    """How often each image came before in the batch, so that no view comes twice; None: never."""

    def uniform(self, count: int) -> Float64[Tensor, "n {count}"]:
        """Return ``count`` numbers in [0, 1) for each image; a longer row begins with the shorter one."""
        again = 0 if self.repeats is None else self.repeats << BITS
        return randomness.uniform(self.seed, self.step, self.images + again, self.slot, count)


View = Callable[[UInt8[Tensor, "n c h w"], Draws], UInt8[Tensor, "n c h w"]]
"""Makes one view of each image, with parameters drawn for each image; the input stays as it is."""
