import math
import random

import pytest
import torch

from s2c2.algorithms import FixMatch, SoftMatch
from s2c2.types import StepInputs

Rows = list[list[float]]
K, U = 3, 6


def softmax(row: list[float]) -> list[float]:
    return [math.exp(value) / sum(math.exp(other) for other in row) for value in row]


def draws(seed: int) -> tuple[Rows, Rows]:
    rng = random.Random(seed)
    return tuple([[rng.gauss(0.6 * k, 1.5) for k in range(K)] for _ in range(U)] for _ in range(2))  # type: ignore[return-value]


def inputs(weak: Rows, strong: Rows, *, training: bool = True) -> StepInputs:
    views = (torch.tensor(weak), torch.tensor(strong))
    return StepInputs(torch.eye(K), torch.zeros(K, K), views, (), 0.5, training=training)


def aligned(row: list[float], average: list[float]) -> list[float]:
    ratio = [p * (1 / K) / a for p, a in zip(row, average, strict=True)]
    return [value / sum(ratio) for value in ratio]


@pytest.mark.parametrize("momentum", [0.999, 0.6])
@pytest.mark.parametrize("sigmas", [1.0, 2.0])
def test_softmatch_equals_a_naive_loop(momentum: float, sigmas: float) -> None:
    algorithm = SoftMatch(weight=2.0, sigmas=sigmas, momentum=momentum)
    average, mu, variance = None, 1 / K, 1.0
    weights = []
    for seed in range(6):
        weak, strong = draws(seed)
        p = [softmax(row) for row in weak]
        batch = [sum(row[c] for row in p) / U for c in range(K)]
        average = average or batch
        average = [momentum * a + (1 - momentum) * b for a, b in zip(average, batch, strict=True)]
        confidence = [max(aligned(row, average)) for row in p]
        mean = sum(confidence) / U
        spread = sum((c - mean) ** 2 for c in confidence) / U
        mu = momentum * mu + (1 - momentum) * mean
        variance = momentum * variance + (1 - momentum) * U / (U - 1) * spread
        expected = []
        for row, other, c in zip(p, strong, confidence, strict=True):
            weight = math.exp(-((c - mu) ** 2) / (2 * variance / sigmas**2)) if c < mu else 1.0
            weights.append(weight)
            expected.append(2.0 * weight * -math.log(softmax(other)[row.index(max(row))]))
        result = algorithm(inputs(weak, strong))
        torch.testing.assert_close(result.unlabeled, torch.tensor(expected), rtol=1e-4, atol=1e-5)
        assert algorithm.mean.item() == pytest.approx(mu, rel=1e-4)
        assert algorithm.variance.item() == pytest.approx(variance, rel=1e-4)
        assert algorithm.prediction.tolist() == pytest.approx(average, rel=1e-4)
    assert momentum == 0.999 or min(weights) < 0.9 < max(weights)


def test_the_weight_by_hand() -> None:
    algorithm = SoftMatch(sigmas=1.0)
    algorithm.mean, algorithm.variance = torch.tensor([0.8]), torch.tensor([0.04])
    # one and two standard deviations below the mean, at it, above it
    weights = algorithm.trust(torch.tensor([0.6, 0.4, 0.8, 0.9])).tolist()
    assert weights == pytest.approx([math.exp(-0.5), math.exp(-2.0), 1.0, 1.0])


def test_alignment_weighs_classes_alike_but_keeps_the_pseudo_label() -> None:
    algorithm = SoftMatch(sigmas=1.0)
    algorithm.mean, algorithm.variance = torch.tensor([0.7]), torch.tensor([0.01])
    algorithm.prediction = torch.tensor([0.8, 0.1, 0.1])
    row = [math.log(0.6), math.log(0.2), math.log(0.2)]
    # 0.6 / 0.8 : 0.2 / 0.1 : 0.2 / 0.1 = 3 : 8 : 8, so that UA is surest of another class: 8 / 19
    weight = math.exp(-((8 / 19 - 0.7) ** 2) / 0.02)
    (loss,) = algorithm(inputs([row], [[1.0, 0.0, 0.0]], training=False)).unlabeled.tolist()
    assert loss == pytest.approx(weight * -math.log(softmax([1.0, 0.0, 0.0])[0]), rel=1e-3)


def test_softmatch_starts_as_fixmatch_without_a_threshold() -> None:
    step = inputs(*draws(0), training=False)
    torch.testing.assert_close(SoftMatch()(step).unlabeled, FixMatch(threshold=0.0)(step).unlabeled)


def test_a_batch_of_one_image_has_no_variance() -> None:
    algorithm = SoftMatch(momentum=0.9)
    algorithm(inputs([[2.0, 0.0, 0.0]], [[2.0, 0.0, 0.0]]))
    assert algorithm.variance.item() == pytest.approx(0.9)
