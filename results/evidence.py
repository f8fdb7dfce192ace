"""Rebuild the search for evidence of ambiguity: what a plain network says of an image, how often, and when.

``python results/evidence.py DATASET…`` trains plain Mean-Teacher on frozen features of each dataset, three
seeds, keeps each hundredth step, and writes one record for each run in ``results/evidence/records``. The
table beside them follows from the records alone, also without datasets.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.stats import rankdata
from sklearn.neighbors import NearestNeighbors
from torch import nn

from s2c2 import checkpoint
from s2c2 import config as configuration
from s2c2.data.annotations import ambiguous
from s2c2.data.dataset import read
from s2c2.experiments.records import read_records, rebuild
from s2c2.experiments.run import run
from s2c2.experiments.setup import Setup, setup
from s2c2.metrics.ambiguity import auroc
from s2c2.metrics.classification import weighted_f1
from s2c2.metrics.coverage import entropy, least_confidence, margin, rejections
from s2c2.metrics.equal_coverage import DRAWS
from s2c2.report.study.rendering import as_csv, as_markdown
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import Difference, difference

PLACE = Path(__file__).parent / "evidence"
TITLE = "Evidence of ambiguity beside the confidence of a plain network"
SEEDS = (0, 1, 2)
NEAR = 20
"""Neighbours of an image that are asked."""
PLAIN = ("1 − max p", "entropy", "margin")
"""The detectors that a comparison at equal coverage takes the best of."""

Probabilities = Float[np.ndarray, "n k"]
Evidence = Float[np.ndarray, " n"]


def divergence(several: Sequence[Probabilities]) -> Evidence:
    """Return the Jensen–Shannon divergence of opinions: entropy of the mean less mean entropy."""
    return np.asarray(entropy(np.mean(several, axis=0)) - np.mean([entropy(p) for p in several], axis=0))


def margins(p: Probabilities, chosen: Int[np.ndarray, " n"]) -> Evidence:
    """Return by how much a class is ahead of the best other one, in [−1, 1]."""
    rows, others = np.arange(len(p)), p.copy()
    others[rows, chosen] = -1.0
    return np.asarray(p[rows, chosen] - others.max(axis=1))


def ranks(evidence: Evidence) -> Evidence:
    """Return the rank of each image, the mean of those that tie, as a share."""
    return np.asarray(rankdata(evidence) / len(evidence))


@torch.no_grad()
def said(
    network: nn.Module, rows: Float[np.ndarray, "n e"]
) -> tuple[Probabilities, Float[np.ndarray, "n h"]]:
    """Return what a network says of embeddings, and what its heads read."""
    outputs = network.eval()(torch.from_numpy(rows.astype(np.float32))[:, :, None, None])
    return outputs.classes.softmax(dim=1).double().numpy(), outputs.embeddings.double().numpy()


def evidences(ready: Setup, checkpoints: Sequence[Path], rows: Int[np.ndarray, " n"]) -> dict[str, Evidence]:
    """Return each evidence for some images, more where an image seems more ambiguous; and ``predicted``."""
    assert ready.embedded is not None
    views = [view[rows] for view in (*ready.embedded.rows["none"], *ready.embedded.rows["weak"])]
    history = []
    for path in checkpoints:
        checkpoint.load(ready.training, checkpoint.read(path)[0], 0, path)
        history.append(said(ready.training.network, views[0])[0])
    network = ready.training.averaged.network
    opinions = [said(network, view)[0] for view in views]
    final, hidden = said(network, views[0])
    predicted = final.argmax(axis=1)
    frozen = ready.embedded.mean(np.arange(len(ready.pack.images)))
    number = {image: row for row, image in enumerate(ready.pack.images)}
    labeled = np.array([number[image] for image in ready.splits.labeled])
    trained = np.union1d(ready.batches.labeled, ready.batches.unlabeled)
    near, _ = _nearest(frozen[trained], frozen[rows])
    told, far = _nearest(frozen[labeled], frozen[rows])
    theirs = said(network, ready.embedded.rows["none"][0][trained])[0]
    classes = np.eye(final.shape[1])[ready.labels]
    return {
        "predicted": predicted,
        "1 − max p": least_confidence(final),
        "entropy": entropy(final),
        "margin": margin(final),
        "1 − max p, mean of views": least_confidence(np.mean(opinions, axis=0)),
        "disagreement of views": divergence(opinions),
        "disagreement of student and averaged network": divergence([history[-1], final]),
        "1 − max p, mean of training": least_confidence(np.mean(history, axis=0)),
        "area under the margin": -np.mean([margins(p, predicted) for p in history], axis=0),
        "changes of class in training": np.mean(
            [a.argmax(axis=1) != b.argmax(axis=1) for a, b in pairwise(history)], axis=0
        ),
        "entropy of what neighbours are called": entropy(theirs[near].mean(axis=1)),
        "entropy of neighbours' labels": entropy(classes[told].mean(axis=1)),
        "distance to labeled neighbours": far,
        "small norm of the embedding": -np.linalg.norm(hidden, axis=1),
    }


def _nearest(
    among: Float[np.ndarray, "m e"], asked: Float[np.ndarray, "n e"]
) -> tuple[Int[np.ndarray, "n j"], Evidence]:
    """Return the nearest of some images by cosine, and the mean distance to them."""
    distances, found = NearestNeighbors(n_neighbors=NEAR, metric="cosine").fit(among).kneighbors(asked)
    return found, distances.mean(axis=1)


def scored(found: Mapping[str, Evidence], soft_labels: Probabilities, tolerance: float) -> dict[str, Any]:
    """Return AUROC, and F1 where as many images are set aside as people disagree about, of each evidence.

    Alone, and as the mean of its rank and that of ``1 − max p``.
    """
    disputed, target = ambiguous(soft_labels, tolerance), soft_labels.argmax(axis=1)
    doubt, predicted = ranks(found["1 − max p"]), found["predicted"]

    def kept(evidence: Evidence) -> float:
        masks = rejections(evidence, int(disputed.sum()), np.random.default_rng(0), DRAWS)
        return float(np.mean([weighted_f1(target[~gone], predicted[~gone]) for gone in masks]))

    scores: dict[str, Any] = {}
    for name, alone in found.items():
        if name != "predicted":
            both = (ranks(alone) + doubt) / 2
            scores[name] = {
                "auroc": auroc(alone, disputed),
                "f1": kept(alone),
                "auroc_with": auroc(both, disputed),
                "f1_with": kept(both),
            }
    return scores


def made(folder: Path, seed: int) -> dict[str, Any]:
    """Train one plain network and score each evidence on the validation images."""
    steps = {"checkpoint": 100, "keep": 100, "threads": 1}
    values = {"objective": {"name": "vanilla"}, "train": steps, "seed": seed}
    config = configuration.resolve(configuration.merged(configuration.preset("features"), values))
    dataset = read(folder)
    with TemporaryDirectory() as place:
        run(dataset, config, Path(place, "run"))
        ready = setup(dataset, config, torch.device("cpu"))
        number = {image: row for row, image in enumerate(ready.pack.images)}
        soft_labels = dataset.annotations.soft_labels(ready.splits.validation)
        known = ~np.isnan(soft_labels).any(axis=1)
        rows = np.array([number[image] for image in ready.splits.validation])[known]
        found = evidences(ready, checkpoint.listed(Path(place, "run", "checkpoints")), rows)
    scores = scored(found, soft_labels[known], config.data.tolerance)
    return {"dataset": folder.name, "seed": seed, "images": len(rows), "scores": scores}


def table(records: Sequence[Mapping[str, Any]]) -> Sheet:
    """Return each evidence minus the best plain one of the same run, over all runs and on CIFAR-10H alone."""
    groups: dict[str, Callable[[Mapping[str, Any]], bool]] = {
        "": lambda record: True,
        ", CIFAR-10H": lambda record: record["dataset"] == "cifar10h",
    }
    measures = {
        "AUROC (≥ +0.03)": "auroc",
        "F1 (≥ +0.01)": "f1",
        "AUROC, with 1 − max p": "auroc_with",
        "F1, with 1 − max p": "f1_with",
    }
    columns = ("evidence", *(title + group for title in measures for group in groups))

    def cells(name: str) -> Iterator[Difference]:
        for measure in measures.values():
            for chosen in groups.values():
                yield difference(
                    [_pair(record["scores"], name, measure) for record in records if chosen(record)]
                )

    rows = tuple((name, *cells(name)) for name in records[0]["scores"])
    count = len({record["dataset"] for record in records})
    title = f"Minus the best of {', '.join(PLAIN)} of the same run: {len(records)} runs on {count} datasets"
    return Sheet("evidence", title, columns, rows)


def _pair(scores: Mapping[str, Mapping[str, float]], name: str, measure: str) -> tuple[float, float]:
    return scores[name][measure], max(scores[plain][measure.removesuffix("_with")] for plain in PLAIN)


def contents() -> dict[Path, str]:
    """Return what follows from the committed records, by the file that holds it."""
    found = table(read_records(PLACE / "records"))
    return {PLACE / "table.md": as_markdown(TITLE, [found]), PLACE / "table.csv": as_csv(found)}


def main() -> None:
    rebuild(PLACE / "records", product(map(Path, sys.argv[1:]), SEEDS), made, contents)


if __name__ == "__main__":
    main()
