"""The committed table of evidence is that of its records, and its formulas are what they say."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "results" / "evidence.py"))


def test_the_table_is_that_of_the_records(script: dict[str, Any]) -> None:
    for path, text in script["contents"]().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"run python results/evidence.py: {path.name} differs"
        )


def opinions(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(4), 6)


def test_opinions_disagree_by_the_entropy_of_their_mean_less_their_own(script: dict[str, Any]) -> None:
    first, second = opinions(0), opinions(1)
    assert script["divergence"]([first, first]) == pytest.approx(np.zeros(6), abs=1e-12)
    for row, found in enumerate(script["divergence"]([first, second])):
        mean = (first[row] + second[row]) / 2
        apart = sum(
            0.5 * sum(p * np.log(p / m) for p, m in zip(one[row], mean, strict=True))
            for one in (first, second)
        )
        assert found == pytest.approx(apart)


def test_a_margin_is_to_the_best_other_class(script: dict[str, Any]) -> None:
    shares, chosen = opinions(2), np.array([0, 1, 2, 3, 0, 1])
    for row, found in enumerate(script["margins"](shares, chosen)):
        others = [share for number, share in enumerate(shares[row]) if number != chosen[row]]
        assert found == pytest.approx(shares[row][chosen[row]] - max(others))


def test_images_that_tie_share_their_rank(script: dict[str, Any]) -> None:
    assert script["ranks"](np.array([0.5, 0.1, 0.5, 0.9])).tolist() == [2.5 / 4, 1 / 4, 2.5 / 4, 1.0]


def test_more_of_each_evidence_is_more_ambiguous(script: dict[str, Any]) -> None:
    """An evidence that is the truth itself sets the right images aside."""
    soft_labels = np.array([[1.0, 0.0], [1.0, 0.0], [0.6, 0.4], [0.5, 0.5]])
    found = {"predicted": np.array([0, 0, 1, 1]), "1 − max p": np.array([0.1, 0.2, 0.3, 0.4])}
    scores = script["scored"](found, soft_labels, 0.03)["1 − max p"]
    assert scores == {"auroc": 1.0, "f1": 1.0, "auroc_with": 1.0, "f1_with": 1.0}
