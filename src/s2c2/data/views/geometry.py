"""Views that move pixels, each image with parameters of its own.

Nothing is interpolated: each pixel of a view is a pixel of the image, found by nearest neighbour exactly as
Pillow finds it. A matrix (a, b, c, d, e, f) maps a pixel of the view to the image it is taken from,
(a·x + b·y + c, d·x + e·y + f) with pixel centres at half-integers, as in ``PIL.Image.transform``.
"""

import math

import torch
from jaxtyping import Bool, Float64, Int, Int64, UInt8
from torch import Tensor

Images = UInt8[Tensor, "n c h w"]
Values = Float64[Tensor, " n"]
Matrices = Float64[Tensor, "n 6"]


def moved(images: Images, rows: Int64[Tensor, " n"], columns: Int64[Tensor, " n"]) -> Images:
    """Shift each image by whole pixels; what comes in is the image reflected, edge not repeated.

    This is reflection padding followed by a crop: ``rows`` = 1 shows row 1 at the top.
    """
    h, w = images.shape[2:]
    return _taken(images, _reflected(rows, h)[:, :, None] * w + _reflected(columns, w)[:, None, :])


def mirrored(images: Images, which: Bool[Tensor, " n"]) -> Images:
    """Flip some images left to right."""
    return torch.where(which[:, None, None, None], images.flip(3), images)


def upended(images: Images, which: Bool[Tensor, " n"]) -> Images:
    """Flip some images upside down."""
    return torch.where(which[:, None, None, None], images.flip(2), images)


def turned(images: UInt8[Tensor, "n c s s"], quarters: Int64[Tensor, " n"]) -> UInt8[Tensor, "n c s s"]:
    """Turn each square image counter-clockwise by a number of right angles."""
    choices = torch.stack([torch.rot90(images, quarter, (2, 3)) for quarter in range(4)])
    return choices[quarters % 4, torch.arange(len(images), device=images.device)]


def rotation(degrees: Values, size: tuple[int, int]) -> Matrices:
    """Return the matrix of a rotation about the centre, counter-clockwise as ``PIL.Image.rotate``.

    Args:
        degrees: angle of each image.
        size: height and width in pixels.
    """
    angle = -(degrees * math.pi) / 180
    cos, sin = angle.cos(), angle.sin()
    y, x = size[0] / 2, size[1] / 2
    return torch.stack((cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y), dim=1)


def shear_x(amount: Values) -> Matrices:
    """Return the matrix of a horizontal shear that leaves the top edge where it is: x + amount·y."""
    return _matrices(amount, 1)


def shear_y(amount: Values) -> Matrices:
    """Return the matrix of a vertical shear that leaves the left edge where it is: y + amount·x."""
    return _matrices(amount, 3)


def translation_x(pixels: Values) -> Matrices:
    """Return the matrix of a move to the left by some pixels."""
    return _matrices(pixels, 2)


def translation_y(pixels: Values) -> Matrices:
    """Return the matrix of a move upwards by some pixels."""
    return _matrices(pixels, 5)


def affine(images: Images, matrices: Matrices, fill: int = 0) -> Images:
    """Transform each image by its matrix, nearest neighbour, in Pillow's 16.16 fixed-point arithmetic.

    Pixel-identical to ``image.transform(image.size, AFFINE, matrix, NEAREST)`` up to 32,767 pixels a side.

    Args:
        images: the images.
        matrices: one matrix an image, from a pixel of the view to the image.
        fill: value of pixels that lie outside the image.
    """
    (h, w), pixels = images.shape[2:], images.flatten(2)
    # An extra pixel behind the last one holds the fill: what lies outside points there.
    pixels = torch.nn.functional.pad(pixels, (0, 1), value=fill)
    index = _sources(_fixed(matrices), h, w)
    return pixels.gather(2, index[:, None].expand(-1, images.shape[1], -1)).unflatten(2, (h, w))


def covered(images: Images, centres: Float64[Tensor, "n 2"], share: float, grey: int) -> Images:
    """Cover a square of each image with grey (cutout); what lies beyond the border is cut off.

    Args:
        images: the images.
        centres: row and column of the square's centre, in [0, 1).
        share: side of the square as a share of the image's.
        grey: value of the covered pixels.
    """
    covers = [_stripe(centres[:, axis], images.shape[2 + axis], share) for axis in (0, 1)]
    return images.masked_fill((covers[0][:, :, None] & covers[1][:, None, :])[:, None], grey)


def _stripe(centre: Values, size: int, share: float) -> Bool[Tensor, "n s"]:
    length = round(size * share)
    first = (centre * size).long()[:, None] - length // 2
    position = torch.arange(size, device=centre.device)
    return (position >= first) & (position < first + length)


def _reflected(shift: Int64[Tensor, " n"], size: int) -> Int64[Tensor, "n s"]:
    position = torch.arange(size, device=shift.device) + shift[:, None]
    period = max(2 * (size - 1), 1)
    position = position % period
    return torch.minimum(position, period - position) if size > 1 else position


def _taken(images: Images, index: Int64[Tensor, "n h w"]) -> Images:
    index = index.flatten(1)[:, None].expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, index).unflatten(2, images.shape[2:])


def _matrices(values: Values, place: int) -> Matrices:
    identity = torch.tensor([1, 0, 0, 0, 1, 0], dtype=values.dtype, device=values.device)
    matrices = identity.repeat(len(values), 1)
    matrices[:, place] = values
    return matrices


def _fixed(matrices: Matrices) -> Int[Tensor, "n 6"]:
    a, b, c, d, e, f = matrices.unbind(1)
    centred = torch.stack((a, b, c + a * 0.5 + b * 0.5, d, e, f + d * 0.5 + e * 0.5), dim=1)
    return (centred * 65536 + 0.5).floor().to(torch.int32)


def _sources(fixed: Int[Tensor, "n 6"], h: int, w: int) -> Int64[Tensor, "n hw"]:
    y = torch.arange(h, device=fixed.device, dtype=fixed.dtype)[:, None]
    x = torch.arange(w, device=fixed.device, dtype=fixed.dtype)
    a, b, c, d, e, f = fixed[:, :, None, None].unbind(1)
    column, row = (c + b * y + a * x) >> 16, (f + e * y + d * x) >> 16
    inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
    return torch.where(inside, row * w + column, h * w).flatten(1).long()
