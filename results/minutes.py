"""Rebuild the curves of label quality against time: simulated annotators, asked in five ways.

``python results/minutes.py FOLDER DATASET…`` takes the runs of ``results/proposals`` in FOLDER (its ``runs``,
once ``s2c2 experiment proposals`` has made them) and writes one record for each dataset and seed in
``results/minutes/records``. Figure and tables follow from the records alone, also without runs and datasets.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure

from s2c2.data.annotations import Annotations
from s2c2.data.dataset import read
from s2c2.experiments.records import datasets_of, read_records, rebuild
from s2c2.metrics.annotation_log import Answers, answers, checked
from s2c2.metrics.calibration import DCIC_CLIP, kl
from s2c2.metrics.consistency import offset_of
from s2c2.metrics.pooling import pooled
from s2c2.predictions import Predictions
from s2c2.report.figures import PALETTE, STYLE, standalone, svg
from s2c2.report.study.rendering import as_csv, as_markdown
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import Spread, spread
from s2c2.runs import open_run
from s2c2.simulation import (
    KINDS,
    Crowd,
    Shown,
    annotated,
    class_proposals,
    group_proposals,
    no_proposals,
    simulate,
)

PLACE = Path(__file__).parent / "minutes"
TITLE = "Labels against time: simulated annotators, asked in five ways"
SEEDS = (0, 1, 2)
OFFSETS = (0.0, 0.2, 0.65)
"""δ: none, moderate, strong (as DCIC measured on Plankton)."""
ANSWERS = 32
"""Answers an image, each of another person."""
RUNS = ("vanilla", "s2c2", "readout-probe")
"""Arms of the runs whose proposals are shown."""
NETWORKS = ("vanilla", "vanilla", "s2c2", "vanilla", "readout-probe")
"""Whose opinion answers are pooled with, by way of asking: of who proposes, else of the plain network."""
LINES = {
    "no proposals": (5, ":"),
    "plain classes, one by one": (0, "--"),
    "S2C2 as in the paper, clusters at once": (1, "-"),
    "plain classes, all at once": (0, "-"),
    "S2C2 as recommended, all at once": (2, "-"),
}
"""Colour and line of each way of asking, in the order of the legend."""
BUDGETS = (2, 4, 6)
"""Times at which ways are compared: what so many answers an image without proposals take."""
SCORES = {"kl": "KL", "kl_unbiased": "bias removed", "kl_pooled": "and pooled"}
"""Divergences, and what their columns are called."""
DRAWN = (("0.2", "kl"), ("0.65", "kl"), ("0.2", "kl_pooled"), ("0.65", "kl_pooled"))
"""δ and score of the rows of the figure."""
LAST = 15
"""Minutes for 100 images that the figure shows."""


def ways(said: Mapping[str, Predictions]) -> dict[str, Shown]:
    """Return what is shown with each image, by way of asking."""
    shown = (
        no_proposals(said["vanilla"]),
        class_proposals(said["vanilla"]),
        group_proposals(said["s2c2"]),
        group_proposals(said["vanilla"], KINDS),
        group_proposals(said["readout-probe"], KINDS),
    )
    return dict(zip(LINES, shown, strict=True))


def first(given: Answers, count: int) -> Answers:
    """Return the first answers for each image."""
    kept = np.where(np.arange(given.labels.shape[1]) < count, given.labels, -1)
    return replace(given, labels=kept)


def together(given: Answers, offset: float, said: Predictions) -> Float64[np.ndarray, "n k"]:
    """Return answers without δ, pooled with what a network says of alike images."""
    counts = given.soft_labels(offset) * given.votes.sum(axis=1, keepdims=True)
    return pooled(counts, said.probabilities, said.predicted, said.groups).labels


def curves(said: Mapping[str, Predictions], truth: Annotations, offset: float, seed: int) -> dict[str, Any]:
    """Return minutes for 100 images and KL after each answer, by way: as answered, without δ, and pooled."""
    images = said["vanilla"].images
    log = checked(simulate(truth, images, ways(said), Crowd(ANSWERS, 1, offset), seed))
    known = truth.soft_labels(images)
    parts = log.partition_by("arm", as_dict=True, maintain_order=True)
    given = {name: answers(parts[name,], images, truth.classes) for name in LINES}
    unasked = given["no proposals"].soft_labels()
    found = {}
    for (name, one), arm in zip(given.items(), NETWORKS, strict=True):
        removed = offset_of(one, unasked)
        minutes = one.seconds / 60 / len(images) * 100 / ANSWERS
        some = [first(one, count) for count in range(1, ANSWERS + 1)]
        found[name] = {
            "minutes": [round(minutes * count, 6) for count in range(1, ANSWERS + 1)],
            "kl": [round(kl(known, part.soft_labels(), DCIC_CLIP), 6) for part in some],
            "kl_unbiased": [round(kl(known, part.soft_labels(removed), DCIC_CLIP), 6) for part in some],
            "kl_pooled": [
                round(kl(known, together(part, removed, said[arm]), DCIC_CLIP), 6) for part in some
            ],
        }
    return found


def made(runs: Path, folder: Path, seed: int) -> dict[str, Any]:
    """Return the record of one dataset and seed."""
    truth = read(folder).annotations
    opened = (open_run(runs / f"{folder.name}-mean-teacher-{arm}-{seed}") for arm in RUNS)
    known = annotated([run.predictions().of("validation") for run in opened], truth)
    said = dict(zip(RUNS, known, strict=True))
    by_offset = {f"{offset:g}": curves(said, truth, offset, seed) for offset in OFFSETS}
    return {"dataset": folder.name, "seed": seed, "images": len(known[0]), "offsets": by_offset}


def labels_at(curve: Mapping[str, Sequence[float]], minutes: float, score: str) -> float:
    """Return a divergence at a time: between two numbers of answers, some images have one more."""
    return float(np.interp(minutes, curve["minutes"], curve[score]))


def table(records: Sequence[Mapping[str, Any]], offset: str) -> Sheet:
    """Return divergences of each way of asking at equal times, on each dataset."""
    rows = []
    for dataset in datasets_of(records):
        own = [record["offsets"][offset] for record in records if record["dataset"] == dataset]
        rows += [
            (dataset, name, spread(one[name]["minutes"][0] for one in own), *_cells(own, name))
            for name in LINES
        ]
    times = [f"{score}, time of {count} answers" for score in SCORES.values() for count in BUDGETS]
    title = f"δ = {offset}: mean ± standard deviation over {len(SEEDS)} seeds"
    heads = ("dataset", "asked", "minutes for 100 images", *times)
    return Sheet(f"offset-{offset}", title, heads, tuple(rows))


def _cells(own: Sequence[Mapping[str, Any]], name: str) -> list[Spread]:
    alone = "no proposals"
    return [
        spread(labels_at(one[name], one[alone]["minutes"][count - 1], score) for one in own)
        for score in SCORES
        for count in BUDGETS
    ]


@mpl.rc_context(STYLE)
def figure(records: Sequence[Mapping[str, Any]]) -> str:
    """Return one panel for each dataset, δ and score: divergence against minutes, mean over seeds."""
    datasets = datasets_of(records)
    drawn = Figure(figsize=(8.4, 9.4), layout="constrained")
    panels = drawn.subplots(len(DRAWN), len(datasets), sharex=True, sharey=True, squeeze=False)
    for row, (offset, score) in zip(panels, DRAWN, strict=True):
        for axes, dataset in zip(row, datasets, strict=True):
            own = [record["offsets"][offset] for record in records if record["dataset"] == dataset]
            for name, (colour, line) in LINES.items():
                minutes, divergence = (
                    np.mean([one[name][key] for one in own], axis=0) for key in ("minutes", score)
                )
                within = minutes <= LAST
                style = {"linestyle": line, "color": PALETTE[colour], "linewidth": 1.6, "label": name}
                axes.plot(minutes[within], divergence[within], **style)
            axes.set(xlim=(0, LAST), yscale="log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
            axes.set_title(f"{dataset}, δ = {offset}", loc="left")
        row[0].set_ylabel("KL to the truth" if score == "kl" else "KL, δ removed and pooled")
    for axes in panels[-1]:
        axes.set_xlabel("minutes for 100 images")
    drawn.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return standalone(svg(drawn, f"{TITLE}: {', '.join(datasets)}"))


def contents() -> dict[Path, str]:
    """Return what follows from the committed records, by the file that holds it."""
    records = read_records(PLACE / "records")
    sheets = [table(records, f"{offset:g}") for offset in OFFSETS]
    texts = {f"{sheet.name}.csv": as_csv(sheet) for sheet in sheets}
    texts |= {"table.md": as_markdown(TITLE, sheets), "figure.svg": figure(records)}
    return {PLACE / name: text for name, text in texts.items()}


def main() -> None:
    cases = product(map(Path, sys.argv[2:]), SEEDS)
    rebuild(PLACE / "records", cases, lambda folder, seed: made(Path(sys.argv[1]), folder, seed), contents)


if __name__ == "__main__":
    main()
