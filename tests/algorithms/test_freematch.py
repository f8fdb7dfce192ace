import math
import random

import pytest
import torch

from s2c2.algorithms import FreeMatch
from s2c2.algorithms.fairness import fairness
from s2c2.types import StepInputs

Rows = list[list[float]]
K, U = 3, 6


def softmax(row: list[float]) -> list[float]:
    return [math.exp(value) / sum(math.exp(other) for other in row) for value in row]


def draws(seed: int) -> tuple[Rows, Rows]:
    rng = random.Random(seed)
    return tuple([[rng.gauss(0.4 * k, 1.5) for k in range(K)] for _ in range(U)] for _ in range(2))  # type: ignore[return-value]


def inputs(weak: Rows, strong: Rows | torch.Tensor) -> StepInputs:
    views = (torch.tensor(weak), torch.as_tensor(strong))
    return StepInputs(torch.eye(K), torch.zeros(K, K), views, (), 0.5, training=True)


class Averages:
    """τ_t, p̃_t and h̃_t as the paper writes them, with plain numbers."""

    def __init__(self, momentum: float) -> None:
        self.momentum = momentum
        self.tau, self.p, self.h = 1 / K, [1 / K] * K, [1 / K] * K

    def move(self, weak: Rows) -> None:
        old, new = self.momentum, 1 - self.momentum
        q = [softmax(row) for row in weak]
        self.tau = old * self.tau + new * sum(max(row) for row in q) / U
        for c in range(K):
            self.p[c] = old * self.p[c] + new * sum(row[c] for row in q) / U
            self.h[c] = old * self.h[c] + new * sum(row.index(max(row)) == c for row in q) / U

    def limit(self, c: int) -> float:
        return self.p[c] / max(self.p) * self.tau

    def confident(self, weak: Rows) -> list[bool]:
        q = [softmax(row) for row in weak]
        return [max(row) >= self.limit(row.index(max(row))) for row in q]

    def fairness(self, weak: Rows, strong: Rows) -> float:
        """L_f = −H(SumNorm(p̃ / h̃), SumNorm(p̄ / h̄)) over the classes that h̄ has."""
        kept = [softmax(row) for row, sure in zip(strong, self.confident(weak), strict=True) if sure]
        histogram = [sum(row.index(max(row)) == c for row in kept) / U for c in range(K)]
        mean = [sum(row[c] for row in kept) / U for c in range(K)]
        wanted = [self.p[c] / self.h[c] for c in range(K)]
        found = [mean[c] / histogram[c] if histogram[c] else 0.0 for c in range(K)]
        return sum(
            wanted[c] / sum(wanted) * math.log(found[c] / sum(found)) for c in range(K) if histogram[c]
        )


@pytest.mark.parametrize("momentum", [0.999, 0.6])
def test_freematch_equals_a_naive_loop(momentum: float) -> None:
    algorithm, naive = FreeMatch(weight=2.0, fairness=0.0, momentum=momentum), Averages(momentum)
    kept = []
    for seed in range(6):
        weak, strong = draws(seed)
        naive.move(weak)
        expected = []
        for row, other, sure in zip(weak, strong, naive.confident(weak), strict=True):
            p, q = softmax(row), softmax(other)
            expected.append(2.0 * sure * -math.log(q[p.index(max(p))]))
            kept.append(sure)
        result = algorithm(inputs(weak, strong))
        torch.testing.assert_close(result.unlabeled, torch.tensor(expected))
        assert float(algorithm.confidence) == pytest.approx(naive.tau, rel=1e-5)
        assert algorithm.prediction.tolist() == pytest.approx(naive.p, rel=1e-5)
        assert algorithm.histogram.tolist() == pytest.approx(naive.h, rel=1e-5)
        assert algorithm.thresholds().tolist() == pytest.approx([naive.limit(c) for c in range(K)], rel=1e-5)
    assert momentum == 0.999 or 0 < sum(kept) < len(kept)


def test_the_mean_of_the_fairness_losses_is_that_of_the_batch() -> None:
    algorithm, naive = FreeMatch(weight=0.0, fairness=1.0, momentum=0.6), Averages(0.6)
    for seed in range(6):
        weak, strong = draws(seed)
        naive.move(weak)
        result = algorithm(inputs(weak, strong)).unlabeled
        assert float(result.mean()) == pytest.approx(naive.fairness(weak, strong), rel=1e-4)
        assert float(result.mean()) <= 0
        assert (result != 0).tolist() == naive.confident(weak)


def test_the_gradient_of_the_fairness_losses_is_that_of_the_batch() -> None:
    algorithm, naive = FreeMatch(weight=0.0, fairness=1.0, momentum=0.6), Averages(0.6)
    for seed in range(4):
        weak, strong = draws(seed)
        naive.move(weak)
        logits = torch.tensor(strong).requires_grad_()
        algorithm(inputs(weak, logits)).unlabeled.mean().backward()
        assert logits.grad is not None
        for i in range(U):
            for c in range(K):
                ends = []
                for change in (1e-5, -1e-5):
                    moved = [list(row) for row in strong]
                    moved[i][c] += change
                    ends.append(naive.fairness(weak, moved))
                assert logits.grad[i, c].item() == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=2e-5)


def test_fairness_without_a_confident_image_is_zero() -> None:
    nobody = torch.zeros(4, dtype=torch.bool)
    slope = fairness(torch.full((3,), 1 / 3), torch.randn(4, 3, generator=torch.Generator()), nobody)
    assert slope.tolist() == [0.0, 0.0, 0.0]


def test_fairness_pushes_towards_the_class_that_is_predicted_too_timidly() -> None:
    # Both classes are predicted once, class 1 with less probability: b = 0.9 : 0.6 before normalising.
    strong = torch.tensor([[0.9, 0.1], [0.4, 0.6]]).log()
    slope = fairness(torch.tensor([0.5, 0.5]), strong, torch.ones(2, dtype=torch.bool))
    # (a − b) / p̄ + L_f with p̄ = 0.65, 0.35 and b = 1.3 / 2, 0.7 / 2 of their sum
    b = [0.65, 0.35]
    loss = 0.5 * math.log(b[0]) + 0.5 * math.log(b[1])
    assert slope.tolist() == pytest.approx([(0.5 - b[0]) / 0.65 + loss, (0.5 - b[1]) / 0.35 + loss])


def test_freematch_starts_with_a_threshold_that_every_image_passes() -> None:
    algorithm = FreeMatch()
    weak, strong = draws(0)
    views = (torch.tensor(weak), torch.tensor(strong))
    result = algorithm(StepInputs(torch.eye(K), torch.zeros(K, K), views, (), 0.0))
    assert (result.unlabeled > 0).all()
    assert algorithm.thresholds().tolist() == pytest.approx([1 / K] * K)
