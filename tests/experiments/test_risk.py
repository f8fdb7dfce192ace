"""Errors among the images kept, by what sets the others aside."""

from pathlib import Path

import numpy as np
import pytest

from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.experiments.grids import Spread, plan
from s2c2.experiments.risk import COVERAGES, Risk, curves
from s2c2.metrics.aligned import judged
from s2c2.predictions import Predictions

TRUTH = np.array([[1.0, 0.0], [0.6, 0.4], [0.0, 1.0], [0.3, 0.7]])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=60, seed=0, size=16)


def said(probabilities: list[list[float]], ambiguity: list[float] | None) -> Predictions:
    table = np.array(probabilities, dtype=np.float32)
    n, extended = len(table), ambiguity is not None
    return Predictions(
        classes=("cat", "dog"),
        images=tuple(f"{i}.png" for i in range(n)),
        splits=("validation",) * n,
        probabilities=table,
        embeddings=np.zeros((n, 2), dtype=np.float32),
        ambiguity=None if ambiguity is None else np.array(ambiguity, dtype=np.float32),
        clusters=np.zeros(n, dtype=np.int32) if extended else None,
        cluster_confidence=np.ones(n, dtype=np.float32) if extended else None,
    )


PLAIN = said([[0.9, 0.1], [0.45, 0.55], [0.3, 0.7], [0.2, 0.8]], None)
"""Wrong of the second image alone, of which it is the least certain and people too."""


def test_a_plain_network_has_the_plain_ways() -> None:
    found = curves(judged(PLAIN, TRUTH))
    assert list(found) == ["random", "human entropy", "confidence"]
    assert found["random"].risk.tolist() == [0.25] * 4
    assert found["human entropy"].risk.tolist() == [0, 0, 0, 0.25]
    assert found["confidence"].risk.tolist() == [0, 0, 0, 0.25]


def test_a_network_with_p_a_has_that_alone_and_its_own_errors() -> None:
    # Wrong of the first image, which p_a calls the most certain.
    other = said([[0.2, 0.8], [0.9, 0.1], [0.3, 0.7], [0.2, 0.8]], [0.1, 0.9, 0.2, 0.3])
    found = curves(judged(other, TRUTH))
    assert list(found) == ["p_a"]
    assert found["p_a"].risk.tolist() == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])


def test_a_curve_is_read_at_the_nearest_number_of_images() -> None:
    curve = curves(judged(PLAIN, TRUTH))["confidence"]
    assert curve.at((0.01, 0.5, 0.8, 0.9, 1.0)).tolist() == [0, 0, 0, 0.25, 0.25]


def test_every_run_of_the_experiment_records_them(dataset: Dataset) -> None:
    study, runs = plan("curves", Spread((dataset.root,), 1, {}))
    assert [run.facts for run in runs] == [(Risk(),)] * 4
    assert [entry.arm for entry in study.entries] == [
        "vanilla",
        "s2c2",
        "readout-probe",
        "vanilla-readout-probe",
    ]
    assert Risk().settings == {"coverages": list(COVERAGES)}
    assert COVERAGES[0] == 0.1
    assert COVERAGES[-1] == 1.0


def test_a_run_is_judged_by_its_validation_images(dataset: Dataset, tmp_path: Path) -> None:
    images = dataset.images[:8]
    table = np.linspace(0.6, 0.9, 8, dtype=np.float32)
    spare = (1 - table) / (len(dataset.classes) - 1)
    probabilities = np.repeat(spare[:, None], len(dataset.classes), axis=1)
    probabilities[:, 0] = table
    predictions = Predictions(
        classes=dataset.classes,
        images=images,
        splits=("labeled",) * 4 + ("validation",) * 4,
        probabilities=probabilities,
        embeddings=np.zeros((8, 2), dtype=np.float32),
    )
    predictions.write(tmp_path / "predictions.parquet")
    (tmp_path / "dataset.json").write_text(
        f'{{"root": "{dataset.root}", "classes": {list(dataset.classes)}}}'.replace("'", '"')
    )
    found = Risk()(tmp_path, None)
    soft = dataset.annotations.soft_labels(images)
    own = curves(judged(predictions.of("validation"), soft[4:]))
    assert found["area"] == {name: round(curve.area, 6) for name, curve in own.items()}
    assert found["at"]["confidence"] == own["confidence"].at(COVERAGES).round(6).tolist()
