"""How many threads a run computes with."""

from pathlib import Path

import torch

from s2c2.config import Config

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux says how much processor time a container may take: microseconds of a period, and the period."""


def threads(config: Config) -> int:
    """Return the number of threads: as configured, else every core, within the quota of a container.

    More threads than the quota pays for would be put to sleep in the middle of an operation, while the
    others wait.
    """
    return config.train.threads or min(torch.get_num_threads(), quota(QUOTA) or torch.get_num_threads())


def quota(path: Path) -> int | None:
    """Return how many threads a quota of processor time keeps busy, rounded up; None without a quota."""
    try:
        limit, period = path.read_text(encoding="utf-8").split()
        return max(-(-int(limit) // int(period)), 1)
    except (OSError, ValueError, ZeroDivisionError):
        return None
