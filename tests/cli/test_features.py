from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import save_file

from s2c2.networks.wide_resnet import WideResNet
from tests.cli.conftest import QUICK, Command
from tests.cli.dead import killed


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Assignments that put the embeddings of a small random network in place of images."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    torch.manual_seed(0)
    save_file(WideResNet(depth=10, width=0.5).build(16).state_dict(), path)
    names = {"name": "features", "extractor": "wide-resnet/10-0.5", "weights": path}
    return (*QUICK, *(f"network.backbone.{key}={value}" for key, value in names.items()))


@pytest.fixture(scope="module")
def trained(
    small: Path, features: tuple[str, ...], s2c2: Command, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = s2c2("train", small, "--out", out, *features)
    assert done.returncode == 0, done.stderr
    return out


def test_the_same_commands_train_predict_and_evaluate(
    trained: Path, small: Path, s2c2: Command, tmp_path: Path
) -> None:
    for command in ("evaluate", "propose", "report"):
        done = s2c2(command, trained)
        assert done.returncode == 0, done.stderr
    done = s2c2("predict", trained, small / "images", "--out", tmp_path / "p.parquet")
    assert done.returncode == 0, done.stderr
    ours = pl.read_parquet(tmp_path / "p.parquet").sort("image")
    theirs = pl.read_parquet(trained / "predictions.parquet").sort("image")
    assert ours["class"].to_list() == theirs["class"].to_list()
    assert ours["ambiguity"].to_list() == pytest.approx(theirs["ambiguity"].to_list(), abs=0.01)


def test_a_killed_run_equals_an_undisturbed_one(
    trained: Path, small: Path, features: tuple[str, ...], s2c2: Command, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    killed(7, "train", small, "--out", out, *features)
    resumed = s2c2("train", small, "--out", out, *features, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    for name in ("losses.jsonl", "predictions.parquet", "checkpoints/00000012.safetensors"):
        assert (out / name).read_bytes() == (trained / name).read_bytes(), name


WRONG = {
    "no weights": (("extractor=resnet/18",), "needs trained weights"),
    "unknown": (("extractor=efficientnet",), "did you mean 'efficientnet-lite0'?"),
    "wrong type": (("weak=0",), "network.backbone.weak = 0"),
    "unknown key": (("hiden=3",), "did you mean 'network.backbone.hidden'?"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_are_one_clear_line(case: str, small: Path, s2c2: Command, tmp_path: Path) -> None:
    values, expected = WRONG[case]
    pairs = ("network.backbone.name=features", *(f"network.backbone.{value}" for value in values))
    done = s2c2("train", small, "--out", tmp_path / "run", *QUICK, *pairs)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
