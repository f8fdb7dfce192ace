from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from s2c2.report.images import thumbnail


def decoded(uri: str) -> Image.Image:
    head, _, body = uri.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(BytesIO(b64decode(body))).convert("RGB")


def test_a_large_image_is_made_small_and_keeps_its_shape(tmp_path: Path) -> None:
    Image.new("RGB", (400, 200), (200, 30, 30)).save(tmp_path / "a.jpg")
    uri = thumbnail(tmp_path / "a.jpg", side=50)
    assert uri is not None
    assert decoded(uri).size == (50, 25)
    assert np.abs(np.asarray(decoded(uri), dtype=int).mean(axis=(0, 1)) - (200, 30, 30)).max() < 12


def test_a_small_image_keeps_its_size(tmp_path: Path) -> None:
    Image.new("L", (32, 32), 90).save(tmp_path / "a.png")
    uri = thumbnail(tmp_path / "a.png")
    assert uri is not None
    assert decoded(uri).size == (32, 32)


def test_absent_and_broken_files_give_none(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    assert thumbnail(tmp_path / "broken.png") is None
    assert thumbnail(tmp_path / "absent.png") is None
    assert thumbnail(tmp_path) is None
