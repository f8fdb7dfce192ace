from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from s2c2.data.check import Finding, Report, check
from s2c2.data.dataset import read
from s2c2.data.splits import divide
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError


def png(seed: int, height: int = 20, width: int = 20) -> bytes:
    stream = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Eight images, of which ``7.png`` has no annotation."""
    (tmp_path / "images").mkdir()
    (tmp_path / "dataset.yaml").write_text("name: pets\nclasses: [cat, dog]\nsize: 20\n")
    for number in range(8):
        (tmp_path / "images" / f"{number}.png").write_bytes(png(number))
    annotate(
        tmp_path, [("0", "cat", 10), ("1", "cat", 9), ("1", "dog", 1), ("2", "dog", 99), ("2", "cat", 1)]
    )
    return tmp_path


def annotate(root: Path, rows: list[tuple[str, str, int]]) -> None:
    rows = [*rows, ("3", "cat", 1), ("4", "cat", 1), ("5", "cat", 1), ("6", "dog", 1)]
    frame = pl.DataFrame(rows, schema=["image", "label", "votes"], orient="row")
    frame.with_columns(pl.col("image") + ".png").write_parquet(root / "annotations.parquet")


def found(report: Report, topic: str) -> list[Finding]:
    return [finding for finding in (*report.errors, *report.warnings) if finding.topic == topic]


def test_a_good_dataset_has_no_findings_but_that_it_is_small(root: Path) -> None:
    report = check(read(root))
    assert report.errors == ()
    assert [finding.topic for finding in report.warnings] == ["splits"]
    assert "set data.labeled=2 or more" in report.warnings[0].message
    assert report.classes == (("cat", 5, 23), ("dog", 2, 101))
    assert report.votes == ((0, 1), (1, 4), (10, 2), (100, 1))
    assert report.splits == ()
    assert dict(report.facts) == {
        "images": "8",
        "annotated": "7",
        "broken": "0",
        "classes": "2",
        "votes": "124",
        "votes per annotated image": "17.7",
        "ambiguous (strict)": "28.6%",
        "ambiguous (dissent)": "14.3%",
        "imbalance": "2.5 : 1",
    }


def test_broken_images_are_errors(root: Path) -> None:
    (root / "images" / "3.png").write_bytes(png(3)[:100])
    report = check(read(root))
    (finding,) = report.errors
    assert finding.topic == "broken"
    assert finding.message.startswith("1 image(s) cannot be decoded")
    assert finding.examples[0].startswith("3.png: damaged image")
    assert dict(report.facts)["broken"] == "1"


def test_all_broken_still_gives_a_report(root: Path) -> None:
    for path in (root / "images").iterdir():
        path.write_bytes(b"no image")
    (finding,) = check(read(root)).errors
    assert finding.count == 8
    assert len(finding.examples) == 5


def test_annotations_of_absent_images_are_errors(root: Path) -> None:
    annotate(root, [("x", "cat", 1), ("x", "dog", 1), ("y", "cat", 1), ("0", "dog", 1)])
    (finding,) = found(check(read(root)), "annotations")
    assert finding.examples == ("x.png", "y.png")
    assert finding in check(read(root)).errors


def test_classes_without_labels(root: Path) -> None:
    (root / "dataset.yaml").write_text("name: pets\nclasses: [cat, dog, owl, fox]\nsize: 20\n")
    annotate(root, [("0", "cat", 3), ("0", "owl", 1)])
    report = check(read(root))
    assert [finding.examples for finding in report.errors] == [("fox",)]
    assert [finding.examples for finding in found(report, "classes")[1:]] == [("owl",), ("dog",)]
    assert dict(report.facts)["imbalance"] == "a class is empty"


def test_classes_that_no_score_will_tell_of(root: Path) -> None:
    (root / "splits.csv").write_text("image,split\n0.png,validation\n1.png,validation\n2.png,labeled\n")
    (finding,) = found(check(read(root)), "classes")
    assert finding.message.startswith("1 class(es) without a validation image")
    assert finding.examples == ("dog",)
    (root / "splits.csv").write_text("image,split\n0.png,validation\n6.png,validation\n2.png,labeled\n")
    assert found(check(read(root)), "classes") == []


def test_a_class_of_one_image_is_not_scored(root: Path) -> None:
    (root / "dataset.yaml").write_text("name: pets\nclasses: [cat, dog, owl]\nsize: 20\n")
    annotate(root, [("0", "cat", 3), ("1", "owl", 1), ("2", "dog", 1)])
    (finding,) = found(check(read(root)), "classes")
    assert finding.examples == ("owl",)


def test_sizes_that_training_would_refuse(tmp_path: Path) -> None:
    synthetic(tmp_path / "few", images=40, size=16, classes=8)
    assert found(check(read(tmp_path / "few")), "splits")[0].message.endswith("set data.labeled=8 or more")
    synthetic(tmp_path / "more", images=80, size=16, classes=8)
    assert found(check(read(tmp_path / "more")), "splits") == []


def test_almost_black_images(root: Path) -> None:
    dark = np.random.default_rng(0).integers(0, 4096, (20, 20)).astype(np.uint16)
    Image.fromarray(dark).save(root / "images" / "3.png")
    (finding,) = found(check(read(root)), "brightness")
    assert finding.examples == ("3.png (brightest 16 of 255)",)


def test_images_whose_further_pages_are_not_read(root: Path) -> None:
    image = Image.open(root / "images" / "3.png")
    image.save(root / "images" / "8.tif", save_all=True, append_images=[image.rotate(90)])
    (finding,) = found(check(read(root)), "pages")
    assert finding.examples == ("8.tif (2 pages)",)
    assert "only the first is read" in finding.message


def test_duplicates_are_warnings_and_leaks_errors(root: Path) -> None:
    (root / "images" / "copy.png").write_bytes(png(0))
    report = check(read(root))
    assert [finding.examples for finding in found(report, "duplicates")] == [("0.png = copy.png",)]
    assert report.errors == ()
    (root / "splits.csv").write_text("image,split\n0.png,validation\ncopy.png,unlabeled\n1.png,labeled\n")
    report = check(read(root))
    assert [finding.examples for finding in found(report, "leaks")] == [("0.png = copy.png",)]
    assert report.errors[0].topic == "leaks"
    assert report.splits == (
        ("labeled", 1),
        ("unlabeled", 1),
        ("validation", 1),
        ("selection", 0),
        ("none", 6),
    )
    assert [finding.count for finding in found(report, "splits")] == [6]
    assert any(finding.message.startswith("6 image(s) in no split") for finding in report.warnings)
    (root / "splits.csv").write_text("image,split\n0.png,labeled\ncopy.png,unlabeled\n1.png,validation\n")
    assert found(check(read(root)), "leaks") == []


def test_a_split_that_needs_labels(root: Path) -> None:
    (root / "splits.csv").write_text("image,split\n7.png,validation\n0.png,labeled\n")
    (finding,) = check(read(root)).errors
    assert finding.examples == ("7.png (validation)",)


@pytest.mark.parametrize(
    ("splits", "missing"),
    [
        ({"labeled": "0126"}, ["validation"]),
        ({"validation": "06"}, ["labeled"]),
        ({"unlabeled": "06"}, ["labeled", "validation"]),
        ({"labeled": "02", "validation": "16"}, []),
    ],
)
def test_fixed_splits_that_training_refuses(root: Path, splits: dict[str, str], missing: list[str]) -> None:
    rows = [f"{number}.png,{split}" for split, numbers in splits.items() for number in numbers]
    (root / "splits.csv").write_text("\n".join(["image,split", *rows]))
    dataset = read(root)
    said = [finding.message for finding in check(dataset).errors]
    assert said == [f"splits.csv lists no {name} image; training needs some" for name in missing]
    if missing:
        with pytest.raises(UserError, match=f"splits.csv lists no {missing[0]} image"):
            divide(dataset, seed=0)
    else:
        divide(dataset, seed=0)


def test_files_that_are_not_read_as_images(root: Path) -> None:
    (root / "images" / "8.tga").touch()
    (root / "images" / "9.gif").touch()
    report = check(read(root))
    assert report.errors == ()
    assert found(report, "files")[0].message == "2 other files were not read: .gif 1, .tga 1, in images/"


def test_shapes_are_warnings(root: Path) -> None:
    (root / "images" / "0.png").write_bytes(png(0, 12, 30))
    report = check(read(root))
    assert report.errors == ()
    assert [finding.examples for finding in found(report, "shapes")] == [("0.png (30 × 12)",)] * 2


def test_an_annotator_who_answers_twice(root: Path) -> None:
    frame = pl.DataFrame(
        {"image": ["0.png"] * 3, "annotator": ["anna", "anna", ""], "label": ["cat", "dog", "dog"]}
    )
    frame.write_parquet(root / "annotations.parquet")
    (finding,) = found(check(read(root)), "annotations")
    assert finding.examples == ("0.png by anna",)


def test_annotators_who_may_be_one_person(root: Path) -> None:
    people = ["Anna", "anna", "Dr. Ben", "dr ben", "Ben", "", "?", "-"]
    frame = pl.DataFrame({"image": ["0.png"] * 8, "annotator": people, "label": ["cat", "dog"] * 4})
    frame.write_parquet(root / "annotations.parquet")
    (finding,) = found(check(read(root)), "annotators")
    assert finding.examples == ("Anna = anna", "Dr. Ben = dr ben")
    assert finding.message.startswith("2 person(s) whose name is written in several ways")


def test_no_annotations_at_all(root: Path) -> None:
    (root / "annotations.parquet").unlink()
    report = check(read(root))
    assert [finding.topic for finding in report.errors] == ["classes"]
    assert dict(report.facts)["votes per annotated image"] == "–"
    assert dict(report.facts)["ambiguous (strict)"] == "–"


def test_progress_is_reported(root: Path) -> None:
    steps: list[tuple[int, int]] = []
    check(read(root), progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (16, 16)
