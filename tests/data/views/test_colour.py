from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from s2c2.data.views import colour

FACTORS = [0.0, 0.05, 0.3, 0.5, 0.77, 0.95, 1.0]


def samples() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, 24).astype(np.uint8)
    narrow = rng.integers(90, 140, (24, 24, 3), dtype=np.uint8)
    skewed = (rng.random((24, 24, 3)) ** 4 * 255).astype(np.uint8)
    coarse = rng.choice(np.array([3, 200, 255], dtype=np.uint8), (24, 24, 3))
    tiny = rng.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    flat = {f"constant {value}": np.full((24, 24, 3), value, np.uint8) for value in (0, 1, 128, 255)}
    return {
        "random": rng.integers(0, 256, (24, 24, 3), dtype=np.uint8),
        "wide": rng.integers(0, 256, (30, 40, 3), dtype=np.uint8),
        "narrow": narrow,
        "skewed": skewed,
        "three values": coarse,
        "tiny": tiny,
        "one pixel": tiny[:1, :1],
        "horizontal": np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (24, 24, 3))),
        "one channel": np.stack([np.tile(ramp, (24, 1)), np.tile(ramp[:, None], 24), narrow[..., 0] * 0], 2),
        **flat,
    }


SAMPLES = samples()


def made(image: np.ndarray, operation: Callable[[Tensor], Tensor]) -> np.ndarray:
    view = operation(torch.from_numpy(image).permute(2, 0, 1)[None].contiguous())
    assert view.dtype == torch.uint8
    return view[0].permute(1, 2, 0).numpy()


def assert_within_one_level(view: np.ndarray, expected: Image.Image) -> None:
    assert view.dtype == np.uint8
    difference = np.abs(view.astype(int) - np.array(expected).astype(int))
    assert difference.max() <= 1


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    ("operation", "reference"),
    [(colour.autocontrast, ImageOps.autocontrast), (colour.equalize, ImageOps.equalize)],
)
def test_stretching_operations_are_those_of_pillow(
    name: str, operation: Callable[[Tensor], Tensor], reference: Callable[[Image.Image], Image.Image]
) -> None:
    image = SAMPLES[name]
    assert_within_one_level(made(image, operation), reference(Image.fromarray(image)))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    ("operation", "reference"),
    [
        (colour.brightness, ImageEnhance.Brightness),
        (colour.color, ImageEnhance.Color),
        (colour.contrast, ImageEnhance.Contrast),
        (colour.sharpness, ImageEnhance.Sharpness),
    ],
)
def test_blends_are_those_of_pillow(
    name: str, operation: Callable[[Tensor, Tensor], Tensor], reference: type[ImageEnhance.Brightness]
) -> None:
    image = SAMPLES[name]
    for factor in FACTORS:
        weight = torch.tensor([factor], dtype=torch.float64)
        view = made(image, lambda images, weight=weight: operation(images, weight))  # type: ignore[misc]
        assert_within_one_level(view, reference(Image.fromarray(image)).enhance(factor))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("bits", [1.0, 4.0, 5.7, 8.0, 8.999])
def test_posterize_is_exactly_that_of_pillow(name: str, bits: float) -> None:
    image = SAMPLES[name]
    view = made(image, lambda images: colour.posterize(images, torch.tensor([bits], dtype=torch.float64)))
    np.testing.assert_array_equal(view, np.array(ImageOps.posterize(Image.fromarray(image), int(bits))))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 0.501, 0.99, 1.0])
def test_solarize_is_exactly_that_of_pillow(name: str, threshold: float) -> None:
    image = SAMPLES[name]
    value = torch.tensor([threshold], dtype=torch.float64)
    view = made(image, lambda images: colour.solarize(images, value))
    np.testing.assert_array_equal(
        view, np.array(ImageOps.solarize(Image.fromarray(image), int(threshold * 256)))
    )


def test_each_image_has_its_own_parameter() -> None:
    images = torch.full((3, 3, 4, 4), 200, dtype=torch.uint8)
    view = colour.brightness(images, torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64))
    assert view[:, 0, 0, 0].tolist() == [0, 100, 200]
    assert bool((images == 200).all())


@pytest.mark.parametrize("name", ["equalize", "Brightness", "Color", "Contrast", "Sharpness"])
def test_all_but_autocontrast_are_pillow_to_the_grey_level(name: str) -> None:
    weight = torch.tensor([0.37], dtype=torch.float64)
    for image in SAMPLES.values():
        picture = Image.fromarray(image)
        if name == "equalize":
            view, reference = made(image, colour.equalize), ImageOps.equalize(picture)
        else:
            view = made(image, lambda images: getattr(colour, name.lower())(images, weight))
            reference = getattr(ImageEnhance, name)(picture).enhance(0.37)
        np.testing.assert_array_equal(view, np.array(reference))


def test_equalize_where_its_table_leaves_the_range() -> None:
    # 300 pixels of 0 beside 400 of 255: the step is 1, the table reaches 300 and Pillow stops at 255.
    image = np.repeat(np.array([0] * 300 + [255] * 400, np.uint8).reshape(20, 35, 1), 3, axis=2)
    np.testing.assert_array_equal(
        made(image, colour.equalize), np.array(ImageOps.equalize(Image.fromarray(image)))
    )


@pytest.mark.parametrize("name", ["autocontrast", "equalize"])
def test_an_image_does_not_depend_on_its_neighbours(name: str) -> None:
    square = [image for image in SAMPLES.values() if image.shape == (24, 24, 3)]
    images = torch.from_numpy(np.stack(square)).permute(0, 3, 1, 2)
    operation = getattr(colour, name)
    assert torch.equal(operation(images), torch.cat([operation(image[None]) for image in images]))
