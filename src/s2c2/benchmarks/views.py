"""Views per core-second against the same policy with Pillow, image by image."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from s2c2.benchmarks.pillow import PILLOW
from s2c2.benchmarks.timing import Meter, column, interleaved, ratio, spread
from s2c2.data.views import VIEWS, Draws

IMAGES: Mapping[int, int] = {32: 512, 96: 128, 224: 48}
"""Images of a sample for each size in pixels."""


def rows(rounds: int) -> list[dict[str, Any]]:
    """Return a row for each view and size, on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [row(name, size, rounds) for name in PILLOW for size in IMAGES]
    finally:
        torch.set_num_threads(before)


def row(name: str, size: int, rounds: int) -> dict[str, Any]:
    """Return views per core-second of both, and the ratio of neighbouring rounds."""
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES[size], size, size, 3), dtype=np.uint8)
    works = {"ours": lambda: ours(name, pixels), "pillow": lambda: theirs(name, pixels)}
    samples = interleaved(works, rounds)
    seconds = {key: column(taken, "cpu_s") for key, taken in samples.items()}
    return {
        "view": name,
        "size": size,
        "views_per_cpu_s": round(len(pixels) / spread(seconds["ours"]).median),
        "pillow_views_per_cpu_s": round(len(pixels) / spread(seconds["pillow"]).median),
        "times_pillow": ratio(seconds["pillow"], seconds["ours"]).rounded(2),
    }


def ours(name: str, pixels: np.ndarray) -> dict[str, float]:
    """Return what a view of all images costs, made as a batch."""
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # as a pack gives them
    meter = Meter()
    VIEWS[name](images, Draws(seed=0, step=0, images=torch.arange(len(images))))
    return meter.sample()


def theirs(name: str, pixels: np.ndarray) -> dict[str, float]:
    """Return what a view of all images costs, made one by one."""
    rng, meter = np.random.default_rng(0), Meter()
    np.stack([np.asarray(PILLOW[name](image, rng)) for image in pixels])
    return meter.sample()
