from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from s2c2.data.views import geometry

SIZES = [(32, 32), (17, 23), (24, 9), (1, 5)]


def pictures(n: int, h: int, w: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (n, 3, h, w), dtype=np.uint8))


def pillow(image: Tensor) -> Image.Image:
    return Image.fromarray(image.permute(1, 2, 0).contiguous().numpy())


def pixels(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def transformed(images: Tensor, matrices: Tensor, fill: int = 0) -> Tensor:
    return torch.stack(
        [
            pixels(
                pillow(image).transform(
                    (images.shape[3], images.shape[2]),
                    Image.Transform.AFFINE,
                    matrix.tolist(),
                    Image.Resampling.NEAREST,
                    fillcolor=(fill,) * 3,
                )
            )
            for image, matrix in zip(images, matrices, strict=True)
        ]
    )


def amounts(n: int, reach: float) -> Tensor:
    return torch.from_numpy(np.random.default_rng(1).uniform(-reach, reach, n))


@pytest.mark.parametrize("size", SIZES)
def test_rotation_is_that_of_pillow(size: tuple[int, int]) -> None:
    degrees = torch.cat((amounts(40, 180), torch.tensor([0.0, 30, -30, 1, 44.5], dtype=torch.float64)))
    images = pictures(len(degrees), *size)
    expected = [
        pixels(pillow(image).rotate(angle, Image.Resampling.NEAREST))
        for image, angle in zip(images, degrees.tolist(), strict=True)
    ]
    assert torch.equal(geometry.affine(images, geometry.rotation(degrees, size)), torch.stack(expected))


# Where x + a·y + c stands in (a, b, c, d, e, f), written from Pillow's documentation.
PLACES: list[tuple[Callable[[Tensor], Tensor], int, float]] = [
    (geometry.shear_x, 1, 0.3),
    (geometry.translation_x, 2, 12.0),
    (geometry.shear_y, 3, 0.3),
    (geometry.translation_y, 5, 12.0),
]


@pytest.mark.parametrize(("matrices", "place", "reach"), PLACES)
@pytest.mark.parametrize("size", SIZES)
def test_shears_and_translations_are_those_of_pillow(
    matrices: Callable[[Tensor], Tensor], place: int, reach: float, size: tuple[int, int]
) -> None:
    values = torch.cat((amounts(40, reach), torch.tensor([0.0, reach, -reach, 0.25], dtype=torch.float64)))
    expected = torch.tensor([[1.0, 0, 0, 0, 1, 0]], dtype=torch.float64).repeat(len(values), 1)
    expected[:, place] = values
    images = pictures(len(values), *size)
    view = geometry.affine(images, matrices(values))
    assert torch.equal(view, transformed(images, expected))


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6).filter(lambda m: m[1] != 0 or m[3] != 0))
def test_any_matrix_is_applied_as_pillow_does(matrix: list[float]) -> None:
    images = pictures(1, 13, 11)
    matrices = torch.tensor([matrix], dtype=torch.float64)
    assert torch.equal(geometry.affine(images, matrices, fill=77), transformed(images, matrices, fill=77))


@pytest.mark.parametrize("size", [(8, 8), (5, 7)])
def test_moved_is_a_crop_of_the_reflected_image(size: tuple[int, int]) -> None:
    (h, w), reach = size, 3
    moves = [(y, x) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)]
    images = pictures(len(moves), h, w)
    rows, columns = (
        geometry.shifted(torch.tensor(list(axis)), side)
        for axis, side in zip(zip(*moves, strict=True), size, strict=True)
    )
    view = geometry.placed(images, rows, columns)
    for image, made, (y, x) in zip(images.numpy(), view.numpy(), moves, strict=True):
        padded = np.pad(image, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
        np.testing.assert_array_equal(made, padded[:, reach + y : reach + y + h, reach + x : reach + x + w])


@pytest.mark.parametrize("size", [1, 2, 3])
def test_tiny_images_can_be_shifted_further_than_they_are_wide(size: int) -> None:
    positions = geometry.shifted(torch.arange(-7, 8), size).numpy()
    for shift, row in zip(range(-7, 8), positions, strict=True):
        padded = np.pad(np.arange(size), (7, 7), mode="reflect" if size > 1 else "edge")
        np.testing.assert_array_equal(row, padded[7 + shift : 7 + shift + size])


def test_mirrored_flips_the_chosen_images_only() -> None:
    images = pictures(3, 4, 6)
    rows, columns = torch.arange(4).expand(3, -1), torch.arange(6).expand(3, -1)
    which = torch.tensor([True, False, True])
    view = geometry.placed(images, rows, geometry.mirrored(columns, which))
    expected = [
        np.flip(image, 2) if flip else image for image, flip in zip(images.numpy(), which, strict=True)
    ]
    np.testing.assert_array_equal(view.numpy(), np.stack(expected))


def test_turned_goes_counter_clockwise_as_pillow() -> None:
    images = pictures(4, 6, 6)
    view = geometry.turned(images, torch.arange(4))
    expected = [pixels(pillow(image).rotate(90 * turn)) for turn, image in enumerate(images)]
    assert torch.equal(view, torch.stack(expected))


@pytest.mark.parametrize(("size", "side"), [(32, 16), (96, 48), (10, 5)])
def test_a_square_in_the_middle_is_covered_to_its_size(size: int, side: int) -> None:
    images = torch.zeros((1, 3, size, size), dtype=torch.uint8)
    view = geometry.covered(images, torch.full((1, 2), 0.5, dtype=torch.float64), 0.5, 127)
    rows, columns = (view[0, 0] == 127).nonzero().T
    first = size // 2 - side // 2
    assert int((view == 127).sum()) == 3 * side * side
    assert (int(rows.min()), int(rows.max())) == (first, first + side - 1)
    assert (int(columns.min()), int(columns.max())) == (first, first + side - 1)


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True), st.floats(0, 1))
def test_covered_pixels_are_those_of_a_naive_loop(row: float, column: float, share: float) -> None:
    images = pictures(1, 9, 12)
    view = geometry.covered(images, torch.tensor([[row, column]], dtype=torch.float64), share, 127)
    expected = images[0].clone()
    tall, wide = round(9 * share), round(12 * share)
    top, left = int(row * 9) - tall // 2, int(column * 12) - wide // 2
    for y in range(9):
        for x in range(12):
            if top <= y < top + tall and left <= x < left + wide:
                expected[:, y, x] = 127
    assert torch.equal(view[0], expected)


def test_the_images_stay_as_they_are() -> None:
    images = pictures(2, 8, 8)
    before = images.clone()
    geometry.covered(images, torch.full((2, 2), 0.5, dtype=torch.float64), 0.5, 127)
    geometry.turned(images, torch.tensor([0, 2]))
    geometry.affine(images, geometry.rotation(torch.tensor([10.0, 20.0], dtype=torch.float64), (8, 8)))
    assert torch.equal(images, before)


def test_pixels_from_far_outside_are_filled() -> None:
    images = pictures(2, 6, 6)
    view = geometry.affine(
        images, geometry.translation_x(torch.tensor([5.0, -400], dtype=torch.float64)), fill=9
    )
    assert torch.equal(view[0, ..., 0], images[0, ..., 5])
    assert bool((view[0, ..., 1:] == 9).all())
    assert bool((view[1] == 9).all())


def test_channels_last_images_give_the_same_view() -> None:
    images, matrices = pictures(6, 9, 9), geometry.rotation(amounts(6, 30), (9, 9))
    last = images.contiguous(memory_format=torch.channels_last)
    assert torch.equal(geometry.affine(last, matrices), geometry.affine(images, matrices))
