"""Batches of views, a pure function of (seed, step): nothing has to be remembered to resume."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int, Int64, UInt8
from torch import Tensor

from s2c2.data.views import VIEWS, Draws
from s2c2.transfer import sent
from s2c2.types import Batch

LABELED, UNLABELED = 0, 1
"""Streams of the sampler."""

WINDOW = 16
"""Blocks whose images are shuffled together, where an epoch goes by blocks."""


@dataclass(frozen=True)
class Batches:
    """Makes the batch of any step from a pack, on the training device.

    The labeled images of step t are rows ``t · batch … (t + 1) · batch`` of an endless sequence of shuffled
    epochs; the same holds for the unlabeled ones.
    """

    pixels: Callable[[Int[np.ndarray, " n"]], Tensor]
    """Returns images of the pack by their rows, on the training device; or what stands for them."""
    labeled: Int[np.ndarray, " l"]
    """Rows of the labeled images."""
    labels: Float[Tensor, "l k"]
    """Their labels, in the same order."""
    unlabeled: Int[np.ndarray, " v"]
    """Rows of the unlabeled images."""
    student: tuple[str, ...]
    teacher: tuple[str, ...]
    batch: int
    """Labeled images in a batch."""
    ratio: int
    """Unlabeled images for each labeled one."""
    seed: int
    device: torch.device
    registry: Mapping[str, Callable[[Tensor, Draws], Tensor]] = field(default_factory=lambda: VIEWS)
    """Each view by its name."""
    finish: Callable[[Tensor], Float[Tensor, "n c h w"]] = field(default_factory=lambda: normalised)
    """Turns a view into what the network reads."""
    block: int | None = None
    """Unlabeled images that are read side by side; None shuffles all alike. See :func:`blockwise`."""
    dissent: Float[Tensor, " l"] | None = None
    """Share of the votes of each labeled image that are not for its first class; NaN below two votes."""

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step."""
        chosen = positions(self.seed, LABELED, step, self.batch, len(self.labeled))
        labeled = self.labeled[chosen]
        count = self.batch * self.ratio if self.student or self.teacher else 0
        unlabeled = self.unlabeled[
            positions(self.seed, UNLABELED, step, count, len(self.unlabeled), self.block)
        ]
        taken = sent(torch.from_numpy(chosen), self.device)
        return Batch(
            labels=self.labels[taken],
            labeled=self.views(labeled, ("weak",), step, 0)[0],
            student=self.views(unlabeled, self.student, step, 1),
            teacher=self.views(unlabeled, self.teacher, step, 1 + len(self.student)),
            unlabeled=torch.from_numpy(unlabeled),
            pool=len(self.unlabeled),
            dissent=None if self.dissent is None else self.dissent[taken],
        )

    def views(
        self, rows: Int[np.ndarray, " n"], names: tuple[str, ...], step: int, slot: int
    ) -> tuple[Float[Tensor, "n c h w"], ...]:
        """Return views of some images; each has a slot of its own, so that two weak views differ.

        An image that is there several times, as in a batch larger than the set, is another view each time.
        """
        if not names:
            return ()
        images = self.pixels(rows)
        numbers = torch.from_numpy(rows)
        before = repeats(rows)
        draws = [Draws(self.seed, step, numbers, slot + i, before) for i in range(len(names))]
        return tuple(
            self.finish(self.registry[name](images, draw)) for name, draw in zip(names, draws, strict=True)
        )


def repeats(rows: Int[np.ndarray, " n"]) -> Int64[Tensor, " n"] | None:
    """Return how often each row came before; None where none came twice.

    Example:
        >>> repeats(np.array([7, 3, 7, 7]))
        tensor([0, 0, 1, 2])
        >>> repeats(np.array([7, 3])) is None
        True
    """
    order = np.argsort(rows, kind="stable")
    first = np.append(True, np.diff(rows[order]) != 0)[: len(rows)]
    if first.all():
        return None
    place = np.arange(len(rows))
    found = np.empty(len(rows), dtype=np.int64)
    found[order] = place - np.maximum.accumulate(np.where(first, place, 0))
    return torch.from_numpy(found)


def normalised(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Return images in [−1, 1], the range that networks read (reference)."""
    return images.float().div_(127.5).sub_(1)


def positions(
    seed: int, stream: int, step: int, batch: int, count: int, block: int | None = None
) -> Int[np.ndarray, " n"]:
    """Return the positions of a step's images in an endless sequence of shuffled epochs.

    Args:
        seed: seed of the run.
        stream: number that tells independent sequences apart.
        step: number of the step, from 0.
        batch: images in a batch.
        count: images in an epoch.
        block: images of a block, where the epoch is shuffled by blocks.
    """
    if not batch:
        return np.empty(0, dtype=np.int64)
    index = np.arange(step * batch, (step + 1) * batch)
    epochs = [
        _epoch(seed, stream, int(epoch), count, block)
        for epoch in range(index[0] // count, index[-1] // count + 1)
    ]
    order: Int[np.ndarray, " n"] = np.concatenate(epochs)[index - index[0] // count * count]
    return order


@lru_cache(maxsize=8)
def _epoch(seed: int, stream: int, epoch: int, count: int, block: int | None) -> Int[np.ndarray, " n"]:
    rng = np.random.default_rng([seed, stream, epoch])
    return rng.permutation(count) if block is None else blockwise(rng, count, block)


def blockwise(rng: np.random.Generator, count: int, block: int) -> Int[np.ndarray, " n"]:
    """Return an order of all images in which neighbours of the disk stay near each other in time.

    Blocks of neighbours come in random order; the images of sixteen blocks at a time are shuffled. Only as
    many pages of a pack as these fill need to be in memory.

    Args:
        rng: source of the order.
        count: images.
        block: images of a block.
    """
    starts = rng.permutation(-(-count // block)) * block
    order = np.concatenate([np.arange(start, min(start + block, count)) for start in starts.tolist()])
    for start in range(0, count, WINDOW * block):
        rng.shuffle(order[start : start + WINDOW * block])
    return order


def resident(pixels: UInt8[np.ndarray, "n h w c"], device: torch.device) -> Callable[..., Tensor]:
    """Return a reader of a pack that is held on the device, in channels-last order."""
    images = torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2)
    return lambda rows: images[sent(torch.from_numpy(rows), device)]


def streamed(pixels: UInt8[np.ndarray, "n h w c"], device: torch.device) -> Callable[..., Tensor]:
    """Return a reader of a pack that stays on disk; only the rows of a batch are copied to the device."""
    return lambda rows: sent(torch.from_numpy(pixels[rows]), device).permute(0, 3, 1, 2)
