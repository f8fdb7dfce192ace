"""How long the commands take to start."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from s2c2.benchmarks.cases import Asked
from s2c2.benchmarks.timing import interleaved, spread
from s2c2.data.synthetic import synthetic

COMMAND = (sys.executable, "-c", "from s2c2.cli import main; main()")
LISTENING = "listening on "
"""What ``annotate`` says before it answers."""


def rows(asked: Asked) -> list[dict[str, Any]]:
    """Return the seconds until the help is shown and until the annotation app is ready."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = synthetic(Path(folder) / "data", images=200, seed=0, size=32).root
        works = {"--help": helped, "annotate": lambda: served(dataset)}
        samples = interleaved(works, max(asked.rounds, 3))
    return [
        {
            "command": name,
            "seconds": spread([sample["wall_s"] for sample in taken]).rounded(3),
            "cpu_seconds": spread([sample["cpu_s"] for sample in taken]).rounded(3),
        }
        for name, taken in samples.items()
    ]


def helped() -> dict[str, float]:
    """Return what ``s2c2 --help`` costs."""
    start, before = time.perf_counter(), children()
    subprocess.run([*COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)
    return {"wall_s": time.perf_counter() - start, "cpu_s": children() - before}


def served(dataset: Path) -> dict[str, float]:
    """Return what it costs until ``s2c2 annotate`` answers; then it is ended.

    Raises:
        RuntimeError: when it ends by itself.
    """
    start, before = time.perf_counter(), children()
    command = [*COMMAND, "annotate", str(dataset), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        said = next((line for line in process.stdout or () if line.startswith(LISTENING)), None)
        if said is None:
            raise RuntimeError("s2c2 annotate did not become ready")
        with urlopen(said.removeprefix(LISTENING).split()[0]) as answer:
            answer.read()
        ready = time.perf_counter() - start
        process.terminate()
    return {"wall_s": ready, "cpu_s": children() - before}


def children() -> float:
    """Return the processor seconds of the processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system
