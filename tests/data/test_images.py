import struct
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from s2c2.data.images import FITS, decode, load, parts, resize
from s2c2.errors import UserError

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bomb(side: int, rows: int) -> bytes:
    """A small PNG that claims ``side`` × ``side`` pixels, written by hand."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(bytes((side // 8 + 1) * rows), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_lossless_formats_keep_every_pixel() -> None:
    image = Image.fromarray(COLOURS)
    for kind, options in (("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})):
        assert (decode(encoded(image, kind, **options), "x") == COLOURS).all(), kind


def test_jpeg_is_decoded_as_pillow_does() -> None:
    data = encoded(Image.fromarray(COLOURS), "JPEG", quality=90)
    assert (decode(data, "x") == np.asarray(Image.open(BytesIO(data)).convert("RGB"))).all()


def test_grey_and_one_bit_become_three_equal_channels() -> None:
    grey = COLOURS[..., 0]
    assert (decode(encoded(Image.fromarray(grey)), "x") == grey[..., None]).all()
    bits = grey > 127
    assert (decode(encoded(Image.fromarray(bits)), "x") == np.where(bits, 255, 0)[..., None]).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_by_the_full_range(kind: str) -> None:
    values = np.array([[0, 65535, 257, 128, 129, 32768]], dtype=np.uint16)
    expected = np.round(values.astype(float) * 255 / 65535)
    assert (decode(encoded(Image.fromarray(values), kind), "x") == expected[..., None]).all()


def tiff(values: np.ndarray, bits: int, meaning: int, kind: int = 1) -> bytes:
    """A grey TIFF of one row, written by hand.

    Args:
        values: its pixels; of 12 bits, packed.
        bits: of a value.
        meaning: 0 where 0 is white, 1 where it is black.
        kind: of number: 1 unsigned, 3 floating point.
    """
    data = values.tobytes()
    if bits == 12:
        digits = "".join(f"{value:03x}" for value in values.tolist())
        data = bytes.fromhex(digits)
    tags = {256: len(values), 257: 1, 258: bits, 259: 1, 262: meaning, 273: 0, 277: 1, 278: 1, 279: len(data)}
    tags[339] = kind
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return struct.pack("<4sIH", b"II*\0", 8, len(tags)) + entries + bytes(4) + data


def test_a_tiff_of_12_bits_is_scaled_by_the_range_it_says() -> None:
    values = np.array([0, 4095, 16, 2048], dtype=np.uint16)
    expected = np.round(values.astype(float) * 255 / 4095)
    assert (decode(tiff(values, 12, 1), "x")[0] == expected[:, None]).all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tiff_in_which_0_is_white_is_white_at_0(kind: type) -> None:
    top = np.iinfo(kind).max
    values: np.ndarray = np.array([0, top, top // 4], dtype=kind)
    expected = np.round((top - values.astype(float)) * 255 / top)
    bits = 8 * values.itemsize
    assert (decode(tiff(values, bits, 0), "x")[0] == expected[:, None]).all()
    assert (decode(tiff(values, bits, 1), "x")[0] == 255 - expected[:, None]).all()


def test_pages_of_a_tiff_are_counted_and_its_smaller_copies_are_not() -> None:
    first, *others = [Image.fromarray(COLOURS) for _ in range(3)]
    assert parts(encoded(first, "TIFF")) == (1, 0)
    stack = encoded(first, "TIFF", save_all=True, append_images=others)
    assert parts(stack) == (3, 0)
    assert (decode(stack, "x") == COLOURS).all()
    others[1].encoderinfo = {"tiffinfo": {254: 1}}
    assert parts(encoded(first, "TIFF", save_all=True, append_images=others)) == (2, 0)
    for other in (encoded(first), b"", b"II*\0", stack[:20]):
        assert parts(other) == (1, 0)


def test_channels_past_rgb_are_counted_where_they_are_no_transparency() -> None:
    image = Image.fromarray(np.dstack([COLOURS, COLOURS[..., :1]]))
    transparency, unknown = (struct.pack("<HHIHH", 338, 3, 1, kind, 0) for kind in (2, 0))
    data = encoded(image, "TIFF")
    assert transparency in data
    assert parts(data) == (1, 0)
    unknown = data.replace(transparency, unknown)
    assert parts(unknown) == (1, 1)
    assert (decode(unknown, "x") == COLOURS).all()


def test_a_tiff_that_is_not_read_is_not_called_another_format() -> None:
    with pytest.raises(UserError, match=r"^x: damaged, or a kind of TIFF that is not read: .*8 or 16 bits"):
        decode(tiff(np.array([0.0, 1.0]), 64, 1, kind=3), "x")


def test_palette_and_transparency() -> None:
    palette = Image.fromarray(COLOURS).quantize(16)
    assert (decode(encoded(palette), "x") == np.asarray(palette.convert("RGB"))).all()
    half = np.dstack([COLOURS, np.tile(np.array([0, 255], dtype=np.uint8), 27).reshape(6, 9)])
    expected = np.where(half[..., 3:] == 0, 255, COLOURS)
    assert (decode(encoded(Image.fromarray(half)), "x") == expected).all()
    grey = Image.fromarray(np.dstack([COLOURS[..., 0], np.zeros((6, 9), dtype=np.uint8)]))
    assert (decode(encoded(grey), "x") == 255).all()
    assert (decode(encoded(palette, transparency=bytes(256)), "x") == 255).all()


def test_cmyk_jpeg() -> None:
    data = encoded(Image.fromarray(COLOURS).convert("CMYK"), "JPEG")
    assert decode(data, "x").shape == (6, 9, 3)


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_exif_orientation_is_applied(orientation: int, turns: int) -> None:
    image = Image.fromarray(COLOURS)
    exif = image.getexif()
    exif[0x0112] = orientation
    data = encoded(image, "PNG", exif=exif)
    assert (decode(data, "x") == np.rot90(COLOURS, turns)).all()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_does_not_make_an_image_unreadable() -> None:
    data = encoded(
        Image.fromarray(COLOURS), "WEBP", lossless=True, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff"
    )
    assert (decode(data, "x") == COLOURS).all()


def test_a_bomb_is_refused_before_decoding() -> None:
    data = bomb(12_000, rows=12_000)
    assert len(data) < 20_000
    with pytest.raises(UserError, match=r"^x: .*limit of 64"):
        decode(data, "x")
    with pytest.raises(UserError, match=r"limit"):
        decode(bomb(40_000, rows=1), "x")


def test_the_pixel_limit_is_met_exactly() -> None:
    data = encoded(Image.fromarray(COLOURS))
    assert decode(data, "x", limit=54).shape == (6, 9, 3)
    with pytest.raises(UserError, match=r"9 × 6 pixels are more than the limit of 53"):
        decode(data, "x", limit=53)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_truncated_images_are_damaged(kind: str) -> None:
    picture = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(picture), kind)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(UserError, match=r"^folder/x\.jpg: "):
            decode(data[: int(len(data) * share)], "folder/x.jpg")


def test_an_empty_file_is_said_to_be_empty() -> None:
    with pytest.raises(UserError, match=r"^x: the file is empty"):
        decode(b"", "x")


@pytest.mark.parametrize("kind", ["GIF", "BMP", "PPM"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UserError, match=r"not an image of a known format \(PNG, JPEG, WEBP, TIFF\)"):
        decode(encoded(Image.fromarray(COLOURS), kind), "x")


def test_pixels_without_a_fixed_range_are_refused() -> None:
    floats = Image.fromarray(np.ones((2, 2), dtype=np.float32))
    with pytest.raises(UserError, match=r"8 or 16 bits"):
        decode(encoded(floats, "TIFF"), "x")
    large = Image.fromarray(np.full((2, 2), 10**6, dtype=np.int32))
    with pytest.raises(UserError, match=r"8 or 16 bits"):
        decode(encoded(large, "TIFF"), "x")


SEEDS = [encoded(Image.fromarray(COLOURS), kind) for kind in ("PNG", "JPEG", "WEBP", "TIFF")]


@settings(max_examples=300)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_give_pixels_or_a_user_error(data: bytes, damage: list[tuple[int, int]]) -> None:
    broken = bytearray(data)
    for place, value in damage:
        broken[place % len(broken)] = value
    with suppress(UserError):
        assert decode(bytes(broken), "x").dtype == np.uint8


def test_large_jpegs_are_decoded_smaller_and_look_the_same() -> None:
    ramp = np.linspace(0, 255, 512)
    picture = np.stack(
        [np.tile(ramp, (512, 1)), np.tile(ramp[:, None], (1, 512)), np.full((512, 512), 90)], axis=-1
    )
    data = encoded(Image.fromarray(picture.astype(np.uint8)), "JPEG", quality=95)
    whole, shape = load(data, "x")
    small, same_shape = load(data, "x", enough=64)
    assert whole.shape == (512, 512, 3)
    assert small.shape == (64, 64, 3)
    assert shape == same_shape == (512, 512)
    difference = resize(whole, 32).astype(int) - resize(small, 32)
    assert np.abs(difference).max() <= 3


def test_fits() -> None:
    wide = np.zeros((4, 12, 3), dtype=np.uint8)
    wide[:, 4:8] = 200
    assert (resize(wide, 4, "crop") == 200).all()
    padded = resize(wide, 12, "pad")
    assert not padded[:4].any()
    assert not padded[8:].any()
    assert padded[5, 6, 0] == 200
    assert set(FITS) == {"stretch", "crop", "pad"}
    for fit in FITS:
        assert resize(wide, 7, fit).shape == (7, 7, 3)
        assert resize(COLOURS[:6, :6], 6, fit) is not None
        assert (resize(COLOURS[:6, :6], 6, fit) == COLOURS[:6, :6]).all()
    with pytest.raises(UserError, match=r"unknown fit 'crp': did you mean 'crop'"):
        resize(wide, 4, "crp")


def test_stretch_averages_what_it_shrinks() -> None:
    checks = np.tile(np.array([[0, 255], [255, 0]], dtype=np.uint8), (16, 16))
    image = np.repeat(checks[..., None], 3, axis=2)
    assert np.abs(resize(image, 4).astype(int) - 128).max() <= 2
