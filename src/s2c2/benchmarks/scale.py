"""How the cost of predicting and proposing grows with the number of images: up to a million and beyond.

The images are noise, made straight into a pack: nothing is drawn or decoded. Each size has a process of its
own, whose memory is looked at all the time: what it holds itself, beyond the pages of files.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from s2c2.benchmarks.timing import Meter, measured
from s2c2.benchmarks.worker import Work, working
from s2c2.memory import bytes_of

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SIDE, BLOCK = 32, 10_000
LOOK = 0.02
"""Seconds between two looks at the memory."""
ORDERS = {"shuffled": None, "by_blocks": 1024}
"""Images of a block for each order in which a pack is streamed from a disk."""
READ = 256
"""Batches of 256 images that are read in each order."""
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
        return found | {f"{name}_per_s": streamed_per_s(folder, block) for name, block in ORDERS.items()}

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


def streamed_per_s(folder: Path, block: int | None) -> float:
    """Return images per wall-clock second that a pack gives in batches, no page of it being in memory.

    Args:
        folder: holds the pack.
        block: images of a block of the order; None shuffles all alike.
    """
    from s2c2.data.batches import positions

    forget(folder / "pack.npy")
    pixels = np.lib.format.open_memmap(folder / "pack.npy", mode="r")
    batches = min(READ, max(len(pixels) // 256, 1))
    meter = Meter()
    for step in range(batches):
        pixels[positions(0, 1, step, 256, len(pixels), block)].sum()
    return 256 * batches / meter.sample()["wall_s"]


def forget(path: Path) -> None:
    """Let the system drop the pages of a file from memory, where it can."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


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
    return bytes_of(Path("/proc/self/status"), "RssAnon") or 0
