"""One command as a process that may be killed at a drawn moment, and what it was doing then."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bench.forked import Forked
from s2c2.checkpoint import listed
from s2c2.files import STALE

POLL = 0.001
"""Seconds between two looks at the folder."""
LATE = 0.05
"""Seconds after a change within which the kill comes."""
PACKING = 3
"""Kills of a training that lie in packing, before the others."""
CACHE = "data/.cache"
FOLDERS = ("", "data", CACHE, "run", "run/checkpoints")
"""Folders in which commands write files one by one."""
PHASES = (
    (".safetensors.", "writing a checkpoint"),
    ("pack-", "writing the pack"),
    ("files.json.", "writing the pack"),
    ("predictions.parquet.", "writing predictions"),
    ("p.parquet.", "writing predictions"),
    ("proposals.parquet.", "writing proposals"),
    ("losses.jsonl.", "cutting the losses"),
    (".data.", "making the dataset"),
)
"""What a half-written file says of the moment, by a part of its name."""
DOING = {
    "synthetic": "making the dataset",
    "predict": "predicting a folder",
    "propose": "proposing",
    "evaluate": "scoring",
}


@dataclass(frozen=True)
class Aim:
    """When a process is killed: so many seconds after it has changed some folders so many times."""

    changes: int
    late: float
    folders: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    said: str
    seconds: float
    changes: int
    """Changes of the folder that were seen."""
    phase: str = ""
    """What it was doing when it was killed; empty if it ended by itself."""
    left: tuple[str, ...] = ()
    """Half-written files that it left."""


def aim(rng: random.Random, name: str, work: Path, before: int) -> Aim:
    """Draw a moment; one in ten lies in the start of the process, most of a training at its checkpoints.

    The first of a training lie in packing, while there is no pack; ``before`` is the number of kills so far.
    """
    kind, late = rng.random(), rng.uniform(0, LATE)
    if kind < 0.1:
        return Aim(0, rng.uniform(0, 2), FOLDERS)
    if name == "train" and before < PACKING and not packed(work):
        return Aim(rng.randint(1, 6), late / 4, (CACHE,))
    if name == "train" and kind > 0.25:
        return Aim(rng.randint(1, 7), late, ("run/checkpoints",))
    return Aim(rng.randint(1, 12 if name == "train" else 3), late, FOLDERS)


def packed(work: Path) -> bool:
    """Say whether the images have been packed."""
    return any((work / CACHE).glob("pack-*.json"))


def execute(name: str, arguments: list[str], work: Path, moment: Aim | None, *, fork: bool = False) -> Ended:
    """Run ``s2c2`` in a folder, to its end or to the moment at which it is killed.

    It is a process from scratch where it is to end by itself or to be killed in its start, else, or where
    ``fork`` says so, one forked from this one, which saves the imports.
    """
    said = work.parent / "said.txt"
    started = time.monotonic()
    with said.open("w+") as stream:
        process = begun(arguments, work, stream, fork=fork or (moment is not None and moment.changes > 0))
        changes = watched(process, work, moment)
        if process.poll() is None and moment is not None:
            time.sleep(moment.late)
            os.kill(process.pid, signal.SIGKILL)
        code = process.wait()
    seconds, text = round(time.monotonic() - started, 3), said.read_text()
    if code != -signal.SIGKILL:
        return Ended(code, text, seconds, changes)
    left = sorted(path.name for path in work.rglob(f"*.{process.pid}{STALE}"))
    return Ended(code, text, seconds, changes, phase(name, work, left, changes), tuple(left))


def begun(
    arguments: list[str], work: Path, said: TextIO, *, fork: bool
) -> "subprocess.Popen[bytes] | Forked":
    """Return a running command."""
    if fork:
        return Forked(arguments, work, said)
    command = [sys.executable, "-c", "from s2c2.cli import main; main()", *arguments]
    return subprocess.Popen(command, cwd=work, stdout=said, stderr=subprocess.STDOUT)


def watched(process: "subprocess.Popen[bytes] | Forked", work: Path, moment: Aim | None) -> int:
    """Wait for the end of a process or the change at which it is to be killed; return the changes seen."""
    folders = FOLDERS if moment is None else moment.folders
    before, changes = seen(work, folders), 0
    while process.poll() is None and (moment is None or changes < moment.changes):
        time.sleep(POLL)
        now = seen(work, folders)
        changes += now != before
        before = now
    return changes


def seen(work: Path, folders: tuple[str, ...]) -> frozenset[tuple[str, int, int]]:
    """Return name, size and time of the files in some folders."""
    found = set()
    for folder in folders:
        try:
            for entry in os.scandir(work / folder):
                status = entry.stat()
                found.add((entry.path, status.st_size, status.st_mtime_ns))
        except FileNotFoundError:  # it was renamed between two looks, or is not there yet
            continue
    return frozenset(found)


def phase(name: str, work: Path, left: list[str], changes: int) -> str:
    """Return what a process was doing when it was killed, from what it left behind."""
    for half in left:
        for part, doing in PHASES:
            if part in half:
                return doing
    if left:
        return "writing another file of the run"
    if not changes:
        return "starting"
    return DOING.get(name) or training(work)


def training(work: Path) -> str:
    """Return how far a training is."""
    if not packed(work):
        return "packing"
    if not (work / "run/config.yaml").exists():
        return "starting the run"
    kept, losses = listed(work / "run/checkpoints"), work / "run/losses.jsonl"
    steps = int(kept[-1].stem) if kept else 0
    if losses.exists() and losses.read_bytes().count(b"\n") > steps:
        return "between losses and checkpoint"
    if (work / "run/predictions.parquet").exists():
        return "ending"
    return "predicting" if steps == STEPS else "training"


STEPS = 24
"""Steps of a run."""
