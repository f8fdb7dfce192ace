"""The committed study of few answers is that of its records, and its labels are what it says."""

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2c2.metrics.pooling import Pooled
from s2c2.predictions import Predictions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "results" / "pooling.py"))


def test_tables_and_figure_are_those_of_the_records(script: dict[str, Any]) -> None:
    for path, text in script["contents"]().items():
        assert path.read_text(encoding="utf-8") == text, f"run python results/pooling.py: {path.name} differs"


def test_every_dataset_has_every_seed(script: dict[str, Any]) -> None:
    found = sorted(path.stem for path in (script["PLACE"] / "records").glob("*.json"))
    names = ("cifar10h", "six", "uneven")
    assert found == sorted(f"{name}-{seed}" for name in names for seed in script["SEEDS"])


def test_answers_are_drawn_from_the_truth(script: dict[str, Any]) -> None:
    truth = np.tile([[0.7, 0.3, 0.0]], (5000, 1))
    counts = script["answered"](truth, 4, np.random.default_rng(0))
    assert (counts.sum(axis=1) == 4).all()
    np.testing.assert_allclose(counts.mean(axis=0) / 4, truth[0], atol=0.01)


def test_each_way_of_making_labels(script: dict[str, Any]) -> None:
    """Two images, two answers each; a network that is right of the first and has them in one group."""
    said = Predictions(
        classes=("cat", "dog"),
        images=("0.png", "1.png"),
        splits=("validation",) * 2,
        probabilities=np.array([[0.8, 0.2], [0.6, 0.4]], dtype=np.float32),
        embeddings=np.zeros((2, 2), dtype=np.float32),
    )
    counts = np.array([[2.0, 0.0], [1.0, 1.0]])
    found = script["labels"](counts, {"plain network": said})
    np.testing.assert_allclose(found["mean"], np.array([[1, 0], [0.5, 0.5]]))
    np.testing.assert_allclose(found["mean, blended by first class"], [[0.9375, 0.0625], [0.5625, 0.4375]])
    np.testing.assert_allclose(found["plain network alone"], said.probabilities)
    np.testing.assert_array_equal(
        found["pooled, plain network"], found["pooled, plain network, classes as groups"]
    )
    for name in ("drawn to the mean of all", "pooled, plain network"):
        assert 0.5 < found[name][0, 0] < 1, name
    truth = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert script["scored"](truth, found["mean"])["squared"] == 0
    assert script["scored"](truth, found["mean, blended by first class"])["squared"] == pytest.approx(
        2 * 0.0625**2, abs=1e-6
    )


def test_who_is_asked_about_again(script: dict[str, Any]) -> None:
    """Ten images, two of which come next: by answers, by ambiguity, by doubt, by what an answer tells."""
    shares = np.linspace(0.5, 0.95, 10, dtype=np.float32)
    plain = Predictions(
        classes=("cat", "dog"),
        images=tuple(f"{i}.png" for i in range(10)),
        splits=("validation",) * 10,
        probabilities=np.stack([shares, 1 - shares], axis=1),
        embeddings=np.zeros((10, 2), dtype=np.float32),
    )
    ours = replace(plain, ambiguity=shares)
    said = {"plain network": plain, script["ASKED"]: ours}
    counts = np.tile([2.0, 0.0], (10, 1))
    counts[[3, 4], 0] = 1
    gain = np.zeros(10)
    gain[[6, 8]] = 1
    now = Pooled(counts, 1.0, 0.5, gain, gain)
    found = {rule: set(script["chosen"](rule, counts, now, said).tolist()) for rule in script["FIRST"]}
    assert found.pop("at random") <= set(range(10))
    assert found == {
        "evenly": {3, 4},
        "by a plain network's doubt": {0, 3},  # 0.35 / 2 and 0.5 / 3 before 0.3 / 2
        "by ambiguity": {3, 4},
        "by expected gain": {6, 8},
    }
    even = np.tile([2.0, 0.0], (10, 1))
    found = {rule: set(script["chosen"](rule, even, now, said).tolist()) for rule in script["FIRST"]}
    assert found["by a plain network's doubt"] == {0, 1}
    assert found["by ambiguity"] == {8, 9}


def test_asking_again_ends_at_as_many_answers_as_it_says(script: dict[str, Any]) -> None:
    truth = np.tile([[1.0, 0.0]], (10, 1))
    share = np.full(10, 0.9, dtype=np.float32)
    sure = Predictions(
        classes=("cat", "dog"),
        images=tuple(f"{i}.png" for i in range(10)),
        splits=("validation",) * 10,
        probabilities=np.stack([share, 1 - share], axis=1),
        embeddings=np.zeros((10, 2), dtype=np.float32),
        ambiguity=share,
    )
    known = {"plain network": sure, script["ASKED"]: sure}
    scores = script["asked"](truth, known, "evenly", np.random.default_rng(0))
    assert list(scores) == [str(count) for count in range(1, script["MOST"] + 1)]
    errors = [one["squared"] for one in scores.values()]
    assert errors == sorted(errors, reverse=True)
