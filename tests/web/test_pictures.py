from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
