"""Rebuild the study of few answers: soft labels of answers alone, and pooled with what networks say.

``python results/pooling.py FOLDER DATASET…`` takes runs of ``s2c2 experiment proposals`` in FOLDER (``runs``
of its ``--out``) with the seeds 3 to 5, draws answers without proposals from the known soft labels of the
validation images, and writes one record for each dataset and seed in ``results/pooling/records``. Figure and
tables follow from the records alone, also without runs and datasets.
"""

import sys
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jaxtyping import Float, Float64, Int
from matplotlib.figure import Figure

from s2c2.data.dataset import read
from s2c2.experiments.records import datasets_of, read_records, rebuild
from s2c2.metrics.calibration import DCIC_CLIP, kl
from s2c2.metrics.coverage import least_confidence
from s2c2.metrics.default_effect import blended
from s2c2.metrics.pooling import Pooled, pooled
from s2c2.predictions import Predictions
from s2c2.report.figures import PALETTE, STYLE, standalone, svg
from s2c2.report.study.rendering import as_csv, as_markdown
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import spread
from s2c2.runs import open_run
from s2c2.simulation import annotated, draw

PLACE = Path(__file__).parent / "pooling"
TITLE = "Soft labels from few answers"
SEEDS = (3, 4, 5)
COUNTS = (1, 2, 3, 4, 6, 8, 12)
"""Answers an image."""
RUNS = {
    "plain network": "vanilla",
    "S2C2 as in the paper": "s2c2",
    "S2C2, readout and probe": "readout-probe",
    "plain, readout and probe": "vanilla-readout-probe",
}
"""Arm of the run whose opinion answers are pooled with."""
LINES = {
    "mean": (5, ":"),
    "mean, blended by first class": (3, "--"),
    "drawn to the mean of all": (4, "--"),
    "plain network alone": (7, "--"),
    "pooled, plain network": (0, "-"),
    "pooled, S2C2 as in the paper": (1, "-"),
    "pooled, S2C2, readout and probe": (2, "-"),
}
"""Colour and line of each curve, in the order of the legend."""
ASKED = "S2C2, readout and probe"
"""Whose opinion says which image to ask about again."""
FIRST = ("evenly", "at random", "by a plain network's doubt", "by ambiguity", "by expected gain")
"""Which images get the next answers."""
TURNS = 5
"""Turns in which there are as many answers as images: each asks about a fifth of them again."""
MOST = 6
"""Mean number of answers at which asking ends."""
SCORES = {"kl": "KL to the truth", "squared": "squared error"}
"""Scores, and what people call them: both are least in expectation where a label is right."""


def answered(
    truth: Float[np.ndarray, "n k"], count: int, rng: np.random.Generator
) -> Float64[np.ndarray, "n k"]:
    """Return answers of so many people to each image, counted by class."""
    counts = np.zeros(truth.shape)
    for _ in range(count):
        counts[np.arange(len(truth)), draw(truth, rng)] += 1
    return counts


def labels(
    counts: Float64[np.ndarray, "n k"], said: Mapping[str, Predictions]
) -> dict[str, Float64[np.ndarray, "n k"]]:
    """Return the soft labels that each way makes of answers."""
    mean = counts / counts.sum(axis=1, keepdims=True)
    nothing, one_group = np.ones(counts.shape), np.zeros(len(counts), dtype=np.int64)
    found = {
        "mean": mean,
        "mean, blended by first class": blended(mean),
        "drawn to the mean of all": pooled(counts, nothing, one_group, one_group).labels,
    }
    for name, one in said.items():
        found[f"{name} alone"] = one.probabilities.astype(np.float64)
        found[f"pooled, {name}"] = pooled(counts, one.probabilities, one.predicted, one.groups).labels
        by_class = pooled(counts, one.probabilities, one.predicted, one.predicted)
        found[f"pooled, {name}, classes as groups"] = by_class.labels
    return found


def chosen(
    rule: str, counts: Float64[np.ndarray, "n k"], now: Pooled, said: Mapping[str, Predictions]
) -> Int[np.ndarray, " m"]:
    """Return which images get one more answer; of equal ones, any."""
    answers = counts.sum(axis=1)
    chance = np.random.default_rng(int(counts.sum())).random(len(counts))
    worth = {
        "evenly": -answers - chance,
        "at random": chance,
        "by a plain network's doubt": least_confidence(said["plain network"].probabilities) / (answers + 1),
        "by ambiguity": np.asarray(said[ASKED].ambiguity) / (answers + 1),
        "by expected gain": now.gain,
    }
    return np.argsort(-worth[rule], kind="stable")[: len(counts) // TURNS]


def asked(
    truth: Float[np.ndarray, "n k"], said: Mapping[str, Predictions], rule: str, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Return scores of pooled labels by the mean number of answers, where a rule says which come next."""
    counts, scores, network = answered(truth, 1, rng), {}, said[ASKED]
    for turn in range(TURNS * (MOST - 1) + 1):
        now = pooled(counts, network.probabilities, network.predicted, network.groups)
        if turn % TURNS == 0:
            scores[str(1 + turn // TURNS)] = scored(truth, now.labels)
        rows = chosen(rule, counts, now, said)
        counts[rows, draw(truth[rows], rng)] += 1
    return scores


def scored(truth: Float[np.ndarray, "n k"], found: Float64[np.ndarray, "n k"]) -> dict[str, float]:
    """Return how far soft labels are from the truth."""
    squared = float(np.square(truth - found).sum(axis=1).mean())
    return {"kl": round(kl(truth, found, DCIC_CLIP), 6), "squared": round(squared, 6)}


def made(runs: Path, folder: Path, seed: int) -> dict[str, Any]:
    """Return the record of one dataset and seed: scores of each way after each number of answers."""
    people = read(folder).annotations
    opened = (open_run(runs / f"{folder.name}-mean-teacher-{arm}-{seed}") for arm in RUNS.values())
    known = annotated([run.predictions().of("validation") for run in opened], people)
    said = dict(zip(RUNS, known, strict=True))
    truth = people.soft_labels(known[0].images)
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for count in COUNTS:
        counts = answered(truth, count, np.random.default_rng([seed, count]))
        for name, found in labels(counts, said).items():
            scores.setdefault(name, {})[str(count)] = scored(truth, found)
    again = {rule: asked(truth, said, rule, np.random.default_rng(seed)) for rule in FIRST}
    return {"dataset": folder.name, "seed": seed, "images": len(truth), "scores": scores, "asked": again}


def table(records: Sequence[Mapping[str, Any]], score: str) -> Sheet:
    """Return a score of each way after each number of answers, on each dataset."""
    rows = []
    for dataset in datasets_of(records):
        own = [record["scores"] for record in records if record["dataset"] == dataset]
        for name in own[0]:
            cells = (spread(one[name][str(count)][score] for one in own) for count in COUNTS)
            rows.append((dataset, name, *cells))
    title = f"{SCORES[score]}: mean ± standard deviation over {len(SEEDS)} seeds, by answers an image"
    return Sheet(score, title, ("dataset", "label", *map(str, COUNTS)), tuple(rows))


def again(records: Sequence[Mapping[str, Any]], score: str) -> Sheet:
    """Return a score of pooled labels after each mean number of answers, by who is asked about again."""
    rows = []
    for dataset in datasets_of(records):
        own = [record["asked"] for record in records if record["dataset"] == dataset]
        for rule in FIRST:
            cells = (spread(one[rule][count][score] for one in own) for count in own[0][rule])
            rows.append((dataset, rule, *cells))
    counts = records[0]["asked"][FIRST[0]]
    title = f"{SCORES[score]}, pooled, by which images are asked about again: mean ± standard deviation"
    return Sheet(f"again-{score}", title, ("dataset", "asked again", *counts), tuple(rows))


@mpl.rc_context(STYLE)
def figure(records: Sequence[Mapping[str, Any]]) -> str:
    """Return one panel for each dataset and score: mean over seeds against answers an image."""
    datasets = datasets_of(records)
    drawn = Figure(figsize=(8.4, 5.4), layout="constrained")
    panels = drawn.subplots(len(SCORES), len(datasets), sharex=True, sharey="row", squeeze=False)
    for row, (score, called) in zip(panels, SCORES.items(), strict=True):
        for axes, dataset in zip(row, datasets, strict=True):
            own = [record["scores"] for record in records if record["dataset"] == dataset]
            for name, (colour, line) in LINES.items():
                means = [np.mean([one[name][str(count)][score] for one in own]) for count in COUNTS]
                style = {"linestyle": line, "color": PALETTE[colour], "linewidth": 1.6, "label": name}
                axes.plot(COUNTS, means, **style)
            axes.set(xscale="log", yscale="log")
            axes.set_xticks(COUNTS, [str(count) for count in COUNTS])
            axes.set_xticks([], minor=True)
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
            axes.set_title(dataset, loc="left")
        row[0].set_ylabel(called)
    for axes in panels[-1]:
        axes.set_xlabel("answers an image")
    drawn.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return standalone(svg(drawn, f"{TITLE}: {', '.join(datasets)}"))


def contents() -> dict[Path, str]:
    """Return what follows from the committed records, by the file that holds it."""
    records = read_records(PLACE / "records")
    sheets = [*(table(records, score) for score in SCORES), *(again(records, score) for score in SCORES)]
    texts = {f"{sheet.name}.csv": as_csv(sheet) for sheet in sheets}
    texts |= {"table.md": as_markdown(TITLE, sheets), "figure.svg": figure(records)}
    return {PLACE / name: text for name, text in texts.items()}


def main() -> None:
    cases = product(map(Path, sys.argv[2:]), SEEDS)
    rebuild(PLACE / "records", cases, lambda folder, seed: made(Path(sys.argv[1]), folder, seed), contents)


if __name__ == "__main__":
    main()
