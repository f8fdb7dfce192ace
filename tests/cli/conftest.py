import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from s2c2.data.synthetic import synthetic

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic dataset of 160 images."""
    folder = tmp_path_factory.mktemp("data") / "small"
    synthetic(folder, images=160, seed=0, size=16)
    return folder


QUICK = ("train.steps=12", "train.batch=8", "train.threads=1", "train.checkpoint=5", "data.labeled=48")
"""Assignments for a run of a second."""
