"""Small datasets and runs for the tests of the server; nothing is trained."""

import json
import uuid
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from s2c2.data.dataset import read
from s2c2.data.synthetic import synthetic
from s2c2.predictions import Predictions
from s2c2.web.asking import Local
from s2c2.web.opening import open_app
from s2c2.web.settings import Settings, shared
from s2c2.web.workspace import Workspace

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks for another client library
    from starlette.testclient import TestClient as TestClient

ADDRESS = "http://127.0.0.1"
TOKEN = "token-of-the-test"


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def dataset_folder(folder: Path, images: int = 60) -> Path:
    """Make a dataset of three classes."""
    synthetic(folder, images=images, seed=0, classes=3, size=16)
    return folder


def run_folder(folder: Path, dataset: Path, vanilla: bool = False) -> Path:
    """Make a run whose network finds 20 certain images of each of two classes, and three clusters.

    Image i of the dataset lies near the centre of its group, farther from it as i grows.
    """
    found = read(dataset)
    n, k = len(found.images), len(found.classes)
    numbers = np.arange(n)
    group = numbers % 5  # 0, 1: certain, of that class; 2, 3, 4: ambiguous
    centres = np.array([[8, 0, 0], [0, 8, 0], [0, 0, 8], [8, 8, 0], [0, 8, 8]], dtype=np.float32)
    shift = np.stack([numbers / n, np.zeros(n), np.zeros(n)], axis=1)
    likely = np.where(group < 2, group, group - 2)
    probabilities = np.full((n, k), 0.2 / (k - 1), dtype=np.float32)
    probabilities[numbers, likely] = 0.8
    heads: dict[str, Any] = {
        "ambiguity": (group >= 2).astype(np.float32),
        "clusters": group.astype(np.int32),
        "cluster_confidence": np.ones(n, dtype=np.float32),
    }
    predictions = Predictions(
        found.classes,
        found.images,
        ("unlabeled",) * n,
        probabilities,
        (centres[group] + shift).astype(np.float32),
        **({} if vanilla else heads),
    )
    folder.mkdir()
    predictions.write(folder / "predictions.parquet")
    config = {"algorithm": {"name": "mean-teacher"}, "objective": {"name": "vanilla" if vanilla else "s2c2"}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    facts = {"name": found.name, "root": str(dataset), "classes": found.classes, "size": 16}
    (folder / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def client_of(
    workspace: Workspace, annotator: str = "ada", database: Path | None = None, **settings: Any
) -> TestClient:
    """Return a client of a server on a workspace; entering it starts the server."""
    arranged = Settings(**({"assign": shared(workspace.arm)} | settings))
    url = None if database is None else f"sqlite:///{database}"
    opened = open_app(workspace, arranged, lambda store: Local(annotator, TOKEN), url)
    return TestClient(opened.app, base_url=ADDRESS, headers={"X-CSRF-Token": TOKEN})


def sent(act: str, group: str | None = None, **more: Any) -> dict[str, Any]:
    """Return the body of an act with a fresh key."""
    return {"key": str(uuid.uuid4()), "act": act, "group": group, "scope": "shared/1/s2c2"} | more
