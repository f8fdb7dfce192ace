import math
import random

import pytest
import torch

from s2c2.algorithms import FixMatch, FlexMatch
from s2c2.types import StepInputs

Rows = list[list[float]]


def softmax(row: list[float]) -> list[float]:
    return [math.exp(value) / sum(math.exp(other) for other in row) for value in row]


def draws(count: int, seed: int) -> tuple[Rows, Rows, list[int]]:
    """Logits of a weak and a strong view, the first class likelier than the others, and image numbers."""
    rng = random.Random(seed)
    weak = [[rng.gauss(1.0 - k, 3.0) for k in range(3)] for _ in range(count)]
    strong = [[rng.gauss(0.0, 1.0) for _ in range(3)] for _ in range(count)]
    return weak, strong, rng.sample(range(12), count)


def inputs(weak: Rows, strong: Rows, images: list[int] | None, *, pool: int = 12) -> StepInputs:
    views = (torch.tensor(weak), torch.tensor(strong))
    numbers = None if images is None else torch.tensor(images)
    return StepInputs(
        torch.eye(3), torch.zeros(3, 3), views, (), 0.5, images=numbers, pool=pool, training=True
    )


@pytest.mark.parametrize("threshold", [0.95, 0.7])
def test_flexmatch_equals_algorithm_1(threshold: float) -> None:
    algorithm = FlexMatch(weight=2.0, threshold=threshold)
    latest = dict.fromkeys(range(12), -1)
    passed, limits = 0, set()
    for seed in range(8):
        weak, strong, images = draws(6, seed)
        sigma = [sum(label == c for label in latest.values()) for c in range(3)]
        unused = sum(label == -1 for label in latest.values())
        expected = []
        for row, other, image in zip(weak, strong, images, strict=True):
            p, q = softmax(row), softmax(other)
            c = p.index(max(p))
            beta = sigma[c] / max(max(sigma), unused)
            limit = threshold * beta / (2 - beta)
            expected.append(2.0 * (p[c] > limit) * -math.log(q[c]))
            passed += p[c] > limit
            limits.add(round(limit, 3))
            if p[c] > threshold:
                latest[image] = c
        result = algorithm(inputs(weak, strong, images))
        torch.testing.assert_close(result.unlabeled, torch.tensor(expected))
        found = algorithm.chosen.tolist()
        assert found == [latest[image] for image in range(len(found))]
        assert all(latest[image] == -1 for image in range(len(found), 12))
    assert len(limits) > 5
    assert passed < 48


def test_a_class_that_is_learnt_best_has_fixmatch_threshold_and_one_never_seen_has_none() -> None:
    algorithm = FlexMatch()
    algorithm.chosen = torch.tensor([0, 0, 0, 0, 1, 1, -1])
    # β = 1, 1/2, 0 and M(β) = 1, 1/3, 0
    assert algorithm.thresholds(3, 7).tolist() == pytest.approx([0.95, 0.95 / 3, 0.0])


def test_images_that_were_never_confident_keep_the_thresholds_low() -> None:
    algorithm = FlexMatch()
    algorithm.chosen = torch.tensor([0, 0, 1])
    # N − Σσ = 8 − 3 = 5: β = 2/5, 1/5 and M(β) = 1/4, 1/9
    assert algorithm.thresholds(2, 8).tolist() == pytest.approx([0.95 / 4, 0.95 / 9])
    assert algorithm.thresholds(2, 0).tolist() == pytest.approx([0.95, 0.95 / 3])
    assert FlexMatch().thresholds(2, 8).tolist() == [0.0, 0.0]
    assert FlexMatch().thresholds(2, 0).tolist() == [0.0, 0.0]


def test_the_latest_confident_label_counts_and_a_doubtful_one_does_not_replace_it() -> None:
    algorithm = FlexMatch()
    sure_0, sure_2, doubtful = [9.0, 0.0, 0.0], [0.0, 0.0, 9.0], [0.0, 1.0, 0.0]
    for row, label in ((sure_0, 0), (doubtful, 0), (sure_2, 2)):
        algorithm(inputs([row], [row], [4]))
        assert algorithm.chosen.tolist() == [-1, -1, -1, -1, label]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_an_image_that_is_twice_in_the_batch_has_one_label_in_any_order(order: list[int]) -> None:
    algorithm = FlexMatch()
    rows = [[[9.0, 0.0, 0.0], [0.0, 0.0, 9.0]][i] for i in order]
    algorithm(inputs(rows, rows, [0, 0]))
    assert algorithm.chosen.tolist() == [2]


def test_flexmatch_of_learnt_classes_is_fixmatch() -> None:
    algorithm = FlexMatch()
    algorithm.chosen = torch.tensor([0, 1, 2])
    weak, strong, images = draws(9, 0)
    step = inputs(weak, strong, images, pool=3)
    torch.testing.assert_close(algorithm(step).unlabeled, FixMatch()(step).unlabeled)


def test_flexmatch_asks_for_the_numbers_of_the_images() -> None:
    weak, strong, _ = draws(2, 0)
    with pytest.raises(ValueError, match="numbers"):
        FlexMatch()(inputs(weak, strong, None))
