import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from s2c2.data.dataset import read
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.predictions import Predictions
from s2c2.runs import Run, dataset_of, open_run, refuse_other_pictures, root_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "first run"
    folder.mkdir()
    config = {"algorithm": {"name": "mean-teacher"}, "objective": {"name": "s2c2"}, "seed": 3}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "dataset.json").write_text(json.dumps({"name": "pets", "classes": ["cat"]}), encoding="utf-8")
    return folder


def stored(folder: Path, root: Path, classes: list[str], digests: dict[str, str], fit: str = "crop") -> Run:
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump({"data": {"fit": fit}}))
    facts = {"name": "pets", "root": str(root), "classes": classes, "size": 16}
    (folder / "dataset.json").write_text(json.dumps(facts))
    pl.DataFrame({"image": list(digests), "digest": list(digests.values())}).write_parquet(
        folder / "images.parquet"
    )
    return Run(folder)


def test_other_pictures_of_the_same_name_are_refused(tmp_path: Path) -> None:
    first = stored(tmp_path / "first", tmp_path, ["cat"], {"a.png": "1", "b.png": "2", "c.png": "3"})
    more = stored(tmp_path / "more", tmp_path, ["cat"], {"b.png": "2", "d.png": "4"})
    other = stored(tmp_path / "other", tmp_path, ["cat"], {"a.png": "1", "b.png": "5", "c.png": "6"})
    cropped = stored(tmp_path / "cropped", tmp_path, ["cat"], {"a.png": "7"}, fit="pad")
    refuse_other_pictures(first, more)
    refuse_other_pictures(first, cropped)
    with pytest.raises(UserError, match=r"2 images have the same name .* such as 'b.png'"):
        refuse_other_pictures(first, other)


def test_what_was_not_written_down_refuses_nothing(tmp_path: Path, folder: Path) -> None:
    refuse_other_pictures(Run(folder), stored(tmp_path / "new", tmp_path, ["cat"], {"a.png": "1"}))


def test_a_dataset_of_other_classes_or_none_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "pets"
    synthetic(root, images=12, size=16, classes=3)
    classes = list(read(root).classes)
    assert dataset_of(stored(tmp_path / "same", root, classes, {})).classes == tuple(classes)
    with pytest.raises(UserError, match=r"classes of .*pets are not those that .*turned was trained on"):
        dataset_of(stored(tmp_path / "turned", root, classes[::-1], {}))
    with pytest.raises(UserError, match=r"if it moved, correct root in .*gone/dataset.json"):
        dataset_of(stored(tmp_path / "gone", tmp_path / "nowhere", classes, {}))


def test_a_dataset_that_moved_with_its_runs_is_found(tmp_path: Path) -> None:
    before, after = tmp_path / "pets", tmp_path / "pets moved"
    synthetic(before / "data", images=12, size=16, classes=3)
    classes = list(read(before / "data").classes)
    stored(before / "run", before / "data", classes, {})
    stored(before / "older", before / "data", classes, {})
    facts = json.loads((before / "run/dataset.json").read_text())
    (before / "run/dataset.json").write_text(json.dumps(facts | {"relative": "../data"}))
    assert root_of(Run(before / "run")) == before / "data"
    before.rename(after)
    assert dataset_of(Run(after / "run")).root == after / "data"
    with pytest.raises(UserError, match="if it moved, correct root"):
        dataset_of(Run(after / "older"))


def test_a_run_is_its_folder(folder: Path) -> None:
    run = open_run(folder)
    assert run == Run(folder)
    assert (run.name, run.label) == ("first run", "mean-teacher + S2C2")
    assert run.config["seed"] == 3
    assert run.dataset["name"] == "pets"


def test_what_is_not_there_yet_is_empty(folder: Path) -> None:
    run = open_run(folder)
    assert (run.losses(), run.splits(), run.scores(), run.environment) == ([], {}, None, {})
    with pytest.raises(UserError, match="s2c2 train"):
        run.predictions()


@pytest.mark.parametrize(
    ("objective", "label"),
    [
        ("vanilla", "fixmatch"),
        ("s2c2", "fixmatch + S2C2"),
        ("ce-inverse", "fixmatch + CE⁻¹"),
        ("x", "fixmatch + x"),
    ],
)
def test_labels_of_objectives(folder: Path, objective: str, label: str) -> None:
    config = {"algorithm": {"name": "fixmatch"}, "objective": {"name": objective}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert open_run(folder).label == label


@pytest.mark.parametrize("tail", ['{"step": 2, "to', "7", "", "\n", '{"step": 2, "name": "\udcff'])
def test_a_half_last_line_is_ignored(folder: Path, tail: str) -> None:
    (folder / "losses.jsonl").write_text('{"step": 1, "total": 0.5}\n' + tail, errors="surrogateescape")
    assert open_run(folder).losses() == [{"step": 1, "total": 0.5}]


def test_a_damaged_line_in_the_middle_is_named(folder: Path) -> None:
    (folder / "losses.jsonl").write_text('{"step": 1}\n{"st\n{"step": 3}\n', encoding="utf-8")
    with pytest.raises(UserError, match="line 2"):
        open_run(folder).losses()


def test_parts_are_read(folder: Path) -> None:
    ones = np.ones((1, 1), dtype=np.float32)
    Predictions(("cat",), ("007.png",), ("validation",), ones, ones).write(folder / "predictions.parquet")
    (folder / "splits.csv").write_text("image,split\n007,validation\n", encoding="utf-8")
    (folder / "scores.json").write_text('{"scores": {"f1_all": null}}', encoding="utf-8")
    run = open_run(folder)
    assert run.predictions().images == ("007.png",)
    assert run.splits() == {"007": "validation"}
    assert run.scores() == {"scores": {"f1_all": None}}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.yaml", "a: [", "cannot read"),
        ("config.yaml", "- 1", "must hold keys"),
        ("config.yaml", "seed: 1", "names no algorithm"),
        ("dataset.json", "[]", "must hold keys"),
        ("splits.csv", "picture,split\na,b\n", "cannot read"),
        ("scores.json", "[", "cannot read"),
    ],
)
def test_damaged_parts_are_one_clear_error(folder: Path, name: str, text: str, message: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    run = open_run(folder)
    with pytest.raises(UserError, match=message) as caught:
        _ = (run.label, run.dataset, run.splits(), run.scores())
    assert name in str(caught.value)


def test_what_is_no_run_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UserError, match="s2c2 train DATASET --out"):
        open_run(tmp_path / "absent")
    with pytest.raises(UserError, match=r"did you mean .*first run"):
        open_run(tmp_path)
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "dataset.yaml").write_text("name: pets", encoding="utf-8")
    with pytest.raises(UserError, match="is a dataset, not a run"):
        open_run(tmp_path / "pets")
    with pytest.raises(UserError, match="no run folder"):
        open_run(folder / "config.yaml")


@pytest.mark.parametrize("module", ["s2c2.runs", "s2c2.report"])
def test_no_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
