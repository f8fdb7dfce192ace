"""Run folders with random predictions on a small dataset folder; nothing is trained."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from PIL import Image
from scipy.special import expit

from s2c2 import files
from s2c2.data.dataset import Dataset, read
from s2c2.metrics.equal_coverage import compare
from s2c2.metrics.scores import evaluate
from s2c2.predictions import Predictions
from s2c2.runs import Run, open_run

CLASSES = ("cat", "dog & <b>wolf</b>", "deer")


@dataclass(frozen=True)
class Made:
    """A dataset and the way to make runs on it."""

    dataset: Dataset
    folder: Path

    def run(self, name: str, *, vanilla: bool = False, seed: int = 0) -> Run:
        """A finished run with predictions; scores come from :meth:`evaluated`."""
        folder = self.folder / name
        folder.mkdir()
        config = {
            "algorithm": {"name": "mean-teacher"},
            "objective": {"name": "vanilla" if vanilla else "s2c2"},
            "network": {"backbone": {"name": "wide-resnet", "depth": 10, "width": 1}},
            "data": {"tolerance": 0.03},
            "train": {"steps": 60, "batch": 8},
            "seed": seed,
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        facts = {"name": "pets", "root": str(self.dataset.root), "classes": CLASSES, "size": 16}
        files.write_json(folder / "dataset.json", facts)
        files.write_json(folder / "environment.json", {"date": "2024-05-06T07:08:09+00:00"})
        splits = pl.DataFrame({"image": self.dataset.images, "split": _splits(len(self.dataset.images))})
        splits.write_csv(folder / "splits.csv")
        _losses(folder, seed)
        predicted(self.dataset, vanilla=vanilla, seed=seed).write(folder / "predictions.parquet")
        return open_run(folder)

    def evaluated(self, run: Run, against: Run | None = None) -> Run:
        """The run with scores, and with a comparison when there is a partner."""
        said = run.predictions().of("validation")
        soft_labels = self.dataset.annotations.soft_labels(said.images)
        content: dict[str, object] = {"scores": evaluate(said, soft_labels).as_dict()}
        if against is not None:
            other = against.predictions().of("validation")
            content["comparison"] = compare(said, other, soft_labels, seed=0).as_dict()
            content["against"] = against.name
        files.write_json(run.path / "scores.json", content)
        return run


def predicted(dataset: Dataset, *, vanilla: bool, seed: int) -> Predictions:
    """Predictions that are right more often than not, with a p_a that knows a little of people's doubt."""
    rng = np.random.default_rng(seed)
    soft_labels = dataset.annotations.soft_labels(dataset.images)
    n, k = soft_labels.shape
    noisy = 4 * np.nan_to_num(soft_labels, nan=1 / k) + rng.normal(0, 1.2, (n, k))
    probabilities = np.exp(noisy) / np.exp(noisy).sum(axis=1, keepdims=True)
    doubt = 1 - np.nan_to_num(soft_labels, nan=0.7).max(axis=1)
    heads = {
        "ambiguity": np.asarray(expit(6 * doubt - 2 + rng.normal(0, 1.5, n)), dtype=np.float32),
        "clusters": np.asarray(2 * noisy.argmax(axis=1) + rng.integers(0, 2, n), dtype=np.int32),
        "cluster_confidence": np.asarray(rng.random(n), dtype=np.float32),
    }
    return Predictions(
        CLASSES,
        dataset.images,
        tuple(_splits(n)),
        probabilities.astype(np.float32),
        rng.normal(0, 1, (n, 4)).astype(np.float32),
        **({} if vanilla else heads),
    )


def pets(root: Path, images: int = 120) -> Dataset:
    """A dataset folder: coloured squares, eight votes each, some images without a vote."""
    rng = np.random.default_rng(0)
    (root / "images" / "a").mkdir(parents=True)
    rows = []
    for i in range(images):
        truth, doubt = i % 3, 0.5 * float(rng.random() < 0.5) * rng.random()
        colours = np.array([[200, 60, 60], [60, 160, 80], [70, 90, 200]])
        mixed = (1 - doubt) * colours[truth] + doubt * colours[(truth + 1) % 3]
        pixels = np.clip(mixed + rng.normal(0, 25, (16, 16, 3)), 0, 255).astype(np.uint8)
        name = f"a/{i:03}.png"
        Image.fromarray(pixels).save(root / "images" / name)
        votes = (
            rng.multinomial(8, np.roll([1 - doubt, doubt, 0], truth)) if i % 15 else np.zeros(3, dtype=int)
        )
        rows += [(name, CLASSES[c], int(vote)) for c, vote in enumerate(votes) if vote]
    description = {"name": "pets", "classes": list(CLASSES), "size": 16}
    (root / "dataset.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    pl.DataFrame(rows, schema=["image", "label", "votes"], orient="row").write_csv(root / "annotations.csv")
    return read(root)


def _splits(n: int) -> list[str]:
    return [("labeled", "unlabeled", "validation", "validation")[i % 4] for i in range(n)]


def _losses(folder: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [
        {
            "step": step,
            "progress": step / 60,
            "rate": 0.03,
            "total": 2 * np.exp(-step / 30) + 0.2 * rng.random(),
            "labeled": np.exp(-step / 20) + 0.1 * rng.random(),
            "unlabeled": None if step == 3 else 0.1 * rng.random(),
        }
        for step in range(1, 61)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "losses.jsonl").write_text(text + '{"step": 61, "tot', encoding="utf-8")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(pets(tmp_path / "pets"), tmp_path)


@pytest.fixture
def pair(made: Made) -> tuple[Run, Run]:
    """S2C2 and vanilla, both evaluated, the first against the second."""
    vanilla = made.evaluated(made.run("plain", vanilla=True, seed=1))
    return made.evaluated(made.run("extended"), against=vanilla), vanilla


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of S2C2 and vanilla, made once for the tests that only read it."""
    from s2c2.report import report

    folder = tmp_path_factory.mktemp("page")
    made = Made(pets(folder / "pets"), folder)
    vanilla = made.evaluated(made.run("plain", vanilla=True, seed=1))
    runs = (made.evaluated(made.run("extended"), against=vanilla), vanilla)
    return report(runs, folder / "report.html").read_text(encoding="utf-8")
