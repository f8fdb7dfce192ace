import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from s2c2.data.formats.cifar10h import CLASSES, read, read_batch
from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 3072), dtype=np.uint8)
LABELS = [3, 8, 8]
COUNTS = np.zeros((3, 10), int)
COUNTS[[0, 0, 1, 2], [3, 5, 8, 8]] = [40, 11, 50, 52]


def batch(root: Path, protocol: int = 2, **changes: Any) -> Path:
    """A batch as CIFAR-10 has it; its keys are bytes, as Python 2 wrote them."""
    fields = {
        "data": PIXELS,
        "labels": LABELS,
        "batch_label": b"testing batch 1 of 1",
        "filenames": [b"a.png"] * 3,
    }
    content = {key.encode(): value for key, value in (fields | changes).items()}
    (root / "test_batch").write_bytes(pickle.dumps(content, protocol=protocol))
    np.save(root / "cifar10h-counts.npy", COUNTS)
    return root


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_images_come_out_as_they_are_stored_red_then_green_then_blue(tmp_path: Path, protocol: int) -> None:
    source = read(batch(tmp_path, protocol), ImportOptions())
    assert (source.classes, source.size, len(source.images)) == (CLASSES, 32, 3)
    assert source.annotations.rows() == [
        *(("0000.png", "", "cat", 40), ("0000.png", "", "dog", 11)),
        *(("0001.png", "", "ship", 50), ("0002.png", "", "ship", 52)),
    ]
    for number, image in enumerate(source.images):
        pixels = np.asarray(Image.open(io.BytesIO(image.read())))
        for row, column, colour in ((0, 0, 0), (1, 0, 1), (5, 31, 2)):
            assert pixels[row, column, colour] == PIXELS[number, colour * 1024 + row * 32 + column]


def test_python_2_batches_are_read(tmp_path: Path) -> None:
    """Python 2 wrote bytes as text; this is what its pickler gave for one small array."""
    content = np.arange(3072, dtype=np.int64).astype(np.uint8)
    stored = content.tobytes()
    python2 = (
        b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T" + len(stored).to_bytes(4, "little") + stored + b"tbU\x06labels](K\x03eu."
    )
    (tmp_path / "test_batch").write_bytes(python2)
    pixels, labels = read_batch(tmp_path / "test_batch")
    np.testing.assert_array_equal(pixels[0, :, :, 1].ravel(), content[1024:2048])
    assert labels.tolist() == [3]


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("evil"),)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_batch_that_calls_anything_else_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="not a CIFAR-10 python batch: it calls for"):
        read(batch(tmp_path, protocol, extra=Evil()), ImportOptions())
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"data": PIXELS[:, :100]}, "must be bytes of shape"),
        ({"data": PIXELS.astype(np.int64)}, "must be bytes of shape"),
        ({"data": np.asfortranarray(PIXELS)}, "must be bytes of shape"),
        ({"data": [1, 2]}, "must be bytes of shape"),
        ({"data": PIXELS[:2]}, "needs 2 labels"),
        ({"labels": [1, 2, 10]}, "labels from 0 to 9"),
        ({"labels": "abc"}, "labels from 0 to 9"),
        ({"labels": [0, 0, 0]}, "only 0% of the images"),
    ],
)
def test_a_batch_of_another_kind_is_refused(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match=why):
        read(batch(tmp_path, **changes), ImportOptions())


def test_missing_files_and_counts_of_other_images_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lacks test_batch"):
        read(tmp_path, ImportOptions())
    batch(tmp_path)
    np.save(tmp_path / "cifar10h-counts.npy", COUNTS[:2])
    with pytest.raises(UserError, match="has 2 rows, but there are 3 images"):
        read(tmp_path, ImportOptions())
    (tmp_path / "cifar10h-counts.npy").unlink()
    with pytest.raises(UserError, match=r"lacks cifar10h-counts\.npy"):
        read(tmp_path, ImportOptions())
    (tmp_path / "test_batch").write_bytes(b"no pickle")
    with pytest.raises(UserError, match="not a CIFAR-10 python batch"):
        read(tmp_path, ImportOptions())
