"""Each format the whole way: source, importer, dataset folder, and read again."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2c2.data.dataset import create, read
from s2c2.data.formats import FORMATS, ImportOptions, importer

NAMES = ("cat", "dog")


def picture(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def put(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def folders(root: Path) -> None:
    for number, place in enumerate(("cat/0", "dog/1", "_unlabeled/2")):
        put(root / f"{place}.png", picture(number))


def table(root: Path) -> None:
    folders(root)
    put(
        root / "labels.csv",
        "image,label,annotator\ncat/0.png,cat,ann\ncat/0.png,dog,bob\ndog/1.png,dog,ann\n",
    )


def counts(root: Path) -> None:
    for number in range(3):
        put(root / "images" / f"{number}.png", picture(number))
    np.save(root / "counts.npy", np.array([[2, 1], [0, 3], [0, 0]]))
    put(root / "classes.txt", "cat\ndog\n")


def dc3(root: Path) -> None:
    for number, split in enumerate(("train", "val", "unlabeled")):
        for name in NAMES:
            put(root / split / name / f"{split}-{name}.png", picture(2 * number + (name == "dog")))


def dcic(root: Path) -> None:
    rows = []
    for fold in range(1, 6):
        for number, name in enumerate(NAMES):
            path = f"Toy/fold{fold}/{fold}-{name}.png"
            put(root / f"fold{fold}" / f"{fold}-{name}.png", picture(10 * fold + number))
            rows.append(f'{{"image_path": "{path}", "class_label": "{name}"}}')
    listed = f'[{{"name": "INVALID1", "dataset_name": "Toy", "annotations": [{", ".join(rows)}]}}]'
    put(root / "annotations.json", listed)


def imagefolder(root: Path) -> None:
    for number in range(3):
        put(root / f"{number}.png", picture(number))
    put(
        root / "metadata.jsonl",
        '{"file_name": "0.png", "label": "cat"}\n{"file_name": "1.png", "label": "dog"}\n',
    )


def stl10(root: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 27648), dtype=np.uint8)
    for name in ("train", "test", "unlabeled"):
        put(root / f"{name}_X.bin", (pixels + len(name)).astype(np.uint8).tobytes())
    for name in ("train", "test"):
        put(root / f"{name}_y.bin", b"\x01\x02")
    put(root / "class_names.txt", "cat\ndog\n")


MAKERS = {
    "folders": folders,
    "table": table,
    "counts": counts,
    "dc3": dc3,
    "dcic": dcic,
    "imagefolder": imagefolder,
    "stl10": stl10,
}


def test_each_format_is_here_or_has_a_test_of_its_own() -> None:
    assert set(FORMATS) - set(MAKERS) == {"cifar10h"}


@pytest.mark.parametrize("name", MAKERS)
def test_source_becomes_a_dataset_that_reads_the_same(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path / "source")
    source = importer(name)(tmp_path / "source", ImportOptions())
    made = create(source, tmp_path / "data")
    again = read(tmp_path / "data")
    assert again == made
    assert again.classes == NAMES
    assert set(again.images) == {image.name for image in source.images}
    assert dict(again.splits) == dict(source.splits)
    votes = again.annotations.votes(again.images)
    assert votes.sum() > 0
    for image in source.images:
        assert again.path(image.name).read_bytes() == image.read()
    assert not list(tmp_path.glob(".*"))
