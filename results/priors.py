"""Rebuild the check of the probe's priors: would generated images alone have chosen the same?

``python results/priors.py DATASET…`` trains plain Mean-Teacher on frozen features of each dataset, three
seeds, with one vote and with five votes a labeled image, reads each network with a probe of several priors,
and scores the *unlabeled* images alone. One record for each dataset and seed in ``results/priors/records``;
the tables follow from the records alone, also without datasets.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from s2c2 import config as configuration
from s2c2 import probe
from s2c2.data.annotations import ambiguous
from s2c2.data.dataset import Dataset, read
from s2c2.experiments.records import datasets_of, read_records, rebuild
from s2c2.experiments.run import run
from s2c2.experiments.saved import reread
from s2c2.metrics.aligned import judged
from s2c2.metrics.ambiguity import auroc
from s2c2.metrics.classification import weighted_f1
from s2c2.metrics.coverage import least_confidence, rejections
from s2c2.metrics.equal_coverage import DRAWS
from s2c2.predictions import Predictions
from s2c2.report.study.rendering import as_csv, as_markdown
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import spread

PLACE = Path(__file__).parent / "priors"
TITLE = "Priors of the probe, by the images without a label"
SEEDS = (0, 1, 2)
FACTORS = (1 / 30, 1 / 10, 1 / 3, 1, 3, 10, 30)
"""What the variance of a prior is multiplied by."""
PROBES: Mapping[str, tuple[str, int, dict[str, Any]]] = {
    "classes": ("STRENGTH", 1, {"classes": "probe", "ambiguity": "doubt"}),
    "votes": ("CAUTION", 5, {"classes": "probe", "ambiguity": "votes"}),
}
"""By probe: the variance that is changed, votes of a labeled image, and how a network is read."""

SHOWN = (("classes", "f1"), ("classes", "auroc"), ("votes", "auroc"))
"""Probe and score of each table; the probe of votes does not change the classes."""


@contextmanager
def changed(name: str, factor: float) -> Iterator[None]:
    """Multiply a prior of the probe for a while."""
    usual = getattr(probe, name)
    setattr(probe, name, usual * factor)
    try:
        yield
    finally:
        setattr(probe, name, usual)


def made(folder: Path, seed: int) -> dict[str, Any]:
    """Return the record of one dataset and seed: scores of each probe at each factor of its prior."""
    dataset, scores = read(folder), {}
    for name, (variance, votes, reading) in PROBES.items():
        own = {"objective": {"name": "vanilla"}, "data": {"votes": votes}, "seed": seed}
        values = configuration.merged(configuration.preset("features"), own | {"train": {"threads": 1}})
        with TemporaryDirectory() as place:
            run(dataset, configuration.resolve(values), Path(place, "run"))
            scores[name] = []
            for number, factor in enumerate(FACTORS):
                with changed(variance, factor):
                    said = reread(Path(place, "run"), Path(place, str(number)), dict(reading))
                scores[name].append(scored(dataset, said.of("unlabeled")))
    return {"dataset": folder.name, "seed": seed, "scores": scores}


def scored(dataset: Dataset, said: Predictions) -> dict[str, float]:
    """Return F1 where as many are set aside as people disagree about, least sure first, and AUROC of p_a.

    Where a tie is cut in two, the images of it that are set aside are drawn, and F1 is the mean over draws.
    """
    known = judged(said, dataset.annotations.soft_labels(said.images))
    disputed = ambiguous(known.soft_labels)
    doubts = known.predictions.ambiguity
    doubtful, rng = least_confidence(known.predictions.probabilities), np.random.default_rng(0)
    masks = rejections(doubtful, int(disputed.sum()), rng, DRAWS)
    f1 = np.mean([weighted_f1(known.target[~gone], known.predictions.predicted[~gone]) for gone in masks])
    assert doubts is not None
    return {"f1": round(float(f1), 6), "auroc": round(auroc(np.asarray(doubts), disputed), 6)}


def tables(records: Sequence[Mapping[str, Any]]) -> list[Sheet]:
    """Return the tables."""
    found = []
    for name, score in SHOWN:
        rows = []
        for dataset in datasets_of(records):
            own = [record["scores"][name] for record in records if record["dataset"] == dataset]
            cells = (spread(one[place][score] for one in own) for place in range(len(FACTORS)))
            rows.append((dataset, *cells))
        heads = ("dataset", *(f"× {factor:.3g}" for factor in FACTORS))
        title = f"Probe of {name}, {'F1 of what is kept' if score == 'f1' else 'AUROC of p_a'}"
        found.append(Sheet(f"{name}-{score}", title, heads, tuple(rows)))
    return found


def contents() -> dict[Path, str]:
    """Return what follows from the committed records, by the file that holds it."""
    sheets = tables(read_records(PLACE / "records"))
    texts = {f"{sheet.name}.csv": as_csv(sheet) for sheet in sheets}
    return {PLACE / name: text for name, text in (texts | {"table.md": as_markdown(TITLE, sheets)}).items()}


def main() -> None:
    cases = product(map(Path, sys.argv[1:]), SEEDS)
    rebuild(PLACE / "records", cases, made, contents)


if __name__ == "__main__":
    main()
