"""How the cost of predicting and proposing grows with the number of images: up to a million and beyond.

The images are noise, made straight into a pack: nothing is drawn or decoded. Each size has a process of its
own, whose memory is looked at all the time: what it holds itself, beyond the pages of files.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from s2c2.benchmarks.machine import field
from s2c2.benchmarks.timing import measured
from s2c2.benchmarks.worker import Work, working

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SIDE, BLOCK = 32, 10_000
LOOK = 0.02
"""Seconds between two looks at the memory."""
VALUES: Mapping[str, Any] = {
    "algorithm": {"name": "mean-teacher"},
    "network": {"backbone": {"name": "wide-resnet", "depth": 10, "width": 0.5}},
}
"""A tiny network: what is measured is what surrounds it."""


def rows(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of images."""
    for images in sizes:
        with (
            tempfile.TemporaryDirectory() as folder,
            working("scale", {"folder": folder, "images": images}) as do,
        ):
            found = {name: round(value, 3) for name, value in do().items()}
        seconds = sum(value for name, value in found.items() if name.endswith("_cpu_s"))
        yield {"images": images, "per_image_us": round(1e6 * seconds / images, 1)} | found


def prepare(options: Mapping[str, Any]) -> Work:
    """Return the whole way from a pack to the proposals' file.

    Args:
        options: ``folder`` to write to, ``images``.
    """
    folder, images = Path(options["folder"]), int(options["images"])
    make(folder, images)
    predicted(folder, folder / "first.parquet", BLOCK // 10)  # what is imported and compiled once

    def whole() -> dict[str, float]:
        found: dict[str, float] = {"before_mib": anonymous() / 2**20}
        for name, part in parts(folder).items():
            taken: dict[str, float] = {}
            with watched(taken), measured(taken):
                part()
            found |= {f"{name}_{key}": taken[key] for key in ("cpu_s", "mib")}
        return found

    return whole


def make(folder: Path, images: int) -> None:
    """Write noise as the pixels of a pack."""
    shape = (images, SIDE, SIDE, 3)
    pixels = np.lib.format.open_memmap(folder / "pack.npy", mode="w+", dtype=np.uint8, shape=shape)
    rng = np.random.default_rng(0)
    for start in range(0, images, BLOCK):
        count = min(BLOCK, images - start)
        pixels[start : start + count] = rng.integers(0, 256, (count, *shape[1:]), dtype=np.uint8)
    pixels.flush()


def parts(folder: Path) -> dict[str, Callable[[], None]]:
    """Return the parts of the way: each reads what the one before it wrote."""
    from s2c2 import proposals
    from s2c2.predictions import Predictions

    run = {"predictions": folder / "predictions.parquet", "proposals": folder / "proposals.parquet"}

    def propose() -> None:
        proposals.write(proposals.propose(Predictions.read(run["predictions"])), run["proposals"])

    return {"predict": lambda: predicted(folder, run["predictions"]), "propose": propose}


def predicted(folder: Path, out: Path, most: int | None = None) -> None:
    """Predict a pack, or the first images of it, with a tiny untrained network and write the predictions."""
    import torch

    from s2c2 import config as configuration
    from s2c2.data.pack import Pack
    from s2c2.experiments.predicting import predict_pack
    from s2c2.experiments.run import reader_of
    from s2c2.experiments.setup import fresh, objective_of

    config = configuration.resolve(VALUES)
    objective = objective_of(config, torch.eye(10))
    network = fresh(config, SIDE, 10, objective, torch.device("cpu")).averaged.network
    pixels = np.lib.format.open_memmap(folder / "pack.npy", mode="r")[:most]
    names = tuple(f"{number:07d}.png" for number in range(len(pixels)))
    packed = Pack(names, pixels, names, (), np.full((len(pixels), 2), SIDE, dtype=np.int32))
    predict_pack(reader_of(network, tuple("abcdefghij"), config), packed).write(out)


@contextmanager
def watched(into: dict[str, float]) -> Iterator[None]:
    """Write into a dictionary the most MiB that this process held itself."""
    done, most = threading.Event(), [anonymous()]

    def look() -> None:
        while not done.wait(LOOK):
            most[0] = max(most[0], anonymous())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    into["mib"] = max(most[0], anonymous()) / 2**20


def anonymous() -> int:
    """Return the bytes that this process holds beside mapped files; zero where it is not known."""
    return 1024 * int((field(Path("/proc/self/status"), "RssAnon") or "0").split()[0])
