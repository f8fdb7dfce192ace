"""How well people agree, by the dashboard."""

import numpy as np
import pytest

from s2c2.metrics.agreement import cohen_kappa
from s2c2.web.figures import NOTHING, UNLABELED, Agreement, Pass, Work


def work(said: dict[Pass, list[int]]) -> Work:
    labels = np.array(list(said.values()), dtype=np.int16).T
    return Work(tuple(said), labels, 2, {}, {})


def test_nobody_agrees_with_themselves() -> None:
    same = [0, 1, 0, 1]
    alone = {("ada", 1, "none"): same, ("ada", 1, "s2c2"): same, ("ada", 2, "none"): same}
    assert work(alone).agreement == Agreement(0, None, None)
    apart: dict[Pass, list[int]] = {("bo", 1, "ssl"): [1, 0, 1, 0], ("bo", 2, "s2c2"): [1, 0, 1, 0]}
    assert work(alone | apart).agreement == Agreement(0, None, None)


def test_people_are_compared_in_the_same_round_and_arm() -> None:
    said: dict[Pass, list[int]] = {
        ("ada", 1, "none"): [0, 0, 1, 1, 0, NOTHING],
        ("ada", 1, "ssl"): [1, 1, 1, 1, 1, 1],
        ("bo", 1, "none"): [0, 0, 1, 0, NOTHING, 1],
        ("bo", 2, "ssl"): [0, 0, 0, 0, 0, 0],
        ("cy", 1, "none"): [NOTHING, NOTHING, NOTHING, NOTHING, UNLABELED, UNLABELED],
    }
    found = work(said).agreement
    assert found.images == 4
    assert found.kappa == pytest.approx(0.5)
    assert found.alpha == pytest.approx(1 - 7 * 2 / (64 - 25 - 9))


def test_of_many_pairs_some_are_drawn_and_always_the_same_ones() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200).tolist()
    guesses: dict[Pass, list[int]] = {
        (f"p{n}", 1, "none"): rng.integers(0, 2, 200).tolist() for n in range(5)
    }
    others: dict[Pass, list[int]] = {(f"q{n}", 1, "none"): truth for n in range(15)}
    said = guesses | others
    found = work(said).agreement.kappa
    assert found == work(said).agreement.kappa
    rows = [np.array(one) for one in said.values()]
    pairs = [cohen_kappa(a, b) for at, a in enumerate(rows) for b in rows[:at]]
    assert found == pytest.approx(
        float(np.mean(pairs)), abs=0.15
    )  # the first 100 of the 190: 0.15, of all: 0.55
