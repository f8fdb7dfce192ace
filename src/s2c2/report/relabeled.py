"""Before and after relabeling: what became of the labels, and of the scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from s2c2.data.annotations import TOLERANCES, Annotations, ambiguous
from s2c2.errors import UserError
from s2c2.metrics.captions import CAPTIONS
from s2c2.metrics.scores import evaluate
from s2c2.predictions import Predictions
from s2c2.report.agreement import mean_entropy
from s2c2.report.study.sheets import Sheet
from s2c2.report.tables import HEADLINE
from s2c2.runs import Run, dataset_of, refuse_other_pictures


def changes(after: Run, before: Run) -> tuple[Sheet, ...]:
    """Return what relabeling changed, as tables: the labels, and the scores by the old and the new labels.

    Scores are on the validation images that both runs share and that both labels know.

    Args:
        after: a run that learned from an annotation log.
        before: a run on the same dataset without it, or with an earlier one.

    Raises:
        UserError: when the runs are on different datasets or share no validation image.
    """
    if after.dataset.get("classes") != before.dataset.get("classes"):
        raise UserError(f"{after.path} and {before.path} have other classes: they are of different datasets")
    refuse_other_pictures(after, before)
    dataset = dataset_of(after)
    old, new = dataset_of(before).annotations, dataset.annotations
    tolerance = float(after.config.get("data", {}).get("tolerance", TOLERANCES["dissent"]))
    return _labels(old, new, dataset.images, tolerance), _scores((before, after), (old, new), tolerance)


def _labels(old: Annotations, new: Annotations, images: tuple[str, ...], tolerance: float) -> Sheet:
    sides = [_facts(said, images, tolerance) for said in (old, new)]
    rows: list[tuple[Any, ...]] = [(name, sides[0][name], sides[1][name], None) for name in sides[0]]
    first, second = old.majority(images), new.majority(images)
    both = (first >= 0) & (second >= 0)
    moved = int((first[both] != second[both]).sum())
    touched = int((old.counts(images) != new.counts(images)).any(axis=1).sum())
    rows += [
        ("images with other votes", None, None, touched),
        ("of them without a label before", None, None, int(((first < 0) & (second >= 0)).sum())),
        ("images whose first class changed", None, None, moved),
    ]
    return Sheet(
        "labels", "Labels before and after relabeling", ("", "before", "after", "changed"), tuple(rows)
    )


def _facts(said: Annotations, images: tuple[str, ...], tolerance: float) -> dict[str, Any]:
    votes, soft = said.votes(images), said.soft_labels(images)
    known = votes > 0
    return {
        "images with a label": int(known.sum()),
        "mean entropy of the soft labels, in nats": mean_entropy(soft),
        "share that people disagree about": float(ambiguous(soft[known], tolerance).mean())
        if known.any()
        else None,
    }


def _scores(runs: tuple[Run, Run], labels: tuple[Annotations, Annotations], tolerance: float) -> Sheet:
    said = [run.predictions().of("validation") for run in runs]
    shared = set(said[0].images) & set(said[1].images)
    both = [image for image in said[0].images if image in shared]
    known = np.all([label.votes(both) > 0 for label in labels], axis=0)
    images = [image for image, labeled in zip(both, known, strict=True) if labeled]
    if not images:
        raise UserError(f"{runs[0].path} and {runs[1].path} share no validation image with a label")
    scores = [
        _evaluated(predictions.named(images), label, tolerance) for label in labels for predictions in said
    ]
    rows = [
        (CAPTIONS[name].name, *(one.get(name) for one in scores))
        for name in HEADLINE
        if name in CAPTIONS and any(name in one for one in scores)
    ]
    heads = [f"{run}, by the labels {label}" for label in ("before", "after") for run in ("before", "after")]
    title = f"Scores on {len(images)} validation images of both runs"
    return Sheet("scores", title, ("score", *heads), tuple(rows))


def _evaluated(predictions: Predictions, label: Annotations, tolerance: float) -> Mapping[str, Any]:
    return evaluate(predictions, label.soft_labels(predictions.images), tolerance).as_dict()
