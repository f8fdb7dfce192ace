"""Rebuild the tables of CIFAR-10H: ``make results`` trains, scores, records and writes them.

With ``--table`` they are rebuilt alone, from the committed records. Runs that are done are not repeated.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from s2c2 import files
from s2c2.experiments.records import placed, read_records, record
from s2c2.report.study.evidence import parts, probed
from s2c2.report.study.scratch import table
from s2c2.studies import known_outcomes

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT.parent / "shared" / "data" / "cifar10h"
RECORDS = Path(__file__).parent / "cifar10h"
WORK = ROOT / "runs" / "cifar10h"
ARMS = {"vanilla": ["--vanilla"], "s2c2": [], "doubt": ["objective.evidence=confidence"]}
"""Name of an arm and what it adds to the command."""
READ = {"readout": ("s2c2", ["predict.ambiguity=doubt", "predict.clusters=prototypes"])}
"""Arms that read the network of another arm anew."""
GRID = [("mean-teacher", seed, 32) for seed in (0, 1, 2)] + [("fixmatch", 0, 16)]
"""Algorithm, seed, labeled images in a batch."""


def call(*arguments: object) -> None:
    subprocess.run([Path(sys.executable).parent / "s2c2", *map(str, arguments)], check=True)


def folder(algorithm: str, seed: int, arm: str) -> Path:
    return WORK / f"{algorithm}-{arm}-{seed}"


def train(run: tuple[str, int, int, str]) -> None:
    algorithm, seed, batch, arm = run
    out = folder(algorithm, seed, arm)
    if not (out / "predictions.parquet").exists():
        settings = ["data.split=cifar10h", "train.threads=1", f"train.batch={batch}", *ARMS[arm]]
        chosen = ["--algorithm", algorithm, "--seed", seed, "--out", out, "--resume"]
        call("train", WORK / "dataset", *chosen, *settings)


def read(algorithm: str, seed: int) -> None:
    for arm, (source, settings) in READ.items():
        out = folder(algorithm, seed, arm)
        if not (out / "predictions.parquet").exists():
            given = [part for setting in settings for part in ("--set", setting)]
            call("predict", folder(algorithm, seed, source), "--as", out, *given)


def score(algorithm: str, seed: int) -> None:
    plain = folder(algorithm, seed, "vanilla")
    for arm in (*ARMS, *READ):
        run = folder(algorithm, seed, arm)
        call("evaluate", run, *([] if arm == "vanilla" else ["--against", plain]))
        files.write_json(RECORDS / f"{run.name}.json", record(run))


def main() -> None:
    if "--table" not in sys.argv:
        if not (WORK / "dataset").exists():
            call("data", "import", SOURCE, WORK / "dataset", "--format", "counts")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(train, [(*run, arm) for run in GRID for arm in ARMS]))
        for algorithm, seed, _ in GRID:
            read(algorithm, seed)
            score(algorithm, seed)
    records = read_records(RECORDS)
    beside = probed(known_outcomes(RECORDS.parent / "heldout" / "probe"), "cifar10h")
    place("README.md", {"probe": beside})
    place("docs/results.md", {"table": table(records)})
    place(
        "docs/does-it-help.md",
        parts(records, "cifar10h", known_outcomes(RECORDS.parent / "synthetic" / "table2")),
    )


def place(page: str, contents: dict[str, str]) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, content in contents.items():
        text = placed(text, content, name)
    files.write_text(ROOT / page, text)


if __name__ == "__main__":
    main()
