"""Random numbers that belong to an image, not to a batch: a counter-based generator.

The numbers of image 7 at step 30 are a function of (seed, step, image, slot, column) alone. They do not
depend on which images share its batch, on workers, threads or devices, nor on whether a run was resumed.
"""

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

_GAMMA = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_WORD = (1 << 64) - 1


def uniform(
    seed: int, step: int, images: Int64[Tensor, " n"], slot: int, count: int
) -> Float64[Tensor, "n {count}"]:
    """Return ``count`` independent numbers in [0, 1) for each image.

    The words (seed, step, slot, image) are absorbed one after another by the finaliser of SplitMix64
    (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014); its sequence from there
    gives the columns, of which the upper 53 bits are kept. A longer row begins with the shorter one.

    Args:
        seed: seed of the run.
        step: training step.
        images: number of each image, on the device that is to hold the result; the device must know float64.
        slot: which use of the numbers, for example which view of the step; each slot is independent.
        count: columns.

    Example:
        >>> uniform(0, 0, torch.tensor([5, 6]), slot=0, count=2).round(decimals=3)
        tensor([[0.3430, 0.3750],
                [0.4650, 0.3500]], dtype=torch.float64)
    """
    key = 0
    for word in (seed, step, slot):
        key = _mixed((key ^ (word & _WORD)) + _GAMMA)
    state = _mix((images ^ _signed(key)) + _signed(_GAMMA))
    columns = [_signed(_GAMMA * column) for column in range(1, count + 1)]
    bits = _mix(state[:, None] + torch.tensor(columns, dtype=torch.int64, device=images.device))
    return _shifted(bits, 11).to(torch.float64) * 2.0**-53


def _mixed(word: int) -> int:
    word &= _WORD
    word = ((word ^ (word >> 30)) * _FIRST) & _WORD
    word = ((word ^ (word >> 27)) * _SECOND) & _WORD
    return word ^ (word >> 31)


def _mix(words: Int64[Tensor, "..."]) -> Int64[Tensor, "..."]:
    words = (words ^ _shifted(words, 30)) * _signed(_FIRST)
    words = (words ^ _shifted(words, 27)) * _signed(_SECOND)
    return words ^ _shifted(words, 31)


def _shifted(words: Int64[Tensor, "..."], places: int) -> Int64[Tensor, "..."]:
    # Torch shifts the sign in from the left; the mask takes it out again.
    return (words >> places) & ((1 << (64 - places)) - 1)


def _signed(word: int) -> int:
    word &= _WORD
    return word - (1 << 64) if word >> 63 else word
