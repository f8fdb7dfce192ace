"""Rebuild the table of CIFAR-10H: ``make results`` trains, scores, records and writes the README's table.

With ``--table`` the table alone is rebuilt, from the committed records.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from s2c2 import files
from s2c2.experiments.records import placed, read_records, record, table

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT.parent / "shared" / "data" / "cifar10h"
RECORDS = Path(__file__).parent / "cifar10h"
WORK = ROOT / "runs" / "cifar10h"
GRID = [("mean-teacher", seed, 32) for seed in (0, 1, 2)] + [("fixmatch", 0, 16)]


def call(*arguments: object) -> None:
    subprocess.run([Path(sys.executable).parent / "s2c2", *map(str, arguments)], check=True)


def train(run: tuple[str, int, int, str]) -> None:
    algorithm, seed, batch, objective = run
    out = WORK / f"{algorithm}-{objective}-{seed}"
    flags = ["--vanilla"] if objective == "vanilla" else []
    settings = ["data.split=cifar10h", "train.threads=1", f"train.batch={batch}"]
    if not (out / "predictions.parquet").exists():
        call(
            "train",
            WORK / "dataset",
            *flags,
            "--algorithm",
            algorithm,
            "--seed",
            seed,
            "--out",
            out,
            "--resume",
            *settings,
        )


def score(algorithm: str, seed: int) -> None:
    plain, extended = (WORK / f"{algorithm}-{objective}-{seed}" for objective in ("vanilla", "s2c2"))
    call("evaluate", plain)
    call("evaluate", extended, "--against", plain)
    for run in (plain, extended):
        files.write_json(RECORDS / f"{run.name}.json", record(run))


def main() -> None:
    if "--table" not in sys.argv:
        if not (WORK / "dataset").exists():
            call("data", "import", SOURCE, WORK / "dataset", "--format", "counts")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(train, [(*run, objective) for run in GRID for objective in ("vanilla", "s2c2")]))
        for algorithm, seed, _ in GRID:
            if (WORK / f"{algorithm}-s2c2-{seed}" / "predictions.parquet").exists():
                score(algorithm, seed)
    page = ROOT / "README.md"
    files.write_text(page, placed(page.read_text(encoding="utf-8"), table(read_records(RECORDS))))


if __name__ == "__main__":
    main()
