import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from s2c2.data.tables import read_table
from s2c2.errors import UserError
from s2c2.predictions import Predictions, present

SPLITS = ("labeled", "validation", "", "unlabeled", "validation")


def predictions(*, heads: bool = True, n: int = 5) -> Predictions:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1.0] * 3, n).astype(np.float32)
    return Predictions(
        classes=("cat", "dog", "é"),
        images=tuple(f"a/{i}.png" for i in range(n)),
        splits=SPLITS[:n],
        probabilities=probabilities,
        embeddings=rng.normal(size=(n, 4)).astype(np.float32),
        ambiguity=np.array([0.5, 0.49, 0.51, 0.0, 1.0], np.float32)[:n] if heads else None,
        clusters=np.array([6, 0, 1, 2, 6], np.int32)[:n] if heads else None,
        cluster_confidence=np.linspace(0.2, 1, 5, dtype=np.float32)[:n] if heads else None,
    )


def assert_same(one: Predictions, other: Predictions) -> None:
    for field in fields(Predictions):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype, field.name
            np.testing.assert_array_equal(ours, theirs)
        else:
            assert ours == theirs, field.name


@pytest.mark.parametrize("heads", [True, False])
@pytest.mark.parametrize("n", [5, 1, 0])
def test_what_is_written_is_read(heads: bool, n: int, tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    whole = predictions(heads=heads, n=n)
    whole.write(path)
    assert_same(Predictions.read(path), whole)
    assert len(whole) == n


@pytest.mark.parametrize("folder", ["run [2]", "a*b", "why?"])
def test_the_name_of_a_folder_is_no_pattern(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    for name in ("predictions.parquet", "predictions.csv"):
        predictions().write(tmp_path / folder / name)
        assert Predictions.read(tmp_path / folder / name).images == predictions().images
        found = read_table(tmp_path / folder / name)
        assert found["image"].to_list() == list(predictions().images)


def test_ambiguous_from_one_half_on() -> None:
    assert predictions().ambiguous.tolist() == [True, False, True, False, True]
    assert predictions(heads=False).ambiguous.tolist() == [False] * 5


def test_groups_are_classes_of_the_certain_and_clusters_of_the_ambiguous() -> None:
    whole = predictions()
    certain = whole.predicted
    assert whole.groups.tolist() == [3 + 6, certain[1], 3 + 1, certain[3], 3 + 6]
    assert predictions(heads=False).groups.tolist() == certain.tolist()
    assert replace(whole, clusters=None).groups.tolist() == [
        certain[i] + (3 if i in (0, 2, 4) else 0) for i in range(5)
    ]


def test_predicted_is_the_most_probable_class() -> None:
    whole = predictions()
    expected = [max(range(3), key=row.__getitem__) for row in whole.probabilities.tolist()]
    assert whole.predicted.tolist() == expected


def test_take_by_mask_and_by_index() -> None:
    whole = predictions()
    by_index = whole.take(np.array([4, 1]))
    assert by_index.images == ("a/4.png", "a/1.png")
    assert by_index.splits == ("validation", "validation")
    assert by_index.clusters is not None
    assert by_index.clusters.tolist() == [6, 0]
    np.testing.assert_array_equal(by_index.probabilities, whole.probabilities[[4, 1]])
    mask = np.array([False, True, False, False, True])
    assert_same(whole.take(mask), whole.take(np.array([1, 4])))


def test_images_by_name_come_in_the_order_asked() -> None:
    whole = predictions()
    assert_same(whole.named(["a/4.png", "a/1.png"]), whole.take(np.array([4, 1])))
    assert len(whole.named([])) == 0
    with pytest.raises(KeyError):
        whole.named(["a/9.png"])


def test_of_a_split() -> None:
    assert predictions().of("validation").images == ("a/1.png", "a/4.png")
    assert len(predictions().of("selection")) == 0
    assert predictions(heads=False).of("labeled").ambiguity is None


def test_the_file_starts_with_the_columns_a_person_reads(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    whole = predictions()
    whole.write(path)
    frame = pl.read_parquet(path)
    assert frame.columns[:4] == ["image", "split", "class", "confidence"]
    assert frame["class"].to_list() == [whole.classes[i] for i in whole.predicted]
    assert frame["confidence"].to_list() == [max(row) for row in whole.probabilities.tolist()]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no predictions at .*s2c2 train.*--resume"):
        Predictions.read(tmp_path / "predictions.parquet")


def write_table(path: Path, columns: dict[str, list[str]], metadata: dict[str, str] | None = None) -> None:
    pl.DataFrame(columns).write_parquet(path, metadata=metadata)


def test_another_file_is_a_user_error(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    for content in (b"", b"not parquet at all", b"PAR1" + bytes(40) + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(UserError, match="not a predictions file"):
            Predictions.read(path)
    for metadata in (None, {"classes": "["}, {"classes": json.dumps(["cat"])}):
        write_table(path, {"image": ["a"]}, metadata)
        with pytest.raises(UserError, match="not a predictions file"):
            Predictions.read(path)


def test_a_truncated_file_is_a_user_error(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    predictions().write(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="not a predictions file"):
        Predictions.read(path)


def test_predictions_do_not_import_torch() -> None:
    code = "import sys, s2c2.predictions; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("heads", [True, False])
@pytest.mark.parametrize("n", [5, 1, 0])
def test_a_csv_has_one_value_in_a_cell(heads: bool, n: int, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    whole = predictions(heads=heads, n=n)
    whole.write(path)
    table = pl.read_csv(path)
    optional = ["ambiguity", "cluster", "cluster_confidence"] if heads else []
    shares = ["p_cat", "p_dog", "p_é"]
    assert table.columns == ["image", "split", "class", "confidence", *optional, *shares]
    np.testing.assert_allclose(
        table.select(shares).cast(pl.Float32).to_numpy(), whole.probabilities, rtol=1e-6
    )
    assert_same(Predictions.read(path), replace(whole, embeddings=np.zeros((n, 0), dtype=np.float32)))
    assert present(path)


def test_names_of_a_csv_are_those_that_were_written(tmp_path: Path) -> None:
    classes, images = ('a "b"', "c, d", "p_e'f"), ('x".png', "y, z.png", "é.png")
    whole = replace(predictions(n=3), classes=classes, images=images)
    whole.write(tmp_path / "p.csv")
    assert_same(Predictions.read(tmp_path / "p.csv"), replace(whole, embeddings=np.zeros((3, 0), np.float32)))
    text = (tmp_path / "p.csv").read_text(encoding="utf-8")
    (tmp_path / "p.csv").write_text("\ufeff" + text, encoding="utf-8", newline="\r\n")
    assert Predictions.read(tmp_path / "p.csv").classes == classes
    (tmp_path / "p.csv").write_text('"' + "x" * 200_000, encoding="utf-8")
    with pytest.raises(UserError, match=r"not a predictions file: its header is not CSV"):
        Predictions.read(tmp_path / "p.csv")


def test_another_table_is_no_predictions(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_text("image,annotator,label,votes\na.png,,cat,3\n")
    assert not present(tmp_path / "votes.csv")
    with pytest.raises(
        UserError, match=r"votes.csv is not a predictions file: a CSV of predictions has image"
    ):
        Predictions.read(tmp_path / "votes.csv")
