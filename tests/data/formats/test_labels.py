from pathlib import Path

import numpy as np
import pytest

from s2c2.data.formats.labels import class_names, fixed_splits, folder_label, misspelt, tally, votes_table
from s2c2.data.formats.options import ImportOptions
from s2c2.errors import UserError


def test_classes_are_sorted_or_in_the_order_given() -> None:
    assert class_names(["b", "a", "b"], ImportOptions(), "x") == ("a", "b")
    assert class_names(["b", "a"], ImportOptions(classes=("b", "c", "a")), "x") == ("b", "c", "a")


@pytest.mark.parametrize(
    ("found", "given", "why"),
    [
        ([], None, "found no classes.*--classes"),
        (["a"], None, "found only the class 'a'"),
        (["cta", "dog"], ("cat", "dog"), "unknown class 'cta': did you mean 'cat'"),
        (["cat", "Cat"], None, "classes 'Cat' and 'cat' differ only in case: write them alike"),
        (
            ["cat", "Cat", "dog", "DOG", "CAT", "eel"],
            None,
            "classes 'CAT', 'Cat' and 'cat' differ only in case; 'DOG' and 'dog' differ only in case: write",
        ),
        (["1", "2", "1.0"], None, r"'1' and '1\.0' are the same number: write them alike"),
        (["2", "2,00"], None, "are the same number"),
        (["01", "1", "10"], None, "'01' and '1' are the same number"),
        (["\u00e9", "e\u0301"], None, "look alike, but their accents are written in two ways"),
    ],
)
def test_classes_that_cannot_be_are_refused(
    found: list[str], given: tuple[str, ...] | None, why: str
) -> None:
    with pytest.raises(UserError, match=why):
        class_names(found, ImportOptions(classes=given), "x")


@pytest.mark.parametrize(
    "fields", [{"classes": ("a", "a")}, {"classes": ("a", " ")}, {"v_fold": 0}, {"v_fold": 6}]
)
def test_options_that_cannot_be_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(UserError):
        ImportOptions(**fields)  # type: ignore[arg-type]


def test_votes_become_one_row_for_each_image_and_class_chosen() -> None:
    counts = np.array([[0, 3], [0, 0], [1, 2]])
    table = votes_table(["a", "b", "c"], counts, ("x", "y"))
    assert table.rows() == [("a", "", "y", 3), ("c", "", "x", 1), ("c", "", "y", 2)]


def test_the_label_is_the_folder_at_a_depth() -> None:
    assert folder_label("train/cat/a/b.png", 1) == "cat"
    assert folder_label("train/b.png", 1) is None
    assert folder_label("train/_unlabeled/b.png", 1) is None


def test_what_nobody_annotated_is_never_labeled_nor_scored() -> None:
    split = {
        "a": "labeled",
        "b": "labeled",
        "c": "validation",
        "d": "validation",
        "e": "unlabeled",
        "f": "selection",
    }
    assert fixed_splits(split, {"a", "c"}) == {
        "a": "labeled",
        "b": "unlabeled",
        "c": "validation",
        "e": "unlabeled",
    }


def test_a_dataset_is_named_after_its_folder_or_file_unless_it_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "pets v1.2").mkdir()
    assert ImportOptions().title(tmp_path / "pets v1.2") == "pets v1.2"
    assert ImportOptions().title(tmp_path / "images.tar.xz") == "images"
    assert ImportOptions(name="other").title(tmp_path) == "other"


def test_rare_classes_that_are_named_nearly_as_others_are_doubted() -> None:
    assert misspelt({"crb": 2, "crab": 100, "worm": 90, "eel": 1}) == (
        "the class 'crb' (2) may be 'crab' (100) misspelt",
    )
    assert misspelt({"crb": 11, "crab": 100}) == ()
    assert misspelt({"stage 1": 100, "stage 12": 1, "2": 0}) == ()
    assert misspelt({"male": 100, "mal": 1, "males": 0, "crab": 90}) == (
        "the class 'mal' (1) may be 'male' (100) misspelt",
        "the class 'males' (0) may be 'male' (100) misspelt",
    )
    doubted = misspelt({"alligator": 100} | {f"alligator{letter}": 1 for letter in "abcdefg"})
    assert len(doubted) == 6
    assert doubted[-1] == "2 more classes may be misspelt"
    assert misspelt({f"class {number:04}": number for number in range(2000)}) == ()


def test_of_many_classes_the_first_are_listed() -> None:
    said = tally({f"c{number}": number for number in range(15)})
    assert said.startswith("c0 0, c1 1, ")
    assert said.endswith("c11 11, and 3 more classes")
