"""Views that change values, each image with a parameter of its own, to the grey level as Pillow does.

Whatever maps each value of a channel on its own is a table of 256 entries; the rest blends an image with a
degenerate version of it. All rounding is Pillow's: towards zero.
"""

import torch
from jaxtyping import Float64, Int32, UInt8
from torch import Tensor

RGB = UInt8[Tensor, "n 3 h w"]
Values = Float64[Tensor, " n"]
Tables = UInt8[Tensor, "n t 256"]


def autocontrast(images: RGB) -> RGB:
    """Stretch each channel so that its darkest value becomes 0 and its brightest 255."""
    low, high = (edge.double()[..., None] for edge in images.flatten(2).aminmax(dim=2))
    scale = 255.0 / (high - low).clamp(min=1)
    stretched = _levels(images) * scale + -low * scale
    return _mapped(images, torch.where(high > low, stretched, _levels(images)).clamp(0, 255).to(torch.uint8))


def equalize(images: RGB) -> RGB:
    """Spread each channel's values so that their histogram is as flat as it gets.

    A channel of one value, or of fewer than 255 pixels beside the brightest value, stays as it is.
    """
    histogram = _histogram(images)
    brightest = ((histogram > 0) * torch.arange(256, device=images.device)).amax(2, keepdim=True)
    step = (images[0, 0].numel() - histogram.gather(2, brightest)) // 255
    below = histogram.cumsum(2, dtype=torch.int32) - histogram
    spread = ((step // 2 + below).double() / step.clamp(min=1)).floor().clamp(max=255)
    return _mapped(images, torch.where(step > 0, spread, _levels(images)).to(torch.uint8))


def posterize(images: RGB, bits: Values) -> RGB:
    """Keep the upper ``bits`` (1 to 8, rounded down) bits of each value."""
    mask = 256 - (2.0 ** (8 - bits.floor()))
    return images & mask.to(torch.uint8)[:, None, None, None]


def solarize(images: RGB, threshold: Values) -> RGB:
    """Invert the values at or above ``threshold`` × 256, rounded down."""
    levels, edge = _levels(images), (threshold * 256).floor()[:, None, None]
    return _mapped(images, torch.where(levels < edge, levels, 255 - levels).to(torch.uint8))


def brightness(images: RGB, factor: Values) -> RGB:
    """Blend with black: 0 is black, 1 the image."""
    return _mapped(images, _blended(torch.zeros((), device=images.device), _levels(images), factor))


def contrast(images: RGB, factor: Values) -> RGB:
    """Blend with the image's mean grey: 0 is that grey, 1 the image."""
    mean = (_luma(images).flatten(1).double().mean(1) + 0.5).floor()
    return _mapped(images, _blended(mean[:, None, None], _levels(images), factor))


def color(images: RGB, factor: Values) -> RGB:
    """Blend with the image in grey: 0 is grey, 1 the image."""
    return _blended(_luma(images)[:, None], images, factor)


def sharpness(images: RGB, factor: Values) -> RGB:
    """Blend with the smoothed image: 0 is smooth, 1 the image. The outermost pixels stay as they are."""
    return _blended(_smooth(images), images, factor)


def _smooth(images: RGB) -> RGB:
    """Return the mean of each pixel, five times, and its eight neighbours (Pillow's ``SMOOTH``)."""
    w = images.shape[3]
    flat = images.flatten(2).to(torch.int16)
    # Sums along the flattened image; those that run over its left or right edge are put back below.
    rows = flat[..., : -2 * w] + flat[..., w:-w] + flat[..., 2 * w :]
    total = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:] + 4 * flat[..., w + 1 : -w - 1]
    flat[..., w + 1 : -w - 1] = (total.float() / 13 + 0.5).to(torch.int16)
    smooth = flat.to(torch.uint8).view(images.shape)
    smooth[..., 0], smooth[..., -1] = images[..., 0], images[..., -1]
    return smooth


def _mapped(images: RGB, tables: Tables) -> RGB:
    tables = tables.expand(-1, images.shape[1], -1)
    return tables.gather(2, images.flatten(2).long()).view(images.shape)


def _blended(degenerate: Tensor, images: Tensor, factor: Values) -> Tensor:
    # In float32 and in Pillow's order, so that truncation falls on the same side.
    base, weight = degenerate.float(), factor.float().view(-1, *[1] * (images.ndim - 1))
    mixed = (base + weight * (images.float() - base)).clamp_(0, 255)
    return mixed.to(torch.int16).to(torch.uint8)  # three times as fast as at once


def _luma(images: RGB) -> UInt8[Tensor, "n h w"]:
    red, green, blue = images.float().unbind(1)
    # Pillow's integers; all stay below 2²⁴, where float32 is exact.
    total = red * 19595 + green * 38470 + blue * 7471 + 0x8000
    return (total / 65536).to(torch.int16).to(torch.uint8)


def _histogram(images: RGB) -> Int32[Tensor, "n c 256"]:
    values = images.flatten(2).long()
    empty = torch.zeros((*images.shape[:2], 256), dtype=torch.int32, device=images.device)
    return empty.scatter_add_(2, values, torch.ones_like(values, dtype=torch.int32))


def _levels(images: RGB) -> Float64[Tensor, "1 1 256"]:
    return torch.arange(256, dtype=torch.float64, device=images.device)[None, None]
