"""Small sources of every format, written to a temporary folder."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def encoded(value: int = 0, side: int = 8) -> bytes:
    """A small PNG; the value decides its pixels."""
    pixels = np.random.default_rng(value).integers(0, 256, (side, side, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


@pytest.fixture
def png() -> Callable[[int], bytes]:
    return encoded


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Writes images (by name) and text files (by name and content) below a folder and returns it."""

    def write(*images: str, **texts: str) -> Path:
        root = tmp_path / "source"
        root.mkdir(exist_ok=True)
        for number, name in enumerate(images):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(encoded(number))
        for name, text in texts.items():
            path = root / name.replace("__", "/").replace("_csv", ".csv").replace("_json", ".json")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return write
