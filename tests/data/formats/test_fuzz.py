"""Damaged sources: whatever is wrong with the bytes, the result is a source or one clear line."""

import io
import json
import pickle
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from s2c2.data.annotations import Annotations
from s2c2.data.description import describe
from s2c2.data.formats import FORMATS, ImportOptions, importer
from s2c2.data.layout import checked_splits
from s2c2.data.source import Source
from s2c2.errors import UserError


def image(side: int = 4) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(stream, format="PNG")
    return stream.getvalue()


def tar(mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name in ("a.png", "b.png"):
            info = tarfile.TarInfo(name)
            info.size = len(image())
            archive.addfile(info, io.BytesIO(image()))
    return stream.getvalue()


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.png", "b.png"):
            archive.writestr(name, image())
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    pl.DataFrame({"image": ["a.png"], "file_name": ["a.png"], "label": ["x"], "votes": [2]}).write_parquet(
        stream
    )
    return stream.getvalue()


def batch() -> bytes:
    content = {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 1]}
    return pickle.dumps(content, protocol=2)


COUNTS = npy(np.array([[1, 2], [3, 4]]))
TEN = npy(np.eye(10, dtype=np.uint8)[:2])
CSV = 'image,label,annotator,votes,split,file_name\na.png,x,ann,2,train,a.png\na.png,y,"b,ob",1,train,a.png\n'
META = 'file_name,label,soft_label\na.png,x,"[0.5, 0.5]"\n'
JSONL = '{"file_name": "a.png", "annotations": [{"worker": "w", "label": "x"}]}\n'
DCIC = [
    {"name": "I", "dataset_name": "T", "annotations": [{"image_path": "T/fold1/a.png", "class_label": "x"}]}
]
STL = {"train_X.bin": bytes(27_648), "train_y.bin": b"\x01", "class_names.txt": b"x y"}

VALID: dict[str, tuple[str, dict[str, bytes], str]] = {
    "tar": ("counts", {"images.tar": tar("w:"), "counts.npy": COUNTS}, "images.tar"),
    "tar.gz": ("counts", {"images.tar.gz": tar("w:gz"), "counts.npy": COUNTS}, "images.tar.gz"),
    "tar.xz": ("counts", {"images.tar.xz": tar("w:xz"), "counts.npy": COUNTS}, "images.tar.xz"),
    "zip": ("counts", {"images.zip": zipped(), "counts.npy": COUNTS}, "images.zip"),
    "counts": ("counts", {"a.png": image(), "b.png": image(), "counts.npy": COUNTS}, "counts.npy"),
    "batch": ("cifar10h", {"test_batch": batch(), "cifar10h-counts.npy": TEN}, "test_batch"),
    "csv": ("table", {"a.png": image(), "t.csv": CSV.encode()}, "t.csv"),
    "parquet": ("table", {"a.png": image(), "t.parquet": parquet()}, "t.parquet"),
    "jsonl": ("imagefolder", {"a.png": image(), "metadata.jsonl": JSONL.encode()}, "metadata.jsonl"),
    "metadata.csv": ("imagefolder", {"a.png": image(), "metadata.csv": META.encode()}, "metadata.csv"),
    "dcic": (
        "dcic",
        {"fold1/a.png": image(), "annotations.json": json.dumps(DCIC).encode()},
        "annotations.json",
    ),
    "stl10": ("stl10", STL, "train_y.bin"),
    "stl10 names": ("stl10", STL, "class_names.txt"),
    "folders": ("folders", {"a/1.png": image(), "b/2.png": image()}, "a/1.png"),
    "dc3": (
        "dc3",
        {f"{name}.png": image() for name in ("train/a/1", "train/b/2", "val/a/3")},
        "train/a/1.png",
    ),
}
"""For each case the format, a valid source, and which of its files is damaged."""

CLASSES = {"counts": ("x", "y"), "table": ("x", "y"), "imagefolder": ("x", "y"), "dcic": ("x", "y")}

Damage = Callable[[bytes], bytes]


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    """Cut, change or insert a few bytes."""
    cut = draw(st.one_of(st.none(), st.floats(0, 1)))
    edits = draw(
        st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4), st.booleans()), max_size=4)
    )

    def damage(data: bytes) -> bytes:
        for place, new, insert in edits:
            start = int(place * len(data))
            data = data[:start] + new + data[start + (0 if insert else len(new)) :]
        return data if cut is None else data[: int(cut * len(data))]

    return damage


@contextmanager
def written(files: dict[str, bytes]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "source"
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        yield root
        assert sorted(path.name for path in Path(folder).iterdir()) == ["source"]
        left = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
        assert {name: path.read_bytes() for name, path in left.items()} == files


def result(name: str, root: Path) -> Source | str:
    """The source, its images read; or what was said instead."""
    try:
        source = FORMATS[name](root, ImportOptions(classes=CLASSES.get(name)))
        for found in source.images:
            found.read()
        return source
    except UserError as error:
        return str(error)


@pytest.mark.parametrize("case", VALID)
def test_valid_sources_hold_what_a_dataset_needs(case: str) -> None:
    name, files, _ = VALID[case]
    with written(files) as root:
        source = result(name, root)
        assert isinstance(source, Source), source
        images = frozenset(image.name for image in source.images)
        assert len(images) == len(source.images)
        annotations = Annotations.build(source.annotations, source.classes)
        assert set(annotations.table["image"]) <= images
        assert len(annotations) > 0
        assert describe({"name": source.name, "classes": list(source.classes), "size": source.size})
        splits = pl.DataFrame(
            list(source.splits.items()), schema={"image": pl.String, "split": pl.String}, orient="row"
        )
        assert checked_splits(splits, images) == source.splits


@pytest.mark.parametrize("case", VALID)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(damage=damages())
def test_damaged_bytes_give_a_source_or_one_clear_line(case: str, damage: Damage) -> None:
    name, files, damaged = VALID[case]
    with written(files | {damaged: damage(files[damaged])}) as root:
        said = result(name, root)
        assert isinstance(said, Source) or len(said) > 10


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["absent", "empty folder", "empty file", "folder of folders"])
def test_what_is_no_source_at_all_gets_one_clear_line(tmp_path: Path, name: str, kind: str) -> None:
    root = tmp_path / "x"
    if kind == "empty file":
        root.touch()
    elif kind != "absent":
        root.mkdir()
    if kind == "folder of folders":
        for folder in ("train/a", "fold1", "images", "b"):
            (root / folder).mkdir(parents=True)
    with pytest.raises(UserError, match=re.escape(str(tmp_path))):
        FORMATS[name](root, ImportOptions())


def test_an_unknown_format_names_the_possible_ones() -> None:
    with pytest.raises(UserError, match="unknown format 'folder': did you mean 'folders'"):
        importer("folder")
