"""A backbone that is compiled: close to one that is not, and bit for bit the same after a kill."""

import json
import os
from pathlib import Path

import pytest

from s2c2.experiments.compiling import compiler
from tests.cli.conftest import QUICK, Command
from tests.cli.dead import killed

SMALL = (
    *("algorithm.name=supervised", "objective.name=vanilla", "train.precision=float32"),
    *("network.backbone.depth=10", "network.backbone.width=0.5"),
)


def losses(run: Path) -> list[float]:
    lines = (run / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["total"] for line in lines]


@pytest.mark.skipif(compiler(os.environ) is None, reason="needs a C++ compiler")
def test_a_compiled_run_is_close_to_another_and_goes_on_bit_for_bit(
    small: Path, s2c2: Command, tmp_path: Path
) -> None:
    compiled = (*QUICK, *SMALL, "train.compile=true")
    for name, assignments in (("whole", compiled), ("eager", (*QUICK, *SMALL))):
        done = s2c2("train", small, "--out", tmp_path / name, *assignments)
        assert done.returncode == 0, done.stderr
        said = "compiled: the first step takes a minute or more" in done.stdout + done.stderr
        assert said == (name == "whole")
    assert losses(tmp_path / "whole") != losses(tmp_path / "eager")
    assert losses(tmp_path / "whole") == pytest.approx(losses(tmp_path / "eager"), rel=1e-3)

    out = tmp_path / "killed"
    killed(7, "train", small, "--out", out, *compiled)
    done = s2c2("train", small, "--out", out, *compiled, "--resume")
    assert done.returncode == 0, done.stderr
    for file in ("losses.jsonl", "checkpoints/00000012.safetensors", "predictions.parquet"):
        assert (out / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
