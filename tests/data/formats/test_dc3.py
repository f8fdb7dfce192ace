from collections.abc import Callable
from pathlib import Path

import pytest

from s2c2.data.formats.dc3 import read
from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError

Tree = Callable[..., Path]


def test_the_four_folders_become_splits_and_their_folders_labels(tree: Tree) -> None:
    root = tree(
        "train/a/1.png",
        "train/b/2.png",
        "val/a/3.png",
        "unlabeled/b/4.png",
        "unlabeled/5.png",
        "test/a/6.png",
    )
    source = read(root, ImportOptions())
    assert source.classes == ("a", "b")
    assert source.splits == {
        "train/a/1.png": "labeled",
        "train/b/2.png": "labeled",
        "val/a/3.png": "validation",
        "unlabeled/b/4.png": "unlabeled",
        "unlabeled/5.png": "unlabeled",
        "test/a/6.png": "selection",
    }
    labels = {image: label for image, _, label, _ in source.annotations.iter_rows()}
    assert labels == {name: name.split("/")[1] for name in source.splits if name != "unlabeled/5.png"}


def test_a_training_image_without_class_is_unlabeled(tree: Tree) -> None:
    source = read(tree("train/a/1.png", "train/b/1.png", "train/2.png"), ImportOptions())
    assert source.splits["train/2.png"] == "unlabeled"


def test_folders_in_capitals_are_named(tree: Tree) -> None:
    with pytest.raises(UserError, match="is it 'Train'\\? Then rename it"):
        read(tree("Train/a/1.png", "val/b/1.png"), ImportOptions())


def test_other_layouts_are_refused(tree: Tree) -> None:
    with pytest.raises(UserError, match="lacks the folder train"):
        read(tree("a/1.png"), ImportOptions())
    (tree() / "a/1.png").unlink()
    with pytest.raises(UserError, match="unknown part 'tset': did you mean 'test'"):
        read(tree("train/a/1.png", "tset/a/1.png"), ImportOptions())
