"""A run made from values: six groups of twenty images, of which the server makes the proposals itself."""

import json
from pathlib import Path

import numpy as np
import yaml

from s2c2 import proposals
from s2c2.data.synthetic import synthetic
from s2c2.predictions import Predictions

IMAGES = 120
CLASSES = 4
GROUPS = 6
"""Groups 0, 1 and 2 are certain, of the class with that number; 3, 4 and 5 are clusters."""


def run_folder(folder: Path) -> Path:
    """Make a dataset and a run on it; image i lies in group i mod 6, farther from its centre as i grows."""
    dataset = synthetic(folder / "data", images=IMAGES, seed=0, classes=CLASSES, size=24, votes=2)
    number = np.arange(IMAGES)
    group = number % GROUPS
    likely = np.where(group < 3, group, group - 2)
    probabilities = np.full((IMAGES, CLASSES), 0.1, dtype=np.float32)
    probabilities[number, likely] = 0.7
    embeddings = 8 * np.eye(GROUPS, dtype=np.float32)[group]
    embeddings[:, 0] += number / IMAGES
    found = Predictions(
        dataset.classes,
        dataset.images,
        ("unlabeled",) * IMAGES,
        probabilities,
        embeddings,
        ambiguity=(group >= 3).astype(np.float32),
        clusters=group.astype(np.int32),
        cluster_confidence=np.ones(IMAGES, dtype=np.float32),
    )
    run = folder / "run"
    run.mkdir()
    found.write(run / "predictions.parquet")
    proposals.write(proposals.propose(found), run / "proposals.parquet")
    config = {"algorithm": {"name": "mean-teacher"}, "objective": {"name": "s2c2"}}
    (run / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    facts = {"name": dataset.name, "root": str(dataset.root), "classes": dataset.classes, "size": 24}
    (run / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")
    return run
