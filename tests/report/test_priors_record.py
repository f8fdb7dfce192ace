"""The committed check of the probe's priors is that of its records, and changes what it says it changes."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from s2c2 import probe
from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.predictions import Predictions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "results" / "priors.py"))


def test_tables_are_those_of_the_records(script: dict[str, Any]) -> None:
    for path, text in script["contents"]().items():
        assert path.read_text(encoding="utf-8") == text, f"run python results/priors.py: {path.name} differs"


def test_every_dataset_has_every_seed(script: dict[str, Any]) -> None:
    found = sorted(path.stem for path in (script["PLACE"] / "records").glob("*.json"))
    names = ("balanced", "cifar10h", "imbalanced")
    assert found == [f"{name}-{seed}" for name in names for seed in script["SEEDS"]]


def test_a_prior_is_changed_for_a_while(script: dict[str, Any]) -> None:
    usual = probe.STRENGTH
    with script["changed"]("STRENGTH", 3):
        assert pytest.approx(3) == probe.STRENGTH / usual
    assert probe.STRENGTH / usual == 1
    assert 1 in script["FACTORS"]


def said(dataset: Dataset, images: tuple[str, ...], probabilities: np.ndarray) -> Predictions:
    many = len(images)
    return Predictions(
        classes=dataset.classes,
        images=images,
        splits=("unlabeled",) * many,
        probabilities=probabilities.astype(np.float32),
        embeddings=np.zeros((many, 2), dtype=np.float32),
        ambiguity=(1 - dataset.annotations.soft_labels(images).max(axis=1)).astype(np.float32),
        clusters=np.zeros(many, dtype=np.int32),
        cluster_confidence=np.ones(many, dtype=np.float32),
    )


def test_as_many_are_set_aside_as_people_disagree_about(script: dict[str, Any], tmp_path: Path) -> None:
    dataset = synthetic(tmp_path / "small", images=40, seed=0, size=16, classes=2)
    images = dataset.images[:4]
    soft = dataset.annotations.soft_labels(images)
    assert isinstance(dataset.annotations, Annotations)
    right = np.eye(2)[soft.argmax(axis=1)]
    found = script["scored"](dataset, said(dataset, images, 0.1 + 0.8 * right))
    assert found["f1"] == 1.0
    assert found["auroc"] == 1.0 or np.isnan(found["auroc"])


def test_ties_are_not_broken_by_the_order_of_the_images(script: dict[str, Any]) -> None:
    images, classes = ("a.png", "b.png", "c.png"), ("cat", "dog")
    rows = [("a.png", "cat", 5), ("b.png", "dog", 5), ("c.png", "cat", 3), ("c.png", "dog", 2)]
    table = pl.DataFrame(rows, schema=["image", "label", "votes"], orient="row")
    dataset = Dataset(Path("pets"), "pets", classes, images, Annotations.build(table, classes))
    wrong = {"a.png": [0.3, 0.7], "b.png": [0.3, 0.7], "c.png": [0.7, 0.3]}  # of a.png, as sure as the others
    for order in (images, images[::-1]):
        found = script["scored"](dataset, said(dataset, order, np.array([wrong[image] for image in order])))
        assert 0 < found["f1"] < 1
