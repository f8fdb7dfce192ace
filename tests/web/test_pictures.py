import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from s2c2.web import pictures
from s2c2.web.pictures import PLACEHOLDER, Pictures


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 300, 3), dtype=np.uint8)).save(path)
    return path


def test_a_picture_without_a_file_is_a_placeholder(tmp_path: Path) -> None:
    for path in (None, tmp_path / "absent.png", tmp_path, Path("a\0b")):
        made = Pictures(lambda number, path=path: path, None)  # type: ignore[misc]
        assert made.thumbnail(0, 96) is PLACEHOLDER
        assert made.full(0) is PLACEHOLDER
        assert made.broken(0)


def test_huge_images_are_not_decoded(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "FILE_LIMIT", 100)
    assert Pictures(lambda number: image, None).thumbnail(0, 96).broken


def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(bomb)
    assert Pictures(lambda number: bomb, None).thumbnail(0, 96).broken


def test_a_changed_file_has_another_tag(image: Path) -> None:
    made = Pictures(lambda number: image, None)
    first = made.thumbnail(0, 96)
    assert made.thumbnail(0, 96).tag == first.tag
    assert made.thumbnail(0, 128).tag != first.tag
    Image.new("RGB", (40, 300)).save(image)
    assert made.thumbnail(0, 96).tag != first.tag


def test_a_thumbnail_is_made_once(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    first = Pictures(lambda number: image, cache).thumbnail(0, 96)
    monkeypatch.setattr(pictures, "load", lambda *args, **more: pytest.fail("decoded again"))
    assert Pictures(lambda number: image, cache).thumbnail(0, 96) == first


def test_a_cache_that_cannot_be_written_does_no_harm(image: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert not Pictures(lambda number: image, tmp_path / "file" / "cache").thumbnail(0, 96).broken


def encoded(image: Image.Image, kind: str = "PNG", **more: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **more)
    return stream.getvalue()


SMALL = Image.effect_noise((32, 20), 50)
NOTE = PngInfo()
NOTE.add_text("Comment", "taken at home")
PLACE = Image.Exif()
PLACE[0x0112] = 6


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (encoded(SMALL), "image/png"),
        (encoded(SMALL.convert("RGB")), "image/png"),
        (encoded(SMALL.convert("RGB"), "JPEG"), "image/jpeg"),
        (encoded(SMALL.resize((97, 3))), None),
        (encoded(SMALL.convert("RGBA")), None),
        (encoded(SMALL.convert("P")), None),
        (encoded(SMALL.convert("I;16")), None),
        (encoded(SMALL, pnginfo=NOTE), None),
        (encoded(SMALL, icc_profile=b"profile"), None),
        (encoded(SMALL.convert("RGB"), "JPEG", exif=PLACE), None),
        (encoded(SMALL.convert("RGB"), "JPEG", comment=b"taken at home"), None),
        (encoded(SMALL.convert("CMYK"), "JPEG"), None),
        (encoded(SMALL, save_all=True, append_images=[SMALL.rotate(180)]), None),
        (encoded(SMALL, "TIFF"), None),
    ],
)
def test_a_small_plain_file_is_given_as_it_is(data: bytes, kind: str | None, tmp_path: Path) -> None:
    path, cache = tmp_path / "small", tmp_path / "cache"
    path.write_bytes(data)
    shown = Pictures(lambda number: path, cache).thumbnail(0, 96)
    assert not shown.broken
    assert (shown.data == data, shown.media_type) == (kind is not None, kind or "image/webp")
    assert cache.exists() == (kind is None)


def test_a_small_file_that_is_cut_off_is_not_given_as_it_is(tmp_path: Path) -> None:
    path, data = tmp_path / "cut.png", encoded(SMALL)
    for end, broken in ((10, True), (len(data) // 2, True), (len(data) - 20, False)):
        path.write_bytes(data[:end])
        shown = Pictures(lambda number: path, None).thumbnail(0, 96)
        assert (shown.broken, shown.media_type == "image/png") == (broken, False)


def test_a_small_file_with_something_behind_it_is_drawn_anew(tmp_path: Path) -> None:
    path = tmp_path / "more.png"
    path.write_bytes(encoded(SMALL) + b"<script>")
    assert Pictures(lambda number: path, None).thumbnail(0, 96).media_type == "image/webp"


def test_only_so_many_bytes_of_thumbnails_are_held(image: Path) -> None:
    each = len(Pictures(lambda number: image, None).thumbnail(0, 96).data) + pictures.EXTRA
    made = Pictures(lambda number: image, None, kept=2 * each)
    first, *_ = (made.thumbnail(number, 96) for number in (0, 1, 0, 2))
    assert [made.held(number, 96) is None for number in (0, 1, 2)] == [False, True, False]
    assert made.held(0, 96) == first
    assert made.held(0, 128) is None
    assert made.held(2, 96) == first


def test_a_thumbnail_that_changes_counts_once(image: Path) -> None:
    made = Pictures(lambda number: image, None, kept=2 * (4000 + pictures.EXTRA))
    for shade in range(40):
        Image.new("RGB", (40, 30), (shade, 0, 0)).save(image)
        os.utime(image, ns=(shade, shade))
        made.thumbnail(0, 96)
        made.thumbnail(1, 96)
    assert None not in (made.held(0, 96), made.held(1, 96))


def test_a_thumbnail_that_is_larger_than_all_that_may_be_held_is_held_alone(image: Path) -> None:
    made = Pictures(lambda number: image, None, kept=1)
    made.thumbnail(0, 96)
    made.thumbnail(1, 96)
    assert made.held(0, 96) is None
    assert made.held(1, 96) is not None
