"""Weak and strong views: which operations an image gets, drawn for each image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaxtyping import Float64, UInt8
from torch import Tensor

from s2c2.data.views import colour, geometry
from s2c2.data.views.draws import Draws, View

Images = UInt8[Tensor, "n c h w"]
Operation = Callable[[Images, Float64[Tensor, " n"]], Images]
"""Changes each image by a number in [0, 1)."""


@dataclass(frozen=True)
class Weak:
    """Flip and shift, as the reference does."""

    flip: bool = True
    """Whether half of the images are mirrored left to right."""
    shift: float = 0.125
    """Largest shift as a share of the size (FixMatch: 4 of 32 pixels; reference: 12 pixels at any size)."""

    def __call__(self, images: Images, draws: Draws) -> Images:
        """Return one weak view of each image."""
        numbers = draws.uniform(3)
        reach = round(self.shift * images.shape[2])
        rows, columns = ((numbers[:, i] * (2 * reach + 1)).long() - reach for i in (1, 2))
        view = geometry.moved(images, rows, columns)
        return geometry.mirrored(view, numbers[:, 0] < 0.5) if self.flip else view


@dataclass(frozen=True)
class Strong:
    """A weak view, then operations of RandAugment, then cutout (FixMatch, RA variant)."""

    weak: Weak = Weak()
    operations: int = 2
    """Operations drawn for each image (FixMatch: 2)."""
    cutout: float = 0.5
    """Side of the covered square as a share of the size (FixMatch: half)."""
    grey: int = 127
    """Value of the covered pixels (FixMatch: 127)."""

    def __call__(self, images: Images, draws: Draws) -> Images:
        """Return one strong view of each image."""
        numbers = draws.uniform(5 + 2 * self.operations)
        view = self.weak(images, draws)
        for first in range(3, 3 + 2 * self.operations, 2):
            view = augmented(view, numbers[:, first], numbers[:, first + 1])
        return geometry.covered(view, numbers[:, -2:], self.cutout, self.grey)


def augmented(images: Images, which: Float64[Tensor, " n"], amount: Float64[Tensor, " n"]) -> Images:
    """Apply to each image one operation of the pool; ``which`` and ``amount`` are in [0, 1)."""
    chosen = (which * len(POOL)).long()
    view = images.clone()
    for number, operation in enumerate(POOL.values()):
        rows = (chosen == number).nonzero()[:, 0]
        if len(rows):
            view[rows] = operation(images[rows], amount[rows])
    return view


def _between(low: float, high: float, operation: Operation) -> Operation:
    return lambda images, amount: operation(images, low + (high - low) * amount)


def _moved_by(matrix: Callable[[Float64[Tensor, " n"]], Float64[Tensor, "n 6"]], reach: float) -> Operation:
    """Return a geometric operation whose parameter is drawn from [−reach, reach)."""
    return lambda images, amount: geometry.affine(images, matrix((2 * amount - 1) * reach))


def _translated(matrix: Callable[[Float64[Tensor, " n"]], Float64[Tensor, "n 6"]], share: float) -> Operation:
    def operation(images: Images, amount: Float64[Tensor, " n"]) -> Images:
        return geometry.affine(images, matrix((2 * amount - 1) * share * images.shape[2]))

    return operation


def _rotated(images: Images, amount: Float64[Tensor, " n"]) -> Images:
    size = (images.shape[2], images.shape[3])
    return geometry.affine(images, geometry.rotation((2 * amount - 1) * 30, size))


POOL: Mapping[str, Operation] = MappingProxyType(
    {
        "identity": lambda images, amount: images,
        "autocontrast": lambda images, amount: colour.autocontrast(images),
        "brightness": _between(0.05, 0.95, colour.brightness),
        "color": _between(0.05, 0.95, colour.color),
        "contrast": _between(0.05, 0.95, colour.contrast),
        "equalize": lambda images, amount: colour.equalize(images),
        "posterize": _between(4, 9, lambda images, bits: colour.posterize(images, bits.clamp(max=8))),
        "rotate": _rotated,
        "sharpness": _between(0.05, 0.95, colour.sharpness),
        "shear_x": _moved_by(geometry.shear_x, 0.3),
        "shear_y": _moved_by(geometry.shear_y, 0.3),
        "solarize": _between(0.0, 1.0, colour.solarize),
        "translate_x": _translated(geometry.translation_x, 0.3),
        "translate_y": _translated(geometry.translation_y, 0.3),
    }
)
"""The fourteen operations of FixMatch's RandAugment with the ranges of its table 12."""


def unchanged(images: Images, draws: Draws) -> Images:
    """Return the images as they are."""
    return images


VIEWS: Mapping[str, View] = MappingProxyType({"none": unchanged, "weak": Weak(), "strong": Strong()})
"""Every view by the name that algorithms ask for."""
