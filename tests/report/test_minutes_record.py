"""The committed curves of labels against time are those of their records, and are drawn as they say."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from s2c2.data.annotations import Annotations
from s2c2.predictions import Predictions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "results" / "minutes.py"))


def test_tables_and_figure_are_those_of_the_records(script: dict[str, Any]) -> None:
    for path, text in script["contents"]().items():
        assert path.read_text(encoding="utf-8") == text, f"run python results/minutes.py: {path.name} differs"


def test_every_dataset_has_every_seed(script: dict[str, Any]) -> None:
    found = sorted(path.stem for path in (script["PLACE"] / "records").glob("*.json"))
    names = ("cifar10h", "balanced", "imbalanced")
    assert found == sorted(f"{name}-{seed}" for name in names for seed in script["SEEDS"])


def said(first: list[float], clusters: list[int] | None = None) -> Predictions:
    share = np.array(first, dtype=np.float32)
    n = len(share)
    return Predictions(
        classes=("cat", "dog"),
        images=tuple(f"{i}.png" for i in range(n)),
        splits=("validation",) * n,
        probabilities=np.stack([share, 1 - share], axis=1),
        embeddings=np.zeros((n, 2), dtype=np.float32),
        ambiguity=None if clusters is None else np.ones(n, dtype=np.float32),
        clusters=None if clusters is None else np.array(clusters, dtype=np.int32),
        cluster_confidence=None if clusters is None else np.ones(n, dtype=np.float32),
    )


def test_each_way_asks_with_proposals_of_its_own_run(script: dict[str, Any]) -> None:
    shown = script["ways"](
        {
            "vanilla": said([0.9, 0.1, 0.2]),
            "s2c2": said([0.9, 0.9, 0.9], [0, 0, 1]),
            "readout-probe": said([0.1, 0.1, 0.1], [0, 0, 0]),
        }
    )
    assert {name: one.classes.tolist() for name, one in shown.items()} == {
        "no proposals": [-1, -1, -1],
        "plain classes, one by one": [0, 1, 1],
        "S2C2 as in the paper, clusters at once": [0, 0, 0],
        "plain classes, all at once": [0, 1, 1],
        "S2C2 as recommended, all at once": [1, 1, 1],
    }
    together = {name: (one.groups >= 0).sum() for name, one in shown.items()}
    assert list(together.values()) == [0, 0, 2, 2, 3]


def test_time_and_labels_after_each_answer(script: dict[str, Any]) -> None:
    """All call each image a cat: without proposals labels are right at once, 1.5 s an answer."""
    images = [f"{i}.png" for i in range(200)]
    votes = pl.DataFrame({"image": images, "label": ["cat"] * 200, "votes": [9] * 200})
    truth = Annotations.build(votes, ("cat", "dog"))
    wrong = said([0.1] * 200)
    arms = {"vanilla": wrong, "s2c2": said([0.1] * 200, [0] * 200), "readout-probe": wrong}
    found = script["curves"](arms, truth, 0.65, 0)
    alone, plain = found["no proposals"], found["plain classes, one by one"]
    count = np.arange(1, script["ANSWERS"] + 1)
    np.testing.assert_allclose(alone["minutes"], 2.5 * count)
    np.testing.assert_allclose(alone["kl"], 0, atol=1e-3)
    # 0.65 accept what is wrong: 0.65 · 0.6 s + 0.35 · 1.5 s = 0.915 s an image.
    assert plain["minutes"][0] == pytest.approx(0.915 / 60 * 100, rel=0.03)
    assert plain["kl"][-1] == pytest.approx(-np.log(0.35), abs=0.15)
    assert found["plain classes, all at once"]["minutes"][-1] < plain["minutes"][-1]


def test_between_two_answers_some_images_have_one_more(script: dict[str, Any]) -> None:
    curve = {"minutes": [2.0, 4.0, 6.0], "kl": [0.5, 0.25, 0.125]}
    assert script["labels_at"](curve, 4.0, "kl") == 0.25
    assert script["labels_at"](curve, 5.0, "kl") == pytest.approx(0.1875)
