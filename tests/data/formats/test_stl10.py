import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2c2.data.formats.options import ImportOptions
from s2c2.data.formats.stl10 import CLASSES, read
from s2c2.errors import UserError


def binaries(root: Path) -> Path:
    rng = np.random.default_rng(0)
    for part, count in (("train", 2), ("test", 1), ("unlabeled", 3)):
        (root / f"{part}_X.bin").write_bytes(rng.bytes(count * 27_648))
    (root / "train_y.bin").write_bytes(bytes([1, 10]))
    (root / "test_y.bin").write_bytes(bytes([2]))
    return root


def test_three_parts_become_three_splits(tmp_path: Path) -> None:
    source = read(binaries(tmp_path), ImportOptions(name="stl10"))
    assert source.annotations.rows() == [
        ("train/00000.png", "", "airplane", 1),
        ("train/00001.png", "", "truck", 1),
        ("test/00000.png", "", "bird", 1),
    ]
    assert list(source.splits.values()) == ["labeled"] * 2 + ["validation"] + ["unlabeled"] * 3
    assert {image.name for image in source.images} == set(source.splits)
    assert (source.classes, source.size) == (CLASSES, 96)


def test_pixels_are_stored_channel_by_channel_and_column_by_column(tmp_path: Path) -> None:
    source = read(binaries(tmp_path), ImportOptions())
    stored = (tmp_path / "train_X.bin").read_bytes()
    pixels = np.asarray(Image.open(io.BytesIO(source.images[1].read())))
    for row, column, colour in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (95, 3, 2), (7, 90, 1)):
        assert pixels[row, column, colour] == stored[27_648 + colour * 9216 + column * 96 + row]


def test_the_folder_of_the_download_and_its_class_names_are_found(tmp_path: Path) -> None:
    (tmp_path / "stl10_binary").mkdir()
    folder = binaries(tmp_path / "stl10_binary")
    (folder / "unlabeled_X.bin").unlink()
    (folder / "class_names.txt").write_text("\n".join(f"c{number}" for number in range(10)))
    source = read(tmp_path, ImportOptions())
    assert source.annotations["label"].to_list() == ["c0", "c9", "c1"]
    assert len(source.images) == 3


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lacks train_X\.bin"):
        read(tmp_path, ImportOptions())
    for name, content, why in (
        ("train_y.bin", bytes([1]), r"train_y\.bin has 1 labels, but train_X\.bin has 2 images"),
        ("train_y.bin", bytes([1, 11]), "image 1: label 11 is not from 1 to 10"),
        ("train_y.bin", bytes([0, 1]), "image 0: label 0"),
        ("test_X.bin", bytes(27_647), "has 27647 bytes: not a whole number"),
        ("unlabeled_X.bin", b"", "has 0 bytes"),
    ):
        (binaries(tmp_path) / name).write_bytes(content)
        with pytest.raises(UserError, match=why):
            read(tmp_path, ImportOptions())
    (binaries(tmp_path) / "test_y.bin").unlink()
    with pytest.raises(UserError, match=r"test_y\.bin"):
        read(tmp_path, ImportOptions())
