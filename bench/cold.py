"""A page of photographs that were never shown, in one request, and shown again; ``python -m bench cold``."""

import os
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.annotate import busy, options, record, server

RESULT = Path(__file__).parent / "cold.json"
PAGE, SHAPE, SIZE = 60, (1600, 1200), 128
"""Photographs, their width and height, and the longest side of a thumbnail."""


def photographs(folder: Path) -> Path:
    """Make a folder of JPEG files with structure at every scale, as photographs have it."""
    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    for number in range(PAGE):
        pixels = np.zeros((SHAPE[1], SHAPE[0], 3))
        for side in (4, 16, 64, 256):
            coarse = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
            pixels += np.asarray(coarse.resize(SHAPE, Image.Resampling.BICUBIC), dtype=np.float64) / 4
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02d}.jpg", quality=90)
    return folder


def page(port: int) -> float:
    """Return the seconds until all thumbnails of a page are there."""
    images = ",".join(map(str, range(PAGE)))
    start = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/thumbnails?size={SIZE}&images={images}") as got:
        data = got.read()
    assert len(data) > PAGE * 500, "thumbnails are missing"
    return time.perf_counter() - start


def measured(folder: Path) -> dict[str, Any]:
    """Return the seconds of a page that is drawn, in memory, and found on the disk by a new server."""
    photos = photographs(folder / "photographs")
    size = sum(path.stat().st_size for path in photos.iterdir()) / PAGE
    load = os.getloadavg()[0]
    with server(photos, "--classes", "disc,ring") as (pid, port, _):
        before = busy(pid)
        first, cpu = page(port), busy(pid) - before
        again = sorted(page(port) for _ in range(5))[2]
    with server(photos, "--classes", "disc,ring") as (_, port, _):
        restarted = page(port)
    seconds = {"first_s": first, "first_cpu_s": cpu, "again_s": again, "restarted_s": restarted}
    facts: dict[str, Any] = {"page": PAGE, "pixels": list(SHAPE), "kilobytes": round(size / 1000)}
    facts |= {"thumbnail": SIZE, "load_average": round(load, 1)}
    return facts | {name: round(value, 3) for name, value in seconds.items()}


def main(arguments: Sequence[str] = ()) -> None:
    record(measured, options(__doc__).parse_args(arguments), RESULT)


if __name__ == "__main__":
    main(sys.argv[1:])
