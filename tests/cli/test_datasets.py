from pathlib import Path

import pytest

from s2c2.data.dataset import read
from s2c2.data.synthetic import synthetic
from tests.cli.conftest import Command


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Thirty images of a generated dataset, in a folder of their own."""
    synthetic(tmp_path / "drawn", images=30, classes=2, size=16)
    return (tmp_path / "drawn" / "images").rename(tmp_path / "photos")


def labeled(photos: Path, labels: list[str]) -> None:
    names = sorted(path.name for path in photos.glob("*.png"))
    rows = [f"{name},{label}" for name, label in zip(names, labels, strict=True)]
    (photos / "labels.csv").write_text("\n".join(["image,label", *rows]))


def test_a_dataset_is_called_as_its_folder_unless_named(photos: Path, s2c2: Command, tmp_path: Path) -> None:
    labeled(photos, ["crab"] * 15 + ["worm"] * 15)
    for flags, name in (((), "beasts"), (("--name", "pond"), "pond")):
        dest = tmp_path / name / "beasts"
        dest.parent.mkdir()
        done = s2c2("data", "import", photos, dest, "--format", "table", *flags)
        assert done.returncode == 0, done.stderr
        assert read(dest).name == name


def test_an_import_says_what_classes_it_found_and_what_it_passed_over(
    photos: Path, s2c2: Command, tmp_path: Path
) -> None:
    labeled(photos, ["crab"] * 15 + ["worm"] * 12 + ["wrom"] + ["NA"] * 2)
    (photos / "x.tga").touch()
    flags = "--format", "table"
    said = s2c2("data", "import", photos, tmp_path / "a", *flags).stdout.replace("\n", " ")
    assert "30 images, 3 classes, 28 annotations" in said
    assert "annotations by class: crab 15, worm 12, wrom 1" in said
    assert "the class 'wrom' (1) may be 'worm' (12) misspelt" in said
    assert "labels taken as missing: NA 2" in said
    assert "1 other file was not read: .tga 1" in said
    said = s2c2("data", "import", photos, tmp_path / "b", *flags, "--classes", "wrom,crab,worm").stdout
    assert "annotations by class: wrom 1, crab 15, worm 12" in said
    assert "misspelt" not in said
