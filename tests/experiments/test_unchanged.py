import json
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.dataset import Dataset, read
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.experiments.run import run
from s2c2.experiments.saved import reread


@pytest.fixture
def config() -> Config:
    values = {"train": {"steps": 4, "batch": 4, "threads": 1, "checkpoint": 2}, "data": {"labeled": 30}}
    return configuration.resolve(configuration.merged(configuration.preset("cpu"), values))


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return synthetic(tmp_path / "data", images=90, seed=0, size=16)


def stopped(dataset: Dataset, config: Config, out: Path) -> None:
    seen = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, config, out, stop=lambda: next(seen))


def test_changed_images_are_named(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    stopped(dataset, config, tmp_path / "run")
    first, second, third = dataset.images[:3]
    Image.fromarray(np.full((16, 16, 3), 7, np.uint8)).save(dataset.path(first))
    dataset.path(second).unlink()
    Image.fromarray(np.full((16, 16, 3), 9, np.uint8)).save(dataset.root / "images" / "new.png")
    table = pl.read_parquet(dataset.root / "annotations.parquet").filter(pl.col("image") != second)
    table.write_parquet(dataset.root / "annotations.parquet")
    with pytest.raises(UserError) as caught:
        run(read(dataset.root), config, tmp_path / "run", resume=True)
    said = str(caught.value)
    assert f"1 changed ({first}), 1 new (new.png), 1 gone ({second})" in said
    assert third not in said


def test_images_of_an_older_version_are_refused_without_names(
    dataset: Dataset, config: Config, tmp_path: Path
) -> None:
    stopped(dataset, config, tmp_path / "run")
    (tmp_path / "run" / "images.parquet").unlink()
    Image.fromarray(np.full((16, 16, 3), 7, np.uint8)).save(dataset.path(dataset.images[0]))
    with pytest.raises(UserError, match=r"the images of .* are not those"):
        run(read(dataset.root), config, tmp_path / "run", resume=True)


def relabeled(dataset: Dataset, image: str, label: str) -> Dataset:
    table = pl.read_parquet(dataset.root / "annotations.parquet")
    new = table.with_columns(
        label=pl.when(pl.col("image") == image).then(pl.lit(label)).otherwise(pl.col("label"))
    )
    new.write_parquet(dataset.root / "annotations.parquet")
    return read(dataset.root)


def test_a_changed_label_is_named(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    out = tmp_path / "run"
    stopped(dataset, config, out)
    before = (out / "labels.csv").read_bytes()
    image, label = pl.read_csv(out / "labels.csv").row(0)
    other = next(name for name in dataset.classes if name != label)
    changed = relabeled(dataset, image, other)
    with pytest.raises(UserError, match=r"(labels|splits|votes) of .* are not those"):
        run(changed, config, out, resume=True)
    assert (out / "labels.csv").read_bytes() == before


def test_other_classes_are_refused(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    stopped(dataset, config, tmp_path / "run")
    path = tmp_path / "run" / "dataset.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"classes": facts["classes"][::-1]}))
    with pytest.raises(UserError, match=r"the classes of .* are not those"):
        run(dataset, config, tmp_path / "run", resume=True)


def test_votes_that_leave_the_majority_as_it_is_count_too(
    dataset: Dataset, config: Config, tmp_path: Path
) -> None:
    soft = config.model_copy(update={"data": config.data.model_copy(update={"labels": "soft"})})
    stopped(dataset, soft, tmp_path / "run")
    path = dataset.root / "annotations.parquet"
    table = pl.read_parquet(path)
    image, label = pl.read_csv(tmp_path / "run" / "labels.csv").row(0)
    first = (pl.col("image") == image) & (pl.col("label") == label)
    table.with_columns(
        votes=pl.when(first).then(pl.col("votes") + 5).otherwise(pl.col("votes"))
    ).write_parquet(path)
    with pytest.raises(UserError, match="are not those"):
        run(read(dataset.root), soft, tmp_path / "run", resume=True)


def test_other_votes_are_refused_where_a_run_is_read_anew(
    dataset: Dataset, config: Config, tmp_path: Path
) -> None:
    run(dataset, config, tmp_path / "run")
    predict = {"classes": "probe", "ambiguity": "doubt"}
    reread(tmp_path / "run", tmp_path / "again", predict)
    image, label = pl.read_csv(tmp_path / "run" / "labels.csv").row(0)
    relabeled(dataset, image, next(name for name in dataset.classes if name != label))
    with pytest.raises(UserError, match=r"the votes of .* are not those that .*run was started with"):
        reread(tmp_path / "run", tmp_path / "other", predict)
    assert not (tmp_path / "other").exists()


def test_a_run_killed_before_its_configuration_was_written_starts_anew(
    dataset: Dataset, config: Config, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run(dataset, config, tmp_path / "whole")
    stopped(dataset, config, out)
    for name in ("config.yaml", "losses.jsonl"):
        (out / name).unlink()
    for path in (out / "checkpoints").iterdir():
        path.unlink()
    (out / "checkpoints").rmdir()
    (out / "dataset.json.1.partial").write_text("{")
    run(dataset, config, out, resume=True)
    names = sorted(path.name for path in out.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "whole").iterdir())
    for name in ("losses.jsonl", "predictions.parquet", "images.parquet"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_jumping_clock_changes_nothing(
    dataset: Dataset, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(dataset, config, tmp_path / "steady")
    wild = np.random.default_rng(0)
    monkeypatch.setattr(time, "time_ns", lambda: int(wild.integers(0, 2**62)))
    monkeypatch.setattr(time, "time", lambda: float(wild.integers(0, 2**32)))
    stopped(dataset, config, tmp_path / "wild")
    run(read(dataset.root), config, tmp_path / "wild", resume=True)
    for name in ("losses.jsonl", "predictions.parquet", "checkpoints/00000004.safetensors"):
        assert (tmp_path / "wild" / name).read_bytes() == (tmp_path / "steady" / name).read_bytes(), name
