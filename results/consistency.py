"""Rebuild the consistency study on CIFAR-10H: simulated annotators, from finished runs on frozen features.

``python results/consistency.py FOLDER`` takes the Mean-Teacher runs in FOLDER (``results/features/runs`` once
the experiment of ``docs/howto/experiments.md`` has made them) and writes the records in
``results/consistency/records``. The summary and the figure beside them, and the table of
``docs/howto/simulated-annotators.md``, follow from the records alone, also without FOLDER.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from s2c2 import files
from s2c2.experiments.records import placed
from s2c2.report.consistency import read, summary
from s2c2.report.consistency_plot import figure
from s2c2.report.figures import standalone
from s2c2.report.study.rendering import as_csv, as_markdown, markdown

PLACE = Path(__file__).parent / "consistency"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "simulated-annotators.md"
OFFSETS = (0.0, 0.2, 0.65)
"""None, as DCIC measured on CIFAR-10H; moderate; strong, as on Plankton."""
SEEDS = (0, 1, 2)
TITLE = "Consistency of labels, simulated: CIFAR-10H, Mean-Teacher on frozen features"


def record(seed: int, offset: float) -> Path:
    return PLACE / "records" / f"{seed}-{offset:g}.json"


def contents() -> dict[Path, str]:
    """Return what follows from the committed records, by the file that holds it."""
    table = summary([read(record(seed, offset)) for offset in OFFSETS for seed in SEEDS])
    return {
        PLACE / "summary.md": as_markdown(TITLE, [table]),
        PLACE / "summary.csv": as_csv(table),
        PLACE / "figure.svg": standalone(figure(read(record(SEEDS[0], OFFSETS[1]))[0])),
        PAGE: placed(PAGE.read_text(encoding="utf-8"), markdown(table), "consistency"),
    }


def simulate(runs: Path, seed: int, offset: float) -> None:
    """Simulate one study from the pair of runs of one seed and keep its record."""
    run, against = (sorted(runs.glob(f"*mean-teacher-{arm}-{seed}"))[0] for arm in ("s2c2", "vanilla"))
    with TemporaryDirectory() as folder:
        chosen = ["--against", against, "--offset", offset, "--seed", seed, "--out", folder]
        code = "from s2c2.cli import main; main()"
        subprocess.run([sys.executable, "-c", code, *map(str, ["simulate", run, *chosen])], check=True)
        made = Path(folder, "consistency.json").read_text(encoding="utf-8")
    files.write_text(record(seed, offset), made)


def main() -> None:
    for runs in map(Path, sys.argv[1:2]):
        for offset in OFFSETS:
            for seed in SEEDS:
                simulate(runs, seed, offset)
    for path, text in contents().items():
        files.write_text(path, text)


if __name__ == "__main__":
    main()
