"""The annotation server under load: 20 annotators, 100,000 images; ``python -m bench annotate``, minutes."""

import argparse
import asyncio
import json
import os
import platform
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from bench.crowd import Watch, crowd
from s2c2 import proposals
from s2c2.cli.people import people_of
from s2c2.memory import bytes_of
from s2c2.predictions import Predictions
from s2c2.web.database import writing
from s2c2.web.identity import accounts, managing
from s2c2.web.identity.people import Doer
from s2c2.web.identity.tokens import Wanted
from s2c2.web.store import Store

IMAGES, SMALL, CLASSES, CLUSTERS, FEATURES, SIDE = 100_000, 2_000, 10, 990, 128, 32
ANNOTATORS, SECONDS, PAUSE = 20, 60.0, 2.0
RESULT = Path(__file__).parent / "annotate.json"
SHOWN = ("act", "page of thumbnails", "smaller page", "queue", "group", "similar", "lease", "events")


def run_folder(folder: Path, images: int) -> Path:
    """Make a run with its dataset and proposals; nothing is trained."""
    names = tuple(f"{number // 1000:03d}/{number:06d}.png" for number in range(images))
    pictures = folder / "data" / "images"
    for name, data in zip(names, drawn(images), strict=True):
        path = pictures / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = predicted(names)
    run = folder / "run"
    run.mkdir()
    found.write(run / "predictions.parquet")
    proposals.write(proposals.propose(found), run / "proposals.parquet")
    config = {"algorithm": {"name": "mean-teacher"}, "objective": {"name": "s2c2"}}
    (run / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    facts = {"name": "load", "root": str(folder / "data"), "classes": found.classes, "size": SIDE}
    (run / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")
    return run


def drawn(images: int, different: int = 500) -> Iterator[bytes]:
    """Yield the bytes of PNG files, of which some are equal."""
    rng, kept = np.random.default_rng(0), list[bytes]()
    for _ in range(min(images, different)):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        stream = BytesIO()
        coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(stream, "PNG")
        kept.append(stream.getvalue())
    return (kept[number % len(kept)] for number in range(images))


def predicted(names: tuple[str, ...]) -> Predictions:
    """Return predictions with all clusters, of different sizes, and a third of certain images."""
    rng, n = np.random.default_rng(1), len(names)
    clusters = max(1, n * CLUSTERS // IMAGES)
    shares = rng.lognormal(0, 0.8, clusters)
    cluster = rng.choice(clusters, n, p=shares / shares.sum()).astype(np.int32)
    centres = rng.normal(0, 2, (clusters, FEATURES)).astype(np.float32)
    return Predictions(
        classes=tuple(f"class{number}" for number in range(CLASSES)),
        images=names,
        splits=("unlabeled",) * n,
        probabilities=rng.dirichlet(np.ones(CLASSES), n).astype(np.float32),
        embeddings=centres[cluster] + rng.normal(0, 1, (n, FEATURES)).astype(np.float32),
        ambiguity=(rng.random(n) < 0.67).astype(np.float32),
        clusters=cluster,
        cluster_confidence=np.ones(n, dtype=np.float32),
    )


def api_tokens(database: Path) -> list[str]:
    """Make an account with an API token for each annotator."""
    store = Store.open(f"sqlite:///{database}")
    people, now, found = people_of(store.engine), time.time(), []
    hashed = people.passwords.hash("a password of the benchmark")
    for number in range(ANNOTATORS):
        with writing(store.engine) as connection:
            account = accounts.add(connection, f"annotator {number}", "annotator", hashed, now)
        found.append(
            managing.issue(people, account, Wanted("load", "annotator"), Doer("(bench)"), now).secret
        )
    store.close()
    return found


@contextmanager
def server(run: Path, *options: str) -> Iterator[tuple[int, int, float]]:
    """Yield process, port and the seconds from its start to its first answer."""
    start = time.perf_counter()
    command = [sys.executable, "-c", "from s2c2.cli import main; main()", "annotate", str(run)]
    command += ["--no-open", *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        port = next(int(found[1]) for line in running.stdout if (found := re.search(r":(\d+)/ \(", line)))
        answered(port)
        yield running.pid, port, time.perf_counter() - start
    finally:
        running.terminate()
        running.wait(60)


def answered(port: int) -> None:
    """Wait for an answer to ``/api/session``; that nobody is logged in is one."""
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/session").close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.01)
        else:
            return


def ready(run: Path) -> float:
    """Return the seconds to the first answer of a server for one person."""
    with server(run) as (_, _, seconds):
        return round(seconds, 2)


def peak(pid: int) -> float:
    """Return the largest resident size of a process so far, in MB."""
    found = bytes_of(Path(f"/proc/{pid}/status"), "VmHWM")
    assert found is not None
    return round(found / 1e6, 1)


def busy(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited(pid: int) -> float:
    """Return the seconds that the threads of a process waited for a core that others used."""
    found = [
        path.read_text(encoding="ascii").split()[1] for path in Path(f"/proc/{pid}/task").glob("*/schedstat")
    ]
    return sum(map(int, found)) / 1e9


def load(run: Path, pause: float, seconds: float) -> dict[str, Any]:
    """Return what 20 annotators see of a fresh server on a fresh database."""
    database = run.parent / f"load-{pause}-{time.monotonic_ns()}.sqlite"
    with server(run, "--accounts", "--database", str(database)) as (pid, port, _):
        tokens = api_tokens(database)
        before, work, idle, start = os.getloadavg()[0], busy(pid), waited(pid), time.perf_counter()
        watch = asyncio.run(crowd(port, tokens, pause, seconds, seed=0))
        took = time.perf_counter() - start
        facts = {
            "annotators": ANNOTATORS,
            "pause_s": pause,
            "seconds": round(took, 1),
            "load_average": [round(before, 2), round(os.getloadavg()[0], 2)],
            "server_cpu_s": round(busy(pid) - work, 1),
            "server_waited_s": round(waited(pid) - idle, 1),
            "requests": sum(map(len, watch.seconds.values())),
            "memory_mb": peak(pid),
        }
    return facts | throughput(watch, database, took) | {"ms": spread(watch), "answers": dict(watch.counts)}


def throughput(watch: Watch, database: Path, seconds: float) -> dict[str, Any]:
    """Return acts and images a second, from the log."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT payload FROM events").fetchall()
    images = [len(json.loads(payload)["images"]) for (payload,) in rows]
    return {
        "acts": len(rows),
        "acts_s": round(len(rows) / seconds, 1),
        "images_s": round(sum(images) / seconds),
        "largest_act": max(images, default=0),
        "thumbnails_s": round(watch.counts["thumbnails"] / seconds, 1),
        "page": "one request for 60 thumbnails, as the page of the app makes",
    }


def spread(watch: Watch) -> dict[str, dict[str, float]]:
    """Return how many requests there were of each kind, and percentiles of their milliseconds."""
    found = {}
    for kind in SHOWN:
        values = np.array(watch.seconds[kind]) * 1000
        if len(values):
            found[kind] = percentiles(values)
    return found


def percentiles(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    """Return how many values there are, and their percentiles."""
    p50, p95, p99 = np.percentile(values, [50, 95, 99]).round(1).tolist()
    return {"n": len(values), "p50": p50, "p95": p95, "p99": p99}


def measured(folder: Path, seconds: float) -> dict[str, Any]:
    """Return all figures."""
    (folder / "small").mkdir()
    small, large = run_folder(folder / "small", SMALL), run_folder(folder, IMAGES)
    starts = {
        name: {"images": images, "first_s": ready(run), "again_s": sorted(ready(run) for _ in range(3))[1]}
        for name, run, images in (("small", small, SMALL), ("large", large, IMAGES))
    }
    paced = load(large, PAUSE, seconds)
    return {"ready": starts, "paced": paced, "without_pauses": load(large, 0.0, seconds / 2)}


def machine() -> dict[str, Any]:
    """Describe where and when."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": cpu[1].strip() if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "shared": "annotators and other work run on the same cores",
        "python": platform.python_version(),
        "database": f"SQLite {sqlite3.sqlite_version}",
    }


def options(words: str | None) -> argparse.ArgumentParser:
    """Return what a load test can be told."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--folder", type=Path, help="where to make the images; a temporary folder else")
    parser.add_argument("--dry", action="store_true", help="print only")
    return parser


def record(measure: Callable[[Path], dict[str, Any]], given: argparse.Namespace, result: Path) -> None:
    """Measure in a folder that goes again, print the figures with the machine, and keep them unless dry."""
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        facts = {"machine": machine()} | measure(Path(folder))
    text = json.dumps(facts, indent=2) + "\n"
    if not given.dry:
        result.write_text(text, encoding="utf-8")
    print(text)


def main(arguments: Sequence[str] = ()) -> None:
    parser = options(__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of work with pauses")
    given = parser.parse_args(arguments)
    record(lambda folder: measured(folder, given.seconds), given, RESULT)


if __name__ == "__main__":
    main(sys.argv[1:])
