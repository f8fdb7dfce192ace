"""The loop closes: a dataset with the answers of an annotation log."""

import hashlib
from dataclasses import replace
from typing import Any

import polars as pl

from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset, Relabeling
from s2c2.data.logs.exchange import known
from s2c2.data.logs.log import Log
from s2c2.data.logs.votes import PARTS, annotations, spread_images
from s2c2.errors import UserError


def relabeled(dataset: Dataset, log: Log, *, instead: bool = False) -> Dataset:
    """Return the dataset with the answers of a log beside its own annotations.

    Splits stay as they are without the log, and unlabeled images that people answered become labeled, so
    that runs before and after are scored on the same images. Where somebody answered an image with a
    distribution, all votes for it count ten times.

    Args:
        dataset: the dataset.
        log: answers about its images in its classes.
        instead: leave out the dataset's own annotations of images that the log answers.

    Raises:
        UserError: for a log without an answer, of other classes, or of images that the dataset lacks.
    """
    if log.classes != dataset.classes:
        raise UserError(f"the annotation log has other classes than the dataset {dataset.name}")
    log = log.spelled(dataset.images)
    answers = log.settled()
    if not len(answers):
        raise UserError("the annotation log holds no answer with a class or a distribution: nothing to learn")
    images = answers.table["image"].unique().to_list()
    known(sorted(images), dataset.images, dataset.name)
    said = annotations(answers)
    own = dataset.annotations.table
    if instead:
        own = own.filter(~pl.col("image").is_in(images))
    tenfold = pl.when(pl.col("image").is_in(spread_images(answers))).then(PARTS).otherwise(1)
    own = own.with_columns(votes=pl.col("votes") * tenfold)
    table = pl.concat([own, said.table], how="diagonal_relaxed")
    before = dataset.annotations if _divisible(dataset) else None
    relabeling = Relabeling(frozenset(images), before, record(log, instead=instead))
    joined = Annotations.build(table, dataset.classes)
    return replace(dataset, annotations=joined, relabeling=relabeling)


def record(log: Log, *, instead: bool) -> dict[str, Any]:
    """Return what a run folder keeps of the answers it learned from."""
    answers = log.settled().table
    people, rounds, arms = (answers[name].unique().sort().to_list() for name in ("annotator", "round", "arm"))
    unnamed = int((answers["annotator"] == "").sum())
    counted: dict[str, Any] = {
        "digest": digest(log),
        "rows": len(log),
        "answers": len(answers),
        "images": answers["image"].n_unique(),
        "annotators": len(people),
        "rounds": rounds,
        "arms": arms,
        "replaced": instead,
    }
    return counted | ({"unnamed": unnamed} if unnamed else {})


def digest(log: Log) -> str:
    """Return a digest of what a log says: the same for the same answers, however they are stored."""
    columns = ("image", "annotator", "round", "arm", "kind", "label", "distribution")
    rows = sorted(repr(row) for row in log.settled().table.select(columns).iter_rows())
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()


def _divisible(dataset: Dataset) -> bool:
    """Say whether the dataset's own annotations have every class where training needs it."""
    images = dataset.images
    if dataset.splits:
        images = tuple(image for image in images if dataset.splits.get(image) == "labeled")
    return bool(dataset.annotations.counts(images).sum(axis=0).all())
