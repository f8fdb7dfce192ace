"""Memory that runs out is one clear line that says what would fit."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import QUICK

SCARCE = """
import io, resource, sys
import polars as pl
import s2c2.experiments.saved, s2c2.experiments.run, s2c2.memory, torch, torch._dynamo
pl.DataFrame({"a": [1]}).write_parquet(io.BytesIO())
pl.DataFrame({"a": [1]}).write_csv()
torch.set_num_threads(1)
torch.nn.Conv2d(3, 3, 3)(torch.zeros(1, 3, 8, 8)).sum().backward()

def held():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

def limit(module, inputs):
    most = held() + int(megabytes) * 2**20
    s2c2.memory.available = lambda root: max(most - held(), 0)
    s2c2.memory.rebound()
    first.remove()

first = torch.nn.modules.module.register_module_forward_pre_hook(limit)
_, megabytes, *arguments = sys.argv
sys.argv = ["s2c2", *arguments]
from s2c2.cli import main; main()
"""
"""The command line on a machine that, at the first pass of a network, has some MiB left."""


CRASHES = 3
"""Times that a command may die in a compiled kernel that finds no memory: 1 of 40 steps does."""


def scarce(megabytes: int, *arguments: object) -> "subprocess.CompletedProcess[str]":
    return told(SCARCE, megabytes, *arguments, "--resume")


def told(code: str, megabytes: int, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code, str(megabytes), *map(str, arguments)]
    for _ in range(CRASHES):
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode != -signal.SIGSEGV:
            return done
    return done


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_a_batch_that_does_not_fit_is_told_which_would(small: Path, tmp_path: Path) -> None:
    arguments = ("train", small, *QUICK, "train.steps=2", "train.precision=float32")
    done = scarce(400, *arguments, "--out", tmp_path / "large", "train.batch=1024")
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert len(done.stderr.splitlines()) == 1
    found = re.search(r"with train.batch=1024.*train.batch=(\d+) fits", done.stderr)
    assert found is not None, done.stderr
    assert 1 <= int(found[1]) < 1024
    assert not list(tmp_path.rglob("*.partial"))
    again = scarce(400, *arguments, "--out", tmp_path / "fitting", f"train.batch={found[1]}")
    assert again.returncode == 0, again.stderr


FREE = """
import sys
import s2c2.memory
_, megabytes, *arguments = sys.argv
s2c2.memory.available = lambda root: int(megabytes) * 2**20
sys.argv = ["s2c2", *arguments]
from s2c2.cli import main; main()
"""
"""The command line on a machine that has some MiB free."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_where_the_kernel_would_kill_the_line_says_what_fits(small: Path, tmp_path: Path) -> None:
    arguments = ("train", small, *QUICK, "train.steps=2", "train.precision=float32", "train.batch=2048")
    done = told(FREE, 600, *arguments, "--out", tmp_path / "large", "--resume")
    assert done.returncode == 2, (done.stdout, done.stderr)
    found = re.search(r"out of memory in step \d with train.batch=2048.*train.batch=(\d+) fits", done.stderr)
    assert found is not None, done.stderr
    assert 32 <= int(found[1]) < 2048
    assert len(done.stderr.splitlines()) == 1
