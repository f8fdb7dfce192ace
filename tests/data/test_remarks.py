from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from s2c2.data.images import decode
from s2c2.data.remarks import Remark, by_kind, remarks, sentences

NOISE = np.random.default_rng(0).random((20, 20))


def found(values: np.ndarray, extra: int = 0) -> dict[str, str]:
    """Return what is remarked of grey values in a TIFF with ``extra`` further pages."""
    stream, image = BytesIO(), Image.fromarray(values)
    image.save(stream, "TIFF", save_all=True, append_images=[image] * extra)
    data = stream.getvalue()
    return {remark.kind: remark.detail for remark in remarks("a.tif", data, decode(data, "a.tif"))}


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_values_of_fewer_bits_in_a_file_of_16_are_dark(bits: int) -> None:
    assert found((NOISE * (2**bits - 1)).astype(np.uint16)).keys() == {"brightness"}


def test_values_that_fill_the_range_are_not_remarked() -> None:
    assert found((NOISE * 65535).astype(np.uint16)) == {}
    assert found((NOISE * 255).astype(np.uint8)) == {}


def test_values_about_an_offset_have_no_contrast() -> None:
    values = np.linspace(32768, 33768, 400).reshape(20, 20).astype(np.uint16)
    assert found(values) == {"contrast": "values 3 apart, of 255"}


def test_one_colour_has_no_contrast_though_its_channels_differ() -> None:
    pixels = np.full((4, 4, 3), (200, 100, 50), dtype=np.uint8)
    assert [remark.kind for remark in remarks("a.png", b"", pixels)] == ["contrast"]


def test_pages_after_the_first_are_remarked() -> None:
    assert found((NOISE * 255).astype(np.uint8), extra=5) == {"pages": "6 pages"}


def test_remarks_are_told_by_kind_with_the_first_few_images() -> None:
    made = [Remark(f"{i}.tif", "brightness", "brightest 9 of 255") for i in range(7)]
    made.insert(3, Remark("s.tif", "pages", "6 pages"))
    assert [(kind, len(images)) for kind, images in by_kind(made).items()] == [
        ("pages", 1),
        ("brightness", 7),
    ]
    first, second = sentences(made)
    assert first.startswith("1 image(s) have several pages")
    assert first.endswith("(s.tif (6 pages))")
    assert second.startswith("7 image(s) are dark")
    assert second.endswith("4.tif (brightest 9 of 255); and 2 more)")
