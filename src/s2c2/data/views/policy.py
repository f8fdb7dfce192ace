"""Weak and strong views: what happens to an image, drawn for each image."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from jaxtyping import Float64, Int64, UInt8
from torch import Tensor

from s2c2.data.views import geometry
from s2c2.data.views.draws import Draws, View
from s2c2.data.views.pool import POOL, Operation
from s2c2.errors import UserError, unknown
from s2c2.transfer import sent

Images = UInt8[Tensor, "n c h w"]

CACHED = 1 << 20
"""Values that a processor handles at a time: what an operation makes in between then stays in its cache."""

WEAK = 3
"""Numbers that a weak view draws for each image."""


@dataclass(frozen=True)
class Weak:
    """Flip and shift, as the reference does; flips and turns that suit images without an upright."""

    flip: bool = True
    """Whether half of the images are mirrored left to right (reference)."""
    upend: bool = False
    """Whether half of the images are flipped upside down, for images without an upright such as plankton."""
    turn: bool = False
    """Whether images are turned by a random right angle, for images without an upright."""
    shift: float = 0.125
    """Largest shift as a share of the size (FixMatch: 4 of 32 pixels; reference: 12 pixels at any size)."""

    def __post_init__(self) -> None:
        if not 0 <= self.shift < 1:
            raise UserError(f"the largest shift is a share of the size in [0, 1), not {self.shift}")

    def __call__(self, images: Images, draws: Draws) -> Images:
        """Return one weak view of each image."""
        numbers = sent(draws.uniform(WEAK), images.device)
        # One number chooses among sixteen: mirrored or not, upended or not, four turns.
        choice = (numbers[:, 0] * 16).long()
        rows, columns = (
            geometry.shifted(self._shifts(numbers[:, 1 + axis], size), size)
            for axis, size in enumerate(images.shape[2:])
        )
        if self.upend:
            rows = geometry.mirrored(rows, choice // 4 % 2 == 0)
        if self.flip:
            columns = geometry.mirrored(columns, choice < 8)
        view = geometry.placed(images, rows, columns)
        return geometry.turned(view, choice % 4) if self.turn else view

    def _shifts(self, numbers: Float64[Tensor, " n"], size: int) -> Int64[Tensor, " n"]:
        reach = round(self.shift * size)
        return (numbers * (2 * reach + 1)).long() - reach


@dataclass(frozen=True)
class Strong:
    """A weak view, then operations of RandAugment, then cutout (FixMatch, RA variant)."""

    weak: Weak = Weak()
    operations: int = 2
    """Operations drawn for each image, with replacement (FixMatch: 2)."""
    pool: tuple[str, ...] = tuple(POOL)
    """Operations that are drawn from (FixMatch: all fourteen)."""
    cutout: float = 0.5
    """Side of the covered square as a share of the size; 0 covers nothing (FixMatch: half)."""
    grey: int = 127
    """Value of the covered pixels (FixMatch: 127)."""

    def __post_init__(self) -> None:
        for name in self.pool:
            if name not in POOL:
                raise unknown("operation", name, POOL)

    def __call__(self, images: Images, draws: Draws) -> Images:
        """Return one strong view of each image."""
        numbers = draws.uniform(WEAK + 2 * self.operations + 2)
        view = self.weak(images, draws)
        pool = tuple(POOL[name] for name in self.pool)
        for first in range(WEAK, WEAK + 2 * self.operations, 2):
            view = augmented(view, pool, numbers[:, first], numbers[:, first + 1])
        return geometry.covered(view, sent(numbers[:, -2:], images.device), self.cutout, self.grey)


def augmented(
    images: Images, pool: tuple[Operation, ...], which: Float64[Tensor, " n"], amount: Float64[Tensor, " n"]
) -> Images:
    """Apply to each image one operation of the pool.

    Args:
        images: the images.
        pool: the operations.
        which: chooses the operation of each image, in [0, 1), on the host: which images an operation changes
            is known there, and nothing waits for the device to say it.
        amount: parameter of the operation, in [0, 1), on the host.
    """
    chosen = (which * len(pool)).long()
    order = chosen.argsort(stable=True)
    counts = torch.bincount(chosen, minlength=len(pool)).tolist()
    there, device = order.argsort(), images.device
    groups = zip(
        pool,
        torch.split(images.index_select(0, sent(order, device)), counts),
        torch.split(sent(amount[order], device), counts),
        strict=True,
    )
    parts = [part for group in groups for part in _applied(*group)]
    return torch.cat(parts).index_select(0, sent(there, device)) if parts else images


def _applied(operation: Operation, images: Images, amount: Float64[Tensor, " n"]) -> Iterator[Images]:
    """Yield the images after the operation, a processor's cacheful at a time."""
    values = images[0].numel() if len(images) else 1
    piece = max(CACHED // values, 1) if images.device.type == "cpu" else max(len(images), 1)
    for some, their in zip(torch.split(images, piece), torch.split(amount, piece), strict=True):
        if len(some):
            yield operation(some, their)


def unchanged(images: Images, draws: Draws) -> Images:
    """Return the images as they are."""
    return images


VIEWS: Mapping[str, View] = MappingProxyType({"none": unchanged, "weak": Weak(), "strong": Strong()})
"""Every view by the name that algorithms ask for."""
