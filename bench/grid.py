"""Minutes and memory of a whole table on frozen features: ``python -m bench.grid DATASET``.

The embeddings are made first, and timed apart. Then every run of ``table2`` is trained, read and scored, with
six algorithms, plain and extended, by two processes of one thread.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from s2c2.benchmarks.machine import machine

ALGORITHMS = ("supervised", "pi-model", "mean-teacher", "pseudo-label", "fixmatch", "mixmatch")
SEEDS, WORKERS = 3, 2
RESULT = Path(__file__).parent / "grid.json"
MAIN = (
    sys.executable,
    "-c",
    "from s2c2.cli import main; main()",
    "experiment",
    "table2",
    "--preset",
    "features",
)


def table(dataset: Path, out: Path, seeds: int, *more: str) -> dict[str, float]:
    """Train the table; return its minutes and the most memory that its processes held together.

    Files that are mapped, as embeddings and libraries are, can be let go at any time: they are told apart.
    """
    names = [part for name in ALGORITHMS for part in ("--algorithm", name)]
    command = [*MAIN, "--dataset", str(dataset), *names, "--seeds", str(seeds), "--out", str(out)]
    command += ["--workers", str(WORKERS), *more]
    start, own, whole = time.perf_counter(), 0, 0
    with subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}) as process:
        while process.poll() is None:
            found = [held(pid) for pid in (process.pid, *below(process.pid))]
            own = max(own, sum(one["Pss_Anon"] for one in found))
            whole = max(whole, sum(one["Pss"] for one in found))
            time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"the grid ended with {process.returncode}")
    minutes = round((time.perf_counter() - start) / 60, 1)
    return {"minutes": minutes, "memory_mb": round(own / 1e6), "with_mapped_files_mb": round(whole / 1e6)}


def below(pid: int) -> Iterator[int]:
    """Yield the processes that a process started, and those that these did."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in map(int, children):
            yield child
            yield from below(child)


def held(pid: int) -> Counter[str]:
    """Return the bytes that a process holds; of what it shares with others, its part."""
    try:
        facts = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return Counter()
    found = re.findall(r"^(Pss|Pss_Anon):\s+(\d+) kB", facts, re.MULTILINE)
    return Counter({name: int(kilobytes) * 1024 for name, kilobytes in found})


def measured(dataset: Path, folder: Path, *settings: str) -> dict[str, Any]:
    """Return all figures."""
    embeddings = table(dataset, folder / "first", 1, "train.steps=1", *settings)
    whole = table(dataset, folder / "whole", SEEDS, *settings)
    return {
        "dataset": dataset.name,
        "algorithms": list(ALGORITHMS),
        "seeds": SEEDS,
        "workers": WORKERS,
        "runs": len(list((folder / "whole" / "records").glob("*.json"))),
        "embeddings_and_one_step": embeddings,
        "table": whole,
    }


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, help="a dataset folder")
    parser.add_argument("settings", nargs="*", help="settings of all runs, as data.split=cifar10h")
    parser.add_argument("--out", type=Path, default=RESULT, help="record to write")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        facts = measured(given.dataset.resolve(), Path(folder), *given.settings)
    where = {"date": datetime.now(UTC).date().isoformat()} | machine(threads=1)
    text = json.dumps({"machine": where} | facts, indent=2) + "\n"
    given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
