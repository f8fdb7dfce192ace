"""What a plain network would choose is recorded of each run, and shown over seeds."""

from pathlib import Path

import numpy as np
import pytest

from s2c2.data.synthetic import synthetic
from s2c2.experiments.choices import FACTORS, Choices
from s2c2.experiments.grids import Spread, plan
from s2c2.metrics.choosing import divide, elbow
from s2c2.predictions import Predictions
from s2c2.readout import doubt
from s2c2.report.study import choices
from s2c2.report.study.spread import Spread as Values
from s2c2.studies import Entry, Outcome, Study


def test_a_record_holds_what_the_trained_images_say(tmp_path: Path) -> None:
    dataset = synthetic(tmp_path / "small", images=300, seed=0, size=16, classes=3)
    rng = np.random.default_rng(0)
    splits = tuple(rng.choice(["labeled", "unlabeled", "validation"], 300, p=[0.2, 0.5, 0.3]).tolist())
    predictions = Predictions(
        classes=dataset.classes,
        images=dataset.images,
        splits=splits,
        probabilities=rng.dirichlet([1.0] * 3, 300).astype(np.float32),
        embeddings=rng.standard_normal((300, 5)).astype(np.float32),
    )
    predictions.write(tmp_path / "predictions.parquet")
    classes = str(list(dataset.classes)).replace("'", '"')
    (tmp_path / "dataset.json").write_text(f'{{"root": "{dataset.root}", "classes": {classes}}}')
    (tmp_path / "config.yaml").write_text("seed: 0\ndata: {tolerance: 0.0}\n")
    found = Choices()(tmp_path, None)
    trained = [i for i, split in enumerate(splits) if split != "validation"]
    soft = dataset.annotations.soft_labels([dataset.images[i] for i in trained])
    assert found["disputed"] == pytest.approx((soft.max(axis=1) < 1).mean(), abs=1e-6)
    doubts = doubt(predictions.probabilities[trained])
    assert found["elbow"]["u"] == pytest.approx(elbow(doubts), abs=1e-6)
    assert found["division"]["u"] == pytest.approx(divide(doubts), abs=1e-6)
    assert len(found["stability"]) == len(FACTORS) == len(found["settings"]["factors"])
    assert Choices()(tmp_path, None) == found


def test_the_experiment_trains_the_plain_network_alone(tmp_path: Path) -> None:
    dataset = synthetic(tmp_path / "small", images=60, seed=0, size=16)
    study, runs = plan("choices", Spread((dataset.root,), 2, {}))
    assert [entry.name for entry in study.entries] == [
        "small-mean-teacher-vanilla-0",
        "small-mean-teacher-vanilla-1",
    ]
    assert all(run.facts == (Choices(),) for run in runs)


def outcome(seed: int, share: float) -> Outcome:
    entry = Entry(f"small-{seed}", "small", "mean-teacher", "vanilla", seed, None)
    both = {"u": share, "1 - max p": share / 2}
    record = {
        "settings": {"factors": [1, 5]},
        "disputed": 0.3,
        "elbow": both,
        "division": {name: 2 * one for name, one in both.items()},
        "stability": [0.9 + share / 10, 0.5],
    }
    return Outcome(entry, {"run": entry.name, "scores": {}, "choices": record})


def test_tables_are_means_over_seeds() -> None:
    lost = Outcome(Entry("lost", "small", "mean-teacher", "vanilla", 2, None), None)
    priors, clusters, missing = choices.sheets(
        Study("choices", "", ()), [outcome(0, 0.2), outcome(1, 0.4), lost]
    )
    assert [column.split(",")[0] for column in priors.columns[3:]] == ["people disagree about"] + 2 * [
        "elbow"
    ] + 2 * ["division"]
    means = [round(one.mean, 6) for one in priors.rows[0] if isinstance(one, Values)]
    assert means == [0.3, 0.3, 0.15, 0.6, 0.3]
    assert clusters.columns[3:] == ("k′ = k", "k′ = 5 · k")
    assert [round(one.mean, 6) for one in clusters.rows[0] if isinstance(one, Values)] == [0.93, 0.5]
    assert missing.rows[0][0] == "lost"
