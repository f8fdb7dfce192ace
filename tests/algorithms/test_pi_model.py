import math

import pytest
import torch

from s2c2.algorithms import PiModel
from s2c2.types import StepInputs


def softmax(row: list[float]) -> list[float]:
    powers = [math.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.0), (0.2, 5.0), (0.9, 10.0)])
def test_pi_model_equals_a_naive_loop(progress: float, weight: float) -> None:
    first, second = [[1.0, -1.0], [0.0, 2.0]], [[0.5, 0.0], [1.0, 1.0]]
    expected = []
    for one, other in zip(first, second, strict=True):
        p, t = softmax(one), softmax(other)
        expected.append(weight * sum((a - b) ** 2 for a, b in zip(t, p, strict=True)) / 2)
    views = (torch.tensor(first), torch.tensor(second))
    result = PiModel()(StepInputs(torch.eye(2), torch.zeros(2, 2), views, (), progress))
    torch.testing.assert_close(result.unlabeled, torch.tensor(expected))


def test_pi_model_target_has_no_gradient() -> None:
    first, second = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))
    views = (first.requires_grad_(), second.requires_grad_())
    loss = PiModel()(StepInputs(torch.eye(3), torch.zeros(3, 3), views, (), 1.0)).unlabeled.sum()
    loss.backward()
    assert views[0].grad is not None
    assert views[1].grad is None
