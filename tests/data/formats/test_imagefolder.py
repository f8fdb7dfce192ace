import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from s2c2.data.formats.imagefolder import read
from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError

Tree = Callable[..., Path]


def put(folder: Path, *rows: dict[str, Any]) -> Path:
    (folder / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


def test_annotations_before_soft_label_before_label_and_no_row_is_unlabeled(tree: Tree) -> None:
    root = put(
        tree("a.png", "b.png", "c.png", "cat/d.png"),
        {
            "file_name": "a.png",
            "annotations": [{"worker": "w1", "label": "cat"}, {"worker": 2, "label": "dog"}, {"label": None}],
            "soft_label": [0.5, 0.5],
            "label": "cat",
        },
        {"file_name": "b.png", "soft_label": [0.7, 0.3], "label": "cat"},
        {"file_name": "c.png", "label": "dog"},
    )
    source = read(root, ImportOptions(classes=("cat", "dog")))
    assert source.annotations.rows() == [
        ("a.png", "w1", "cat", 1),
        ("a.png", "2", "dog", 1),
        ("b.png", "", "cat", 7),
        ("b.png", "", "dog", 3),
        ("c.png", "", "dog", 1),
    ]
    assert [image.name for image in source.images] == ["a.png", "b.png", "c.png", "cat/d.png"]
    assert source.splits == {}


def test_split_folders_have_their_own_metadata(tree: Tree) -> None:
    root = tree("train/a.png", "train/b.png", "validation/a.png", "test/a.png", "test/b.png")
    put(root / "train", {"file_name": "a.png", "label": "cat"}, {"file_name": "b.png", "label": None})
    put(root / "validation", {"file_name": "a.png", "label": "dog"})
    (root / "test" / "metadata.csv").write_text(
        'file_name,annotations\na.png,"[{""worker"": ""w"", ""label"": ""cat""}]"\n'
    )
    source = read(root, ImportOptions())
    assert source.annotations.rows() == [
        ("train/a.png", "", "cat", 1),
        ("validation/a.png", "", "dog", 1),
        ("test/a.png", "w", "cat", 1),
    ]
    assert source.splits == {
        "train/a.png": "labeled",
        "train/b.png": "unlabeled",
        "validation/a.png": "selection",
        "test/a.png": "validation",
    }


@pytest.mark.parametrize("held_out", ["val", "valid", "validation", "test"])
def test_without_metadata_folders_are_classes_and_the_only_held_out_split_is_validation(
    tree: Tree, held_out: str
) -> None:
    source = read(tree("train/x/1.png", "train/y/1.png", f"{held_out}/x/1.png"), ImportOptions())
    assert source.classes == ("x", "y")
    assert source.splits == {
        "train/x/1.png": "labeled",
        "train/y/1.png": "labeled",
        f"{held_out}/x/1.png": "validation",
    }


def test_class_folders_without_splits(tree: Tree) -> None:
    source = read(tree("x/1.png", "y/1.png", "2.png"), ImportOptions())
    assert [row[2] for row in source.annotations.rows()] == ["x", "y"]
    assert source.splits == {}


def test_parquet_metadata_in_the_root_names_images_in_splits(tree: Tree) -> None:
    root = tree("train/a.png", "train/b.png")
    frame = pl.DataFrame(
        {"file_name": ["train/a.png", "train/b.png"], "label": ["x", "y"], "soft_label": [None, [0.25, 0.75]]}
    )
    frame.write_parquet(root / "metadata.parquet")
    source = read(root, ImportOptions(classes=("x", "y")))
    assert [row[3] for row in source.annotations.rows()] == [1, 1, 3]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"label": "x"}, "lacks 'file_name'"),
        ({"file_name": "b.png"}, r"line 1: unknown image 'b\.png'"),
        ({"file_name": "A.PNG"}, r"line 1: unknown image 'A\.PNG': did you mean 'a\.png'"),
        ({"file_name": "a.png", "label": "x", "votes": 3}, "line 1: votes '3' are not read from metadata"),
        ({"file_name": "a.png", "annotations": [{"label": "x", "votes": 0}]}, "line 1: votes '0' are not"),
        ({"file_name": "../a.png"}, "line 1: .*leads out"),
        ({"file_name": "a.png", "label": "z"}, "unknown class 'z'"),
        ({"file_name": "a.png", "label": [1]}, r"line 1: '\[1\]' is neither text"),
        ({"file_name": "a.png", "soft_label": [1.0]}, "line 1: soft_label must be a list of 2 numbers"),
        ({"file_name": "a.png", "soft_label": "{"}, "line 1: '{' is not a JSON list"),
        ({"file_name": "a.png", "annotations": {"label": "x"}}, "line 1: 'annotations' must be a list"),
        ({"file_name": "a.png", "annotations": ["x"]}, "line 1: 'x' in 'annotations' is not an object"),
    ],
)
def test_wrong_rows_are_named(tree: Tree, row: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match=why):
        read(put(tree("a.png"), row), ImportOptions(classes=("x", "y")))


def test_rows_files_and_soft_labels_that_leave_a_doubt_are_refused(tree: Tree) -> None:
    root = put(tree("a.png"), {"file_name": "a.png", "label": "x"}, {"file_name": "./a.png", "label": "y"})
    with pytest.raises(UserError, match=r"line 2: a\.png is already described in .*line 1"):
        read(root, ImportOptions())
    put(root, {"file_name": "a.png", "soft_label": [0.5, 0.5]})
    with pytest.raises(UserError, match="classes"):
        read(root, ImportOptions())
    (root / "metadata.csv").write_text("file_name\na.png\n")
    with pytest.raises(UserError, match=r"metadata\.jsonl and metadata\.csv"):
        read(root, ImportOptions())


def test_a_name_in_another_form_of_unicode_is_its_image(tree: Tree) -> None:
    root = put(tree("e\u0301.png"), {"file_name": "\u00e9.png", "label": "x"})
    assert read(root, ImportOptions(classes=("x", "y"))).annotations["image"].to_list() == ["e\u0301.png"]


def test_splits_in_capitals_are_not_taken_for_classes(tree: Tree) -> None:
    with pytest.raises(
        UserError, match=r"has the folders Test, Train: write those of splits in small letters"
    ):
        read(tree("Train/a/1.png", "Test/b/1.png"), ImportOptions())
