"""The operations of RandAugment, each with the range that its parameter is drawn from."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jaxtyping import Float64, UInt8
from torch import Tensor

from s2c2.data.views import colour, geometry

Images = UInt8[Tensor, "n c h w"]
Values = Float64[Tensor, " n"]
Operation = Callable[[Images, Values], Images]
"""Changes each image by a number in [0, 1)."""


def _between(low: float, high: float, operation: Operation) -> Operation:
    return lambda images, amount: operation(images, low + (high - low) * amount)


def _geometric(reach: float, matrices: Callable[[Values, tuple[int, int]], Tensor]) -> Operation:
    """Return an operation whose parameter is drawn from [−reach, reach); it knows height and width."""

    def operation(images: Images, amount: Values) -> Images:
        size = (images.shape[2], images.shape[3])
        return geometry.affine(images, matrices((2 * amount - 1) * reach, size))

    return operation


POOL: Mapping[str, Operation] = MappingProxyType(
    {
        "identity": lambda images, _: images,
        "autocontrast": lambda images, _: colour.autocontrast(images),
        "brightness": _between(0.05, 0.95, colour.brightness),
        "color": _between(0.05, 0.95, colour.color),
        "contrast": _between(0.05, 0.95, colour.contrast),
        "equalize": lambda images, _: colour.equalize(images),
        "posterize": _between(4.0, 9.0, colour.posterize),
        "rotate": _geometric(30.0, geometry.rotation),
        "sharpness": _between(0.05, 0.95, colour.sharpness),
        "shear_x": _geometric(0.3, lambda amount, _: geometry.shear_x(amount)),
        "shear_y": _geometric(0.3, lambda amount, _: geometry.shear_y(amount)),
        "solarize": _between(0.0, 1.0, colour.solarize),
        "translate_x": _geometric(0.3, lambda share, size: geometry.translation_x(share * size[1])),
        "translate_y": _geometric(0.3, lambda share, size: geometry.translation_y(share * size[0])),
    }
)
"""The fourteen operations and ranges of FixMatch: table 12 of https://arxiv.org/abs/2001.07685.

| operation | parameter | range |
|---|---|---|
| brightness, color, contrast, sharpness | weight of the image in the blend, 1 leaves it | [0.05, 0.95) |
| posterize | bits that are kept, a whole number | 4 … 8 |
| rotate | degrees, counter-clockwise | [−30, 30) |
| shear_x, shear_y | pixels a row or column moves beyond its neighbour | [−0.3, 0.3) |
| solarize | share of 256 from which on values are inverted | [0, 1) |
| translate_x, translate_y | share of the width or height, any fraction of a pixel | [−0.3, 0.3) |
| identity, autocontrast, equalize | none | |

What a move brings in from outside is black, as Pillow has it.
"""
