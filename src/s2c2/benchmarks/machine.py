"""The machine that something was measured on, without its name."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from s2c2.memory import bytes_of

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")


def machine(threads: int) -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, versions, and how busy it is.

    Args:
        threads: that compute.
    """
    packages = ("s2c2", "torch", "numpy", "pillow", "polars")
    return {
        "processor": field(CPUINFO, "model name") or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round((bytes_of(MEMINFO, "MemTotal") or 0) / 2**30),
        "threads": threads,
        "python": platform.python_version(),
        "packages": {name: version(name).partition("+")[0] for name in packages},
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def field(path: Path, name: str) -> str | None:
    """Return the first value of a name in a file of ``name : value`` lines; None where there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in pairs if key.strip() == name), None)


def memory(device: str) -> dict[str, float]:
    """Return the most bytes that were in use on a graphics card; nothing on a processor."""
    import torch

    return {"peak_bytes": float(torch.cuda.max_memory_allocated())} if device == "cuda" else {}


def card() -> str | None:
    """Return the name of the graphics card; None where there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
