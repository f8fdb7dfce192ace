"""Rebuild the risk–coverage curves: errors among the images kept, by what sets the others aside.

``python results/curves.py DATASET…`` trains Mean-Teacher on frozen features of each dataset, plain and
extended by S2C2, each as in the paper and as recommended, three seeds, and writes one record for each dataset
and seed in ``results/curves/records``. Figure and table follow from the records alone, also without datasets.
"""

import sys
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib as mpl
import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure

from s2c2 import config as configuration
from s2c2.data.dataset import read
from s2c2.experiments.records import datasets_of, read_records, rebuild
from s2c2.experiments.run import run
from s2c2.metrics.aligned import Judged
from s2c2.metrics.ambiguity import entropy
from s2c2.metrics.coverage import least_confidence, risk_coverage
from s2c2.report.figures import PALETTE, STYLE, standalone, svg
from s2c2.report.study.rendering import as_csv, as_markdown
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import spread
from s2c2.report.subject import subjects
from s2c2.runs import open_run

PLACE = Path(__file__).parent / "curves"
TITLE = "Risk against coverage on frozen features"
SEEDS = (3, 4, 5)
COVERAGES = tuple(round(0.1 + 0.025 * i, 3) for i in range(37))
"""Shares of images kept, from a tenth to all of them: below, single images decide."""
ARMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "vanilla": ("features", {"objective": {"name": "vanilla"}}),
    "s2c2": ("features", {}),
    "recommended": ("recommended", {}),
    "probed": ("recommended", {"objective": {"name": "vanilla"}}),
}
"""Preset and settings of the four networks."""
LINES = {
    "random": (5, ":"),
    "S2C2 as in the paper, by p_a": (1, "-"),
    "plain, by human entropy": (3, "--"),
    "plain, by confidence": (0, "-"),
    "plain, readout and probe": (4, "--"),
    "S2C2, readout and probe": (2, "-"),
}
"""Colour and line of each curve, in the order of the legend."""


def judged(folder: Path, seed: int, arm: str) -> Judged:
    """Train one network and return its predictions for the annotated validation images."""
    preset, values = ARMS[arm]
    own = configuration.merged({"train": {"threads": 1}, "seed": seed}, values)
    config = configuration.resolve(configuration.merged(configuration.preset(preset), own))
    with TemporaryDirectory() as place:
        run(read(folder), config, Path(place, "run"))
        (subject,) = subjects([open_run(Path(place, "run"))])
    found = subject.judged
    assert found is not None
    return found


def doubts(found: Mapping[str, Judged]) -> dict[str, tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]]:
    """Return what sets images aside and which of them the network gets wrong, by curve."""
    wrong = {arm: one.predictions.predicted != one.target for arm, one in found.items()}
    plain = found["vanilla"]
    scores = {
        "random": ("vanilla", np.zeros(len(plain.target))),
        "S2C2 as in the paper, by p_a": ("s2c2", found["s2c2"].predictions.ambiguity),
        "plain, by human entropy": ("vanilla", entropy(plain.soft_labels)),
        "plain, by confidence": ("vanilla", least_confidence(plain.predictions.probabilities)),
        "plain, readout and probe": ("probed", found["probed"].predictions.ambiguity),
        "S2C2, readout and probe": ("recommended", found["recommended"].predictions.ambiguity),
    }
    return {name: (score, wrong[arm]) for name, (arm, score) in scores.items() if score is not None}


def made(folder: Path, seed: int) -> dict[str, Any]:
    """Return the record of one dataset and seed: risk at each coverage, and the whole area."""
    found = doubts({arm: judged(folder, seed, arm) for arm in ARMS})
    curves = {name: risk_coverage(scores, wrong) for name, (scores, wrong) in found.items()}
    images = len(found["random"][1])
    kept = np.maximum(np.rint(np.array(COVERAGES) * images).astype(int), 1) - 1
    risks = {name: curve.risk[kept].round(6).tolist() for name, curve in curves.items()}
    areas = {name: round(curve.area, 6) for name, curve in curves.items()}
    return {"dataset": folder.name, "seed": seed, "images": images, "risk": risks, "area": areas}


def table(records: Sequence[Mapping[str, Any]]) -> Sheet:
    """Return the errors among the images kept, and the area, of each curve on each dataset."""
    shown = (0.25, 0.5, 0.75, 1.0)
    rows = []
    for dataset in datasets_of(records):
        own = [record for record in records if record["dataset"] == dataset]
        for name in LINES:
            risks = [[one["risk"][name][COVERAGES.index(share)] for one in own] for share in shown]
            rows.append((dataset, name, *map(spread, risks), spread([one["area"][name] for one in own])))
    heads = ("dataset", "set aside", *(f"errors, {share:.0%} kept" for share in shown), "AURC")
    return Sheet("curves", f"Mean ± standard deviation over {len(SEEDS)} seeds", heads, tuple(rows))


@mpl.rc_context(STYLE)
def figure(records: Sequence[Mapping[str, Any]]) -> str:
    """Return a panel for each dataset as SVG: mean and standard deviation over the seeds."""
    datasets = datasets_of(records)
    drawn = Figure(figsize=(8.4, 3.6), layout="constrained")
    panels = drawn.subplots(1, len(datasets), squeeze=False)[0]
    for axes, dataset in zip(panels, datasets, strict=True):
        for name, (colour, line) in LINES.items():
            risks = np.array([one["risk"][name] for one in records if one["dataset"] == dataset])
            mean, around = risks.mean(axis=0), risks.std(axis=0, ddof=1)
            own = {"color": PALETTE[colour], "linewidth": 1.6}
            axes.plot(COVERAGES, mean, linestyle=line, label=name, **own)
            axes.fill_between(COVERAGES, mean - around, mean + around, color=own["color"], alpha=0.15, lw=0)
        axes.set(xlim=(0, 1), xlabel="coverage: share kept")
        axes.set_ylim(bottom=0)
        axes.set_title(dataset, loc="left")
    panels[0].set_ylabel("risk: errors among these")
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return standalone(svg(drawn, f"{TITLE}: {', '.join(datasets)}"))


def contents() -> dict[Path, str]:
    """Return what follows from the committed records, by the file that holds it."""
    records = read_records(PLACE / "records")
    found = table(records)
    texts = {
        "table.md": as_markdown(TITLE, [found]),
        "table.csv": as_csv(found),
        "figure.svg": figure(records),
    }
    return {PLACE / name: text for name, text in texts.items()}


def main() -> None:
    cases = product(map(Path, sys.argv[1:]), SEEDS)
    rebuild(PLACE / "records", cases, made, contents)


if __name__ == "__main__":
    main()
