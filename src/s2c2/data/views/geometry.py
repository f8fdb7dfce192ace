"""Views that move pixels, each image with parameters of its own.

Nothing is interpolated: each pixel of a view is a pixel of the image, found by nearest neighbour exactly as
Pillow finds it. A matrix (a, b, c, d, e, f) maps a pixel of the view to the image it is taken from,
(a·x + b·y + c, d·x + e·y + f) with pixel centres at half-integers, as in ``PIL.Image.transform``.
"""

import math

import torch
from jaxtyping import Bool, Float64, Int, Int64, UInt8
from torch import Tensor
from torch.nn import functional

Images = UInt8[Tensor, "n c h w"]
Values = Float64[Tensor, " n"]
Matrices = Float64[Tensor, "n 6"]


def placed(images: Images, rows: Int64[Tensor, "n h"], columns: Int64[Tensor, "n w"]) -> Images:
    """Make each pixel (y, x) of a view from pixel (``rows[y]``, ``columns[x]``) of its image."""
    index = (rows * images.shape[3])[:, :, None] + columns[:, None, :]
    return _shaped(_taken(images, index.flatten(1)), images)


def shifted(pixels: Int64[Tensor, " n"], size: int) -> Int64[Tensor, "n {size}"]:
    """Return the rows or columns that an image shows after a shift by whole pixels.

    What comes in at the border is the image reflected, its edge not repeated: reflection padding and a crop.

    Args:
        pixels: shift of each image; 1 shows row 1 at the top.
        size: height or width of the images.

    Example:
        >>> shifted(torch.tensor([0, 1, -2]), size=4).tolist()
        [[0, 1, 2, 3], [1, 2, 3, 2], [2, 1, 0, 1]]
    """
    period = max(2 * (size - 1), 1)
    position = (torch.arange(size, device=pixels.device) + pixels[:, None]) % period
    return torch.minimum(position, (period - position) % period)


def mirrored(positions: Int64[Tensor, "n s"], which: Bool[Tensor, " n"]) -> Int64[Tensor, "n s"]:
    """Reverse the rows or the columns that some images show."""
    return torch.where(which[:, None], positions.flip(1), positions)


def turned(images: Images, quarters: Int64[Tensor, " n"]) -> Images:
    """Turn each square image counter-clockwise by 0 to 3 right angles."""
    view = images.clone()
    for quarter in (1, 2, 3):
        view = torch.where((quarters == quarter)[:, None, None, None], images.rot90(quarter, (2, 3)), view)
    return view


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

    Pixel-identical to ``image.transform(image.size, AFFINE, matrix, NEAREST)`` for sides below 16,384 pixels.

    Args:
        images: the images.
        matrices: one matrix an image, from a pixel of the view to the image.
        fill: value of pixels that lie outside the image.
    """
    # One pixel behind the last holds the fill: what lies outside points there.
    pixels = functional.pad(images.flatten(2), (0, 1), value=fill)
    return _shaped(_taken(pixels, _sources(_fixed(matrices), *images.shape[2:])), images)


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


def _taken(images: Tensor, index: Int64[Tensor, "n p"]) -> Tensor:
    pixels = images.flatten(2)
    return pixels.gather(2, index[:, None].expand(-1, pixels.shape[1], -1))


def _shaped(pixels: UInt8[Tensor, "n c p"], images: Images) -> Images:
    return pixels.view(images.shape)


def _matrices(values: Values, place: int) -> Matrices:
    matrices = values.new_zeros(len(values), 6)
    matrices[:, 0] = matrices[:, 4] = 1
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
    outside = (column < 0) | (column >= w) | (row < 0) | (row >= h)
    return (row * w + column).masked_fill_(outside, h * w).flatten(1).long()
