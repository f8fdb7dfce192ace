import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2c2.data.formats.arrays import png, read_counts
from s2c2.errors import UserError


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.uint64])
def test_counts_of_any_whole_type_are_read(tmp_path: Path, kind: type) -> None:
    np.save(tmp_path / "c.npy", np.array([[1, 2], [0, 0]], dtype=kind))
    counts = read_counts(tmp_path / "c.npy", 2)
    assert counts.tolist() == [[1, 2], [0, 0]]
    assert counts.dtype == np.int64


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.zeros((3, 2), int), "has 3 rows, but there are 2 images"),
        (np.zeros(2, int), r"shape \(2,\)"),
        (np.zeros((2, 2)), "float64"),
        (np.zeros((2, 2), bool), "bool"),
        (np.array([[0, 1], [-1, 0]]), "row 2, class 1: -1 is not"),
        (np.array([[2**63, 1], [1, 0]], dtype=np.uint64), "row 1, class 1"),
        (np.array([["a"], ["b"]]), "<U1"),
    ],
)
def test_counts_that_are_none_are_refused(tmp_path: Path, array: np.ndarray, why: str) -> None:
    np.save(tmp_path / "c.npy", array)
    with pytest.raises(UserError, match=why):
        read_counts(tmp_path / "c.npy", 2)


def test_pickles_archives_and_claims_beyond_the_file_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "object.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "several.npz", a=np.zeros(1))
    np.save(tmp_path / "short.npy", np.zeros((2, 2), int))
    short = (tmp_path / "short.npy").read_bytes().replace(b"(2, 2), }     ", b"(2, 2000000), }")
    (tmp_path / "short.npy").write_bytes(short)
    for name in ("object.npy", "several.npz", "short.npy", "absent.npy"):
        with pytest.raises(UserError, match=name):
            read_counts(tmp_path / name, 2)


def test_png_keeps_every_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    read = np.asarray(Image.open(io.BytesIO(png(pixels[:, ::-1]))))
    np.testing.assert_array_equal(read, pixels[:, ::-1])
