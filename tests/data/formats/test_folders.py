from collections.abc import Callable
from pathlib import Path

import pytest

from s2c2.data.dataset import create
from s2c2.data.formats.folders import read
from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError

Tree = Callable[..., Path]


def test_folders_are_classes_and_images_beside_them_have_no_label(tree: Tree) -> None:
    root = tree("dog/sub/1.png", "cat/1.png", "top.png", "_unlabeled/2.png", "unlabeled/3.png")
    (root / "eel").mkdir()
    source = read(root, ImportOptions())
    assert source.name == "source"
    assert source.classes == ("cat", "dog", "eel")
    assert [image.name for image in source.images] == [
        *("_unlabeled/2.png", "cat/1.png", "dog/sub/1.png", "top.png", "unlabeled/3.png")
    ]
    assert source.annotations.rows() == [("cat/1.png", "", "cat", 1), ("dog/sub/1.png", "", "dog", 1)]
    assert source.splits == {}


def test_a_plain_folder_is_unlabeled_and_needs_its_classes_named(tree: Tree) -> None:
    root = tree("a.png", "b.png")
    with pytest.raises(UserError, match=r"found no classes.*--classes"):
        read(root, ImportOptions())
    source = read(root, ImportOptions(classes=("x", "y"), name="plain"))
    assert (source.name, source.classes, len(source.images), source.annotations.height) == (
        "plain",
        ("x", "y"),
        2,
        0,
    )


def test_a_dataset_within_the_source_is_neither_a_class_nor_read(tree: Tree) -> None:
    root = tree("cat/1.png", "dog/2.png")
    create(read(root, ImportOptions()), root / "ds")
    create(read(root, ImportOptions()), root / "cat" / "inner")
    source = read(root, ImportOptions())
    assert source.classes == ("cat", "dog")
    assert [image.name for image in source.images] == ["cat/1.png", "dog/2.png"]
    (note,) = source.notes
    assert note.startswith("passed over as datasets, for they hold a dataset.yaml: ")
    assert note.endswith(f"{root / 'cat' / 'inner'}, {root / 'ds'}")
    again = read(root / "ds", ImportOptions(classes=("images", "other")))
    assert ([image.name for image in again.images], again.notes) == (
        ["images/cat/1.png", "images/dog/2.png"],
        (),
    )


def test_images_in_formats_that_cannot_be_read_are_left_out_on_request(tree: Tree, tmp_path: Path) -> None:
    root = tree("cat/1.png", "cat/2.GIF", "dog/1.png", "dog/2.bmp")
    source = read(root, ImportOptions())
    with pytest.raises(
        UserError, match=r"2 images are broken \(--skip-broken .*\.gif cannot be read; convert"
    ):
        create(source, tmp_path / "ds")
    made = create(source, tmp_path / "ds", skip_broken=True)
    assert made.images == ("cat/1.png", "dog/1.png")
    broken = (tmp_path / "ds" / "broken.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in broken] == ["image", "cat/2.GIF", "dog/2.bmp"]
    assert source.notes == ()


def test_folders_outside_the_classes_given_and_split_folders_are_refused(tree: Tree) -> None:
    with pytest.raises(UserError, match="unknown class 'dog'"):
        read(tree("cat/1.png", "dog/1.png"), ImportOptions(classes=("cat", "dogs")))


def test_split_folders_are_not_taken_for_classes(tree: Tree) -> None:
    with pytest.raises(UserError, match="use --format dc3 or imagefolder"):
        read(tree("train/a/1.png", "val/a/2.png"), ImportOptions())


def test_nor_are_those_in_capitals(tree: Tree) -> None:
    with pytest.raises(UserError, match="these are splits; write them in small letters, and use"):
        read(tree("Train/a/1.png", "Test/a/2.png"), ImportOptions())


def test_a_folder_above_the_classes_is_said(tree: Tree) -> None:
    root = tree("images/a/1.png", "images/b/2.png")
    with pytest.raises(UserError, match=rf"one folder, images, with 2 in it: import {root}/images, or name"):
        read(root, ImportOptions())
