"""The short form of ``make soak``: real processes, killed at random moments and called again."""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from bench.killing import CACHE, PACKING, aim
from bench.soak import digests

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
KILLED = {"synthetic", "train", "predict"}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("soak") / "soak.json"
    call = [sys.executable, "-m", "bench.soak", "--short", "--out", str(out)]
    done = subprocess.run(
        call, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert out.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_killed_processes_leave_what_an_undisturbed_one_does(record: dict[str, Any]) -> None:
    assert record["differences"] == []
    assert record["result"] == "equal"


def test_the_kills_hit(record: dict[str, Any]) -> None:
    assert 1 <= record["kills"] == len(record["moments"]) <= 8
    assert {moment["command"] for moment in record["moments"]} <= KILLED
    assert all(moment["phase"] for moment in record["moments"])


def test_the_first_kills_of_a_training_lie_in_packing(tmp_path: Path) -> None:
    def aimed(before: int) -> int:
        return [aim(Random(seed), "train", tmp_path, before).folders for seed in range(200)].count((CACHE,))

    (tmp_path / CACHE).mkdir(parents=True)
    assert aimed(0) == aimed(PACKING - 1) > 160
    assert aimed(PACKING) == 0
    (tmp_path / CACHE / "pack-16.json").touch()
    assert aimed(0) == 0


def test_the_file_of_a_lock_is_no_difference(tmp_path: Path) -> None:
    """It may stay where a process is killed after its last change; the lock itself does not."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "predictions.parquet").write_bytes(b"whole")
    before = digests(tmp_path)
    (tmp_path / "run" / ".lock").touch()
    assert digests(tmp_path) == before
    (tmp_path / "run" / "predictions.parquet.1.partial").touch()
    assert len(digests(tmp_path)) == len(before) + 1
