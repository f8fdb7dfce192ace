"""The committed risk–coverage curves are those of their records, and are drawn as they say."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2c2.metrics.aligned import judged
from s2c2.metrics.coverage import risk_coverage
from s2c2.predictions import Predictions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "results" / "curves.py"))


def test_table_and_figure_are_those_of_the_records(script: dict[str, Any]) -> None:
    for path, text in script["contents"]().items():
        assert path.read_text(encoding="utf-8") == text, f"run python results/curves.py: {path.name} differs"


def test_every_dataset_has_every_seed(script: dict[str, Any]) -> None:
    found = sorted(path.stem for path in (script["PLACE"] / "records").glob("*.json"))
    assert found == sorted(
        f"{name}-{seed}" for name in ("cifar10h", "six", "uneven") for seed in script["SEEDS"]
    )


def said(probabilities: list[list[float]], ambiguity: list[float] | None) -> Any:
    table = np.array(probabilities, dtype=np.float32)
    n = len(table)
    predictions = Predictions(
        classes=("cat", "dog"),
        images=tuple(f"{i}.png" for i in range(n)),
        splits=("validation",) * n,
        probabilities=table,
        embeddings=np.zeros((n, 2), dtype=np.float32),
        ambiguity=None if ambiguity is None else np.array(ambiguity, dtype=np.float32),
        clusters=None if ambiguity is None else np.zeros(n, dtype=np.int32),
        cluster_confidence=None if ambiguity is None else np.ones(n, dtype=np.float32),
    )
    return judged(predictions, np.array([[1.0, 0.0], [0.6, 0.4], [0.0, 1.0]]))


def test_each_curve_takes_the_errors_of_its_own_network(script: dict[str, Any]) -> None:
    right = [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]
    found = {
        "vanilla": said([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]], None),
        "s2c2": said(right, [0.9, 0.1, 0.2]),
        "recommended": said(right, [0.1, 0.8, 0.3]),
        "probed": said([[0.4, 0.6], [0.6, 0.4], [0.3, 0.7]], [0.2, 0.7, 0.4]),
    }
    doubts = script["doubts"](found)
    assert list(doubts) == list(script["LINES"])
    assert {name: wrong.tolist() for name, (_, wrong) in doubts.items()} == {
        "random": [False, True, False],
        "S2C2 as in the paper, by p_a": [False, False, False],
        "plain, by human entropy": [False, True, False],
        "plain, by confidence": [False, True, False],
        "plain, readout and probe": [True, False, False],
        "S2C2, readout and probe": [False, False, False],
    }
    assert np.argmax(doubts["plain, by human entropy"][0]) == 1
    assert np.argmax(doubts["plain, by confidence"][0]) == 1
    assert doubts["S2C2 as in the paper, by p_a"][0].tolist() == pytest.approx([0.9, 0.1, 0.2])
    assert risk_coverage(*doubts["random"]).risk.tolist() == pytest.approx([1 / 3] * 3)
