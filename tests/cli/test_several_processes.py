"""``torchrun … -m s2c2``: real processes, killed and resumed, against one process."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from s2c2.data.synthetic import synthetic
from tests.cli.processes import ENVIRONMENT, await_checkpoint, close, command, s2c2, training, workers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "small"
    synthetic(folder, images=600, seed=0, size=16)
    return folder


@pytest.fixture(scope="module")
def one(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("one") / "run"
    done = s2c2(1, *training(data, out))
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def killed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes of which one was killed in mid training."""
    out = tmp_path_factory.mktemp("killed") / "run"
    patient = {"S2C2_PATIENCE": "3600"}  # what ends the other one is the connection that closes
    call = command(2, *training(data, out))
    started = subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT | patient
    )
    try:
        await_checkpoint(out, started)
        os.kill(workers(started.pid)[-1], signal.SIGKILL)
        said, _ = started.communicate(timeout=400)
    finally:
        started.kill()
    assert started.returncode != 0
    assert "another process of this run was lost" in said
    assert not (out / "predictions.parquet").exists()
    return out


@pytest.fixture(scope="module")
def two(killed: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The killed run, gone on with in two processes."""
    out = tmp_path_factory.mktemp("two") / "run"
    shutil.copytree(killed, out)
    done = s2c2(2, *training(data, out, "--resume"))
    assert done.returncode == 0, done.stderr
    assert "in each of 2 processes" in done.stdout
    return out


def test_two_processes_train_what_one_trains(one: Path, two: Path) -> None:
    close(one, two)
    assert json.loads((two / "environment.json").read_text())["processes"] == 2
    assert not list(two.glob("**/*shards*"))
    theirs, mine = (pl.read_parquet(run / "predictions.parquet") for run in (one, two))
    assert theirs.columns == mine.columns
    assert theirs["image"].to_list() == mine["image"].to_list()
    apart = np.abs(theirs["ambiguity"].to_numpy() - mine["ambiguity"].to_numpy())
    assert apart.max() < 0.05  # 0.002 with AVX-512, up to 0.012 without; another seed 0.43
    assert apart.mean() < 0.02  # 0.0004; another seed 0.17


def test_another_number_of_processes_goes_on(one: Path, killed: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    shutil.copytree(killed, out)
    done = s2c2(1, *training(data, out, "--resume"))
    assert done.returncode == 0, done.stderr
    close(one, out)


def test_several_processes_leave_a_finished_run_as_it_is(one: Path, data: Path) -> None:
    before = {path: path.read_bytes() for path in one.rglob("*") if path.is_file()}
    done = s2c2(2, *training(data, one, "--resume"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"{one} is finished: ") == 1
    assert {path: path.read_bytes() for path in one.rglob("*") if path.is_file()} == before


def test_shares_are_predicted_to_the_same_bits(two: Path, data: Path, tmp_path: Path) -> None:
    written = []
    for number, (processes, source) in enumerate(((1, data), (2, data), (2, data / "images"))):
        out = tmp_path / f"{number}.parquet"
        done = s2c2(processes, "predict", two, source, "--out", out)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("600 images") == 1
        written.append(out)
    assert written[0].read_bytes() == written[1].read_bytes()
    names = pl.col("image").str.strip_prefix("images/")
    alone, folder = (pl.read_parquet(path).with_columns(names).sort("image") for path in written[::2])
    np.testing.assert_allclose(alone["confidence"], folder["confidence"], atol=1e-5)
    assert alone["image"].to_list() == folder["image"].to_list()
    assert {path.name for path in tmp_path.iterdir()} == {"0.parquet", "1.parquet", "2.parquet"}


def test_what_is_wrong_is_said_by_all_in_a_line(data: Path, tmp_path: Path) -> None:
    one_image = ("--vanilla", "--algorithm", "supervised", "train.batch=1")
    done = s2c2(2, *training(data, tmp_path / "run", *one_image))
    assert done.returncode != 0
    for rank in (0, 1):
        assert f"s2c2 (rank {rank}): 2 processes cannot share a batch of 1 images" in done.stderr
