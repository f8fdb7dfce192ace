"""Kill ``s2c2`` processes at random; compare with an undisturbed run: ``python -m bench.soak``, minutes."""

import argparse
import hashlib
import json
import os
import platform
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.killing import STEPS, Ended, aim, execute
from s2c2.files import STALE, write_json

RESULT = Path(__file__).parents[1] / "results/soak/soak.json"
SETTINGS = (
    *(f"train.steps={STEPS}", "train.batch=8", "train.threads=1", "train.checkpoint=3"),
    *("algorithm.ratio=2", "data.labeled=48"),
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "synthetic": ("data", "synthetic", "data", "--images", "240", "--size", "16"),
    "train": ("train", "data", "--algorithm", "flexmatch", "--out", "run", "--resume", *SETTINGS),
    "predict": ("predict", "run", "data/images", "--out", "p.parquet"),
    "propose": ("propose", "run"),
    "evaluate": ("evaluate", "run"),
}
DONE = {"synthetic": "data", "train": "run/predictions.parquet"}
"""What is there when a command is done that cannot be called again."""
UNLIKE = ("environment.json",)
"""Files that hold times; only their names are compared."""
AGED = ("data/.cache/files.json",)
"""Files that are there or not by the age of the images; they are not compared."""


@dataclass(frozen=True)
class Plan:
    """How much a soak kills."""

    kills: int = 100
    rounds: int = 1000
    """Most rounds, whatever the number of kills."""
    most: Mapping[str, int] = field(
        default_factory=lambda: {"synthetic": 2, "train": 24, "predict": 2, "propose": 1, "evaluate": 1}
    )
    """Most kills of each command in a round; the commands that are not here are left out."""
    fork: bool = False
    """Whether also the commands that end by themselves are forked, which saves their imports."""


SHORT = Plan(8, 1, {"synthetic": 1, "train": 6, "predict": 1}, fork=True)
"""One round: what the checks can afford."""


def soak(plan: Plan, seed: int, work: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the record of a soak.

    In a round each command of the whole way is killed up to some times, called again each time, and then left
    to end. All files must then be those of an undisturbed round.
    """
    started, rng = time.monotonic(), random.Random(seed)
    for name in plan.most:
        finished(name, work, fork=plan.fork)
    expected = digests(work)
    moments: list[dict[str, Any]] = []
    unlike: list[str] = []
    rounds = 0
    while len(moments) < plan.kills and rounds < plan.rounds:
        rounds += 1
        empty(work)
        for name, most in plan.most.items():
            left = min(most, plan.kills - len(moments))
            killed = disturbed(name, work, rng, left, fork=plan.fork)
            moments += [{"round": rounds, **moment} for moment in killed]
        found = [f"round {rounds}: {text}" for text in differences(expected, digests(work))]
        unlike += found
        tell("\n".join((f"round {rounds}: {len(moments)} kills", *found)))
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "seed": seed,
        "seconds": round(time.monotonic() - started),
        "kills": len(moments),
        "rounds": rounds,
        "commands": {name: " ".join(("s2c2", *COMMANDS[name])) for name in plan.most},
        "phases": dict(Counter(moment["phase"] for moment in moments).most_common()),
        "compared": sorted(expected),
        "differences": unlike,
        "result": "different" if unlike else "equal",
        "moments": moments,
    }


def disturbed(name: str, work: Path, rng: random.Random, most: int, *, fork: bool) -> list[dict[str, Any]]:
    """Call a command until it ends by itself; return the kills, of which there are no more than ``most``."""
    moments: list[dict[str, Any]] = []
    while len(moments) < most:
        ended = execute(name, list(COMMANDS[name]), work, aim(rng, name, work, len(moments)))
        if not ended.phase:
            whole(name, ended)
            return moments
        kept = asdict(ended)
        moments.append({"command": name, **{key: kept[key] for key in ("seconds", "phase", "left")}})
        if name in DONE and (work / DONE[name]).exists():
            return moments
    finished(name, work, fork=fork)
    return moments


def finished(name: str, work: Path, *, fork: bool) -> Ended:
    """Run a command to its end."""
    ended = execute(name, list(COMMANDS[name]), work, None, fork=fork)
    whole(name, ended)
    return ended


def whole(name: str, ended: Ended) -> None:
    """Stop the soak where a command failed: that is a finding, not a difference."""
    if ended.code:
        raise SystemExit(f"{name} ended with {ended.code}:\n{ended.said}")


def digests(work: Path) -> dict[str, str]:
    """Return a digest of the bytes of each file; half-written ones count too, those of locks do not.

    The lock of a process ends with it; its empty file may stay where that was killed.
    """
    found = {}
    for path in sorted(work.rglob("*")):
        counts = path.is_file() and not path.name.endswith(".lock")
        if counts and path.relative_to(work).as_posix() not in AGED:
            data = b"" if path.name in UNLIKE else path.read_bytes()
            found[path.relative_to(work).as_posix()] = hashlib.blake2b(data, digest_size=16).hexdigest()
    return {name: value for name, value in found.items() if not name.startswith("data/images/")} | {
        "data/images": hashlib.blake2b(
            "".join(value for name, value in found.items() if name.startswith("data/images/")).encode()
        ).hexdigest()
    }


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """Return a sentence for each file that is missing, unlike, or should not be there."""
    missing = [f"{name} is missing" for name in expected.keys() - found.keys()]
    changed = [f"{name} differs" for name in expected.keys() & found.keys() if expected[name] != found[name]]
    more = [
        f"{name} is {'half-written' if STALE in name else 'left over'}"
        for name in found.keys() - expected.keys()
    ]
    return sorted(missing + changed + more)


def empty(work: Path) -> None:
    """Remove all that a round left."""
    shutil.rmtree(work)
    work.mkdir()


def machine() -> dict[str, Any]:
    """Return what the soak ran on."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "torch": version("torch").partition("+")[0],
    }


def main() -> None:
    """Run a soak, write its record, and fail where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=Plan().kills)
    parser.add_argument("--short", action="store_true", help="one round of few kills, whatever --kills says")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    plan = SHORT if options.short else replace(Plan(), kills=options.kills)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        work.mkdir()
        record = soak(plan, options.seed, work, print)
    write_json(options.out, record)
    shown = {key: record[key] for key in ("kills", "rounds", "seconds", "phases", "differences", "result")}
    print(json.dumps(shown, indent=2))
    sys.exit(record["result"] != "equal")


if __name__ == "__main__":
    main()
