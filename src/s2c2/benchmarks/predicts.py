"""Images a second that are predicted, beside the bare network; and those that are packed."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from s2c2.benchmarks.cases import Asked, cases
from s2c2.benchmarks.timing import Meter, column, interleaved, ratio, spread
from s2c2.benchmarks.worker import working
from s2c2.data.dataset import Dataset
from s2c2.data.pack import pack
from s2c2.data.synthetic import synthetic

IMAGES, DRAWN = 2048, 2000
"""Images that are predicted, and that are packed."""


def predicting(asked: Asked) -> list[dict[str, Any]]:
    """Return images per processor second of a prediction, and its share of the bare forward pass."""
    options = {"values": next(cases(asked)).values(asked), "size": asked.size, "images": IMAGES}
    with ExitStack() as stack:
        works = {
            name: stack.enter_context(working("reading", options | {"bare": name == "bare"}, asked.threads))
            for name in ("predict", "bare")
        }
        samples = interleaved(works, asked.rounds)
    seconds = {name: column(taken, "cpu_s") for name, taken in samples.items()}
    return [
        {
            "network": asked.network,
            "images_per_s": round(IMAGES / spread(seconds["predict"]).median, 1),
            "bare_images_per_s": round(IMAGES / spread(seconds["bare"]).median, 1),
            "of_bare": ratio(seconds["bare"], seconds["predict"]).rounded(3),
        }
    ]


def packing(asked: Asked) -> list[dict[str, Any]]:
    """Return images per processor second that a pack takes in, and that an existing pack opens with."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = synthetic(Path(folder) / "data", images=DRAWN, seed=0, size=asked.size)
        works = {
            "pack": lambda: packed(dataset, asked.size, anew=True),
            "open": lambda: packed(dataset, asked.size, anew=False),
        }
        samples = interleaved(works, asked.rounds)
    rates: Mapping[str, float] = {
        name: DRAWN / spread(column(taken, "cpu_s")).median for name, taken in samples.items()
    }
    return [{"size": asked.size, "images": DRAWN} | {f"{name}_per_s": round(rates[name]) for name in rates}]


def packed(dataset: Dataset, size: int, *, anew: bool) -> dict[str, float]:
    """Return what packing a dataset costs, or opening its pack."""
    for path in (dataset.root / ".cache").glob("pack-*") if anew else ():
        path.unlink()
    meter = Meter()
    pack(dataset, size)
    return meter.sample()
