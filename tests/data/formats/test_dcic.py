import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2c2.data.formats.dcic import read
from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError

Tree = Callable[..., Path]
FOLDS = [f"fold{number}/{number}.png" for number in range(1, 6)]


def annotation(image: str, label: str | None) -> dict[str, Any]:
    return {"image_path": f"Toy/{image}", "class_label": label, "created_at": "01-02-2024-10-11-12"}


def one_set(name: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    fields = {"name": name, "dataset_name": "Toy", "user_mail": "INVALID", "annotation_time": 0}
    return fields | {"annotations": list(annotations)}


def write(tree: Tree, sets: Any) -> Path:
    root = tree(*FOLDS)
    (root / "annotations.json").write_text(json.dumps(sets))
    return root


def test_sets_are_annotators_and_null_is_no_annotation(tree: Tree) -> None:
    first = one_set("INVALID1", annotation(FOLDS[0], "dog"), annotation(FOLDS[3], "cat"))
    second = one_set("INVALID2", annotation(FOLDS[0], "cat"), annotation(FOLDS[4], None))
    source = read(write(tree, [first, second]), ImportOptions())
    assert source.classes == ("cat", "dog")
    when = "01-02-2024-10-11-12"
    assert source.annotations.rows() == [
        (FOLDS[0], "INVALID1", "dog", 1, when),
        (FOLDS[3], "INVALID1", "cat", 1, when),
        (FOLDS[0], "INVALID2", "cat", 1, when),
    ]
    assert len(source.images) == 5
    assert source.splits[FOLDS[4]] == "unlabeled"
    assert "INVALID" not in "".join(source.annotations.columns)


@pytest.mark.parametrize(("v_fold", "val", "test"), [(1, 2, 3), (2, 3, 4), (3, 4, 5), (4, 5, 1), (5, 1, 2)])
def test_slices_follow_the_code_of_the_benchmark(tree: Tree, v_fold: int, val: int, test: int) -> None:
    labels = [annotation(image, "cat" if number else "dog") for number, image in enumerate(FOLDS)]
    splits = read(write(tree, [one_set("INVALID", *labels)]), ImportOptions(v_fold=v_fold)).splits
    expected = dict.fromkeys(FOLDS, "labeled") | {FOLDS[val - 1]: "selection", FOLDS[test - 1]: "validation"}
    assert splits == expected


@pytest.mark.parametrize(
    ("sets", "why"),
    [
        ({}, "must be a list of sets"),
        ([1], "set 1: needs text in 'name'"),
        ([{"name": "x", "dataset_name": "Toy"}], r"set 1 \(x\): needs a list"),
        ([one_set("x", {"class_label": "a"})], r"set 1 \(x\), annotation 1: needs text in 'image_path'"),
        (
            [one_set("x"), one_set("y", annotation("fold1/absent.png", "a"))],
            r"set 2 \(y\), annotation 1: no image",
        ),
        ([one_set("x", annotation("../../etc/a.png", "a"))], "leads out"),
        ([one_set("x", {"image_path": "Other/fold1/1.png", "class_label": "a"})], "does not begin with"),
        (
            [one_set("x", {"image_path": "Toy/fold1/1.png", "class_label": 3})],
            "needs text in 'class_label', not 3",
        ),
    ],
)
def test_what_is_wrong_is_named_by_set_and_annotation(tree: Tree, sets: Any, why: str) -> None:
    with pytest.raises(UserError, match=why):
        read(write(tree, sets), ImportOptions())


def test_a_missing_file_and_a_folder_that_is_no_fold_are_named(tree: Tree) -> None:
    root = tree(*FOLDS)
    with pytest.raises(UserError, match=r"lacks annotations\.json"):
        read(root, ImportOptions())
    root = write(tree, [])
    tree("fold6/a.png")
    with pytest.raises(UserError, match="unknown fold 'fold6'"):
        read(root, ImportOptions())
