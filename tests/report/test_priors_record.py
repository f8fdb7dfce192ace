"""The committed check of the probe's priors is that of its records, and changes what it says it changes."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2c2 import probe
from s2c2.data.annotations import Annotations
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


def test_as_many_are_set_aside_as_people_disagree_about(script: dict[str, Any], tmp_path: Path) -> None:
    dataset = synthetic(tmp_path / "small", images=40, seed=0, size=16, classes=2)
    images = dataset.images[:4]
    soft = dataset.annotations.soft_labels(images)
    assert isinstance(dataset.annotations, Annotations)
    right = np.eye(2)[soft.argmax(axis=1)]
    predictions = Predictions(
        classes=dataset.classes,
        images=images,
        splits=("unlabeled",) * 4,
        probabilities=(0.1 + 0.8 * right).astype(np.float32),
        embeddings=np.zeros((4, 2), dtype=np.float32),
        ambiguity=(1 - soft.max(axis=1)).astype(np.float32),
        clusters=np.zeros(4, dtype=np.int32),
        cluster_confidence=np.ones(4, dtype=np.float32),
    )
    found = script["scored"](dataset, predictions)
    assert found["f1"] == 1.0
    assert found["auroc"] == 1.0 or np.isnan(found["auroc"])
