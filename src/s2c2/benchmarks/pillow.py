"""The views of FixMatch as they are usually made: with Pillow, image by image."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageEnhance, ImageOps

Pixels = UInt8[np.ndarray, "h w 3"]

ENHANCE: Mapping[str, Callable[[Image.Image], ImageEnhance._Enhance]] = MappingProxyType(
    {
        "brightness": ImageEnhance.Brightness,
        "color": ImageEnhance.Color,
        "contrast": ImageEnhance.Contrast,
        "sharpness": ImageEnhance.Sharpness,
    }
)
MOVES: Mapping[str, int] = MappingProxyType({"shear_x": 1, "translate_x": 2, "shear_y": 3, "translate_y": 5})
"""Place of the parameter in the matrix of an affine transformation."""
TABLES: Mapping[str, Callable[[Image.Image, float], Image.Image]] = MappingProxyType(
    {
        "identity": lambda image, amount: image,
        "autocontrast": lambda image, amount: ImageOps.autocontrast(image),
        "equalize": lambda image, amount: ImageOps.equalize(image),
        "posterize": lambda image, amount: ImageOps.posterize(image, 4 + int(5 * amount)),
        "solarize": lambda image, amount: ImageOps.solarize(image, int(256 * amount)),
    }
)
POOL = (*TABLES, *ENHANCE, *MOVES, "rotate")
"""The fourteen operations of FixMatch."""


def weak(pixels: Pixels, rng: np.random.Generator) -> Image.Image:
    """Return the image shifted by up to an eighth, and mirrored half of the time."""
    size = len(pixels)
    reach = size // 8
    y, x = rng.integers(0, 2 * reach + 1, 2)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    image = Image.fromarray(padded[y : y + size, x : x + size])
    return ImageOps.mirror(image) if rng.random() < 0.5 else image


def strong(pixels: Pixels, rng: np.random.Generator) -> Image.Image:
    """Return a weak view after two operations of RandAugment and cutout."""
    image = weak(pixels, rng)
    for name in rng.choice(POOL, 2):
        image = operated(image, str(name), rng.random())
    side = image.width // 2
    y, x = (int(centre) - side // 2 for centre in rng.integers(0, image.width, 2))
    image.paste((127, 127, 127), (x, y, x + side, y + side))
    return image


def operated(image: Image.Image, name: str, amount: float) -> Image.Image:
    """Return the image after an operation whose parameter is ``amount`` of its range."""
    if name in ENHANCE:
        return ENHANCE[name](image).enhance(0.05 + 0.9 * amount)
    return TABLES[name](image, amount) if name in TABLES else moved(image, name, 2 * amount - 1)


def moved(image: Image.Image, name: str, amount: float) -> Image.Image:
    """Return the image moved by ``amount``, in [−1, 1], of the largest move."""
    if name == "rotate":
        return image.rotate(30 * amount)
    matrix = [1.0, 0, 0, 0, 1, 0]
    matrix[MOVES[name]] = 0.3 * amount * (image.width if name.startswith("translate") else 1)
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)


PILLOW: Mapping[str, Callable[[Pixels, np.random.Generator], Image.Image]] = MappingProxyType(
    {"weak": weak, "strong": strong}
)
"""Each view by its name."""
