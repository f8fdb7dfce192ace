"""The tutorial is run as it is written, with fewer images and steps."""

import re
import shlex
from pathlib import Path

import pytest

from tests.forked import Forked

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
def test_tutorial_runs_as_written(s2c2: Forked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for arguments in commands():
        done = s2c2(*arguments, cwd=tmp_path)
        assert done.returncode == 0, f"s2c2 {shlex.join(arguments)}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert (tmp_path / "runs/readout/proposals.parquet").is_file()
    assert (tmp_path / "runs/s2c2/scores.json").is_file()
    assert (tmp_path / "predictions.parquet").is_file()
