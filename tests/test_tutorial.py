"""The tutorial is run as it is written, with fewer images and steps."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[1] / "docs" / "tutorial.md"
SMALLER = {"--images 2000": "--images 200", "train.steps=700": "train.steps=6 train.threads=1"}
"""What the test writes instead, so that it takes seconds."""


def commands() -> list[list[str]]:
    """Return the arguments of each command of the tutorial, made smaller."""
    text = TUTORIAL.read_text(encoding="utf-8")
    for written, smaller in SMALLER.items():
        assert written in text
        text = text.replace(written, smaller)
    return [shlex.split(line) for line in re.findall(r"^\$ s2c2 (.+)$", text, re.MULTILINE)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_tutorial_runs_as_written(tmp_path: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for arguments in commands():
        done = subprocess.run(
            [sys.executable, "-c", "from s2c2.cli import main; main()", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"s2c2 {shlex.join(arguments)}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert (tmp_path / "runs/readout/proposals.parquet").is_file()
    assert (tmp_path / "runs/s2c2/scores.json").is_file()
    assert (tmp_path / "predictions.parquet").is_file()
