"""What the numbers of a run may depend on beside its configuration."""

import datetime
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch


def environment() -> dict[str, Any]:
    """Return what the numbers of a run may depend on beside its configuration."""
    packages = ("s2c2", "torch", "numpy", "pillow", "scikit-learn", "polars")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "packages": {name: version(name).partition("+")[0] for name in packages},
        "git": _git(),
    }


def _git() -> str | None:
    """Return the commit of the package's checkout, with ``+`` when it has changes."""
    if shutil.which("git") is None:
        return None
    here = Path(__file__).parent
    try:
        commit, changes = (
            subprocess.run(
                ["git", *command], cwd=here, capture_output=True, text=True, check=True, timeout=10
            ).stdout
            for command in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain"])
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return commit.strip() + ("+" if changes.strip() else "")
