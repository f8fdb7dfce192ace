import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from s2c2 import files
from s2c2.data import dataset
from s2c2.predictions import Predictions
from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def pair(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two run folders with made-up predictions; nothing is trained."""
    root = tmp_path_factory.mktemp("pair")
    found, rng = dataset.read(small), np.random.default_rng(0)
    n, k = len(found.images), len(found.classes)
    splits = tuple("validation" if i % 2 else "unlabeled" for i in range(n))
    for name in ("s2c2", "vanilla"):
        order = rng.permutation(n) if name == "vanilla" else np.arange(n)
        shares = rng.dirichlet(np.ones(k), n).astype(np.float32)
        embeddings = rng.normal(size=(n, 4)).astype(np.float32)
        heads = {
            "ambiguity": rng.random(n).astype(np.float32),
            "clusters": rng.integers(0, 6, n).astype(np.int32),
            "cluster_confidence": np.ones(n, dtype=np.float32),
        }
        said = Predictions(
            found.classes,
            tuple(found.images[i] for i in order),
            tuple(splits[i] for i in order),
            shares,
            embeddings,
            **(heads if name == "s2c2" else {}),
        )
        said.write(root / name / "predictions.parquet")
        files.write_text(
            root / name / "config.yaml", f"algorithm: {{name: fixmatch}}\nobjective: {{name: {name}}}\n"
        )
        files.write_json(root / name / "dataset.json", {"root": str(small), "classes": found.classes})
    return root / "s2c2", root / "vanilla"


def test_simulate_prints_and_writes_the_table(pair: tuple[Path, Path], s2c2: Command, tmp_path: Path) -> None:
    out = tmp_path / "table"
    arguments = ("simulate", pair[0], "--against", pair[1], "--annotators", 2, "--cost", "alone=3")
    done = s2c2(*arguments, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "80 images, 2 simulated annotators, δ = 0.2" in done.stdout
    assert "In the same time answers without proposals would be " in " ".join(done.stdout.split())
    assert sorted(path.name for path in out.iterdir()) == [
        f"consistency.{kind}" for kind in ("csv", "json", "md", "svg")
    ]
    record = json.loads((out / "consistency.json").read_text())
    assert record["settings"]["s2c2"] == "fixmatch + S2C2"
    arms = {arm["name"]: arm for arm in record["arms"]}
    assert list(arms) == ["none", "vanilla", "s2c2", "vanilla-groups", "s2c2-groups"]
    assert arms["none"]["minutes"] == pytest.approx(80 * 3 / 60)
    assert pl.read_csv(out / "consistency.csv")["images"].to_list() == [80] * 5
    for path in out.iterdir():
        assert str(tmp_path) not in path.read_text()
        assert pair[0].parent.as_posix() not in path.read_text()
    first = (out / "consistency.json").read_text()
    assert s2c2(*arguments, "--out", out).returncode == 0
    assert (out / "consistency.json").read_text() == first


def test_one_vote_an_image_is_said_to_be_too_few(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(small, data, ignore=shutil.ignore_patterns(".cache"))
    table = pl.read_parquet(data / "annotations.parquet").unique("image", maintain_order=True)
    table.with_columns(votes=pl.lit(1, dtype=table.schema["votes"])).write_parquet(
        data / "annotations.parquet"
    )
    for run in pair:
        shutil.copytree(run, tmp_path / run.name)
        facts = json.loads((run / "dataset.json").read_text()) | {"root": str(data)}
        (tmp_path / run.name / "dataset.json").write_text(json.dumps(facts))
    done = s2c2("simulate", tmp_path / "s2c2", "--against", tmp_path / "vanilla", "--annotators", 2)
    assert done.returncode == 0, done.stderr
    assert "no image has two votes" in done.stdout
    assert "no image has two votes" not in s2c2("simulate", pair[0], "--against", pair[1]).stdout


def test_one_annotator_agrees_with_nobody_else(
    pair: tuple[Path, Path], s2c2: Command, tmp_path: Path
) -> None:
    done = s2c2("simulate", pair[0], "--against", pair[1], "--annotators", 1, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "consistency.json").read_text())
    assert {arm["inter"]["value"] for arm in record["arms"]} == {None}
    assert all(arm["intra"]["value"] is not None for arm in record["arms"])


def test_a_split_without_annotations_is_said(
    pair: tuple[Path, Path], small: Path, s2c2: Command, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(small, data, ignore=shutil.ignore_patterns(".cache"))
    said = Predictions.read(pair[0] / "predictions.parquet").of("unlabeled")
    table = pl.read_parquet(data / "annotations.parquet").filter(pl.col("image").is_in(said.images))
    table.write_parquet(data / "annotations.parquet")
    for run in pair:
        shutil.copytree(run, tmp_path / run.name)
        facts = json.loads((run / "dataset.json").read_text()) | {"root": str(data)}
        (tmp_path / run.name / "dataset.json").write_text(json.dumps(facts))
    done = s2c2("simulate", tmp_path / "s2c2", "--against", tmp_path / "vanilla")
    assert done.returncode == 2
    assert "no annotated images in the split 'validation'" in done.stderr


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_place_of_the_folder_is_said_before_the_study(
    below: str, pair: tuple[Path, Path], s2c2: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    done = s2c2("simulate", pair[0], "--against", pair[1], "--out", tmp_path / "file" / below)
    assert done.returncode == 2
    assert f"{tmp_path / 'file'} is a file: choose another --out" in done.stderr
    assert not done.stdout
    assert (tmp_path / "file").read_text() == "mine"


def test_the_plain_run_does_not_come_first(pair: tuple[Path, Path], s2c2: Command) -> None:
    done = s2c2("simulate", pair[1], "--against", pair[0])
    assert done.returncode == 2
    assert "name the run with S2C2 first" in done.stderr


def test_other_images_are_refused(pair: tuple[Path, Path], s2c2: Command, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(pair[1], other)
    said = Predictions.read(other / "predictions.parquet")
    said.take(np.arange(len(said) - 9)).write(other / "predictions.parquet")
    done = s2c2("simulate", pair[0], "--against", other)
    assert done.returncode == 2
    assert "other images or classes" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--offset", "1.2"), "acceptance offset 1.2"),
        (("--cost", "aloen=1"), "did you mean 'alone'"),
        (("--cost", "alone=soon"), "give seconds"),
        (("--split", "test"), "unknown split 'test': Possible: unlabeled, validation"),
        (("--split", "valdation"), "did you mean 'validation'?"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], said: str, pair: tuple[Path, Path], s2c2: Command
) -> None:
    done = s2c2("simulate", pair[0], "--against", pair[1], *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
