import math

import pytest
import torch

from s2c2.algorithms import FixMatch
from s2c2.types import StepInputs

WEAK = [[4.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 6.0]]
STRONG = [[0.0, 1.0, 0.0], [3.0, 0.0, 0.0], [0.0, -1.0, 1.0]]


@pytest.mark.parametrize("threshold", [0.0, 0.95, 0.99])
@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_fixmatch_equals_a_naive_loop(threshold: float, weight: float) -> None:
    expected = []
    for weak, strong in zip(WEAK, STRONG, strict=True):
        p = [math.exp(value) / sum(math.exp(other) for other in weak) for value in weak]
        q = [math.exp(value) / sum(math.exp(other) for other in strong) for value in strong]
        expected.append(weight * (max(p) >= threshold) * -math.log(q[p.index(max(p))]))
    views = (torch.tensor(WEAK), torch.tensor(STRONG))
    for progress in (0.0, 1.0):
        step = StepInputs(torch.eye(3), torch.zeros(3, 3), views, (), progress)
        result = FixMatch(weight=weight, threshold=threshold)(step)
        torch.testing.assert_close(result.unlabeled, torch.tensor(expected))


def test_fixmatch_pseudo_label_has_no_gradient() -> None:
    weak, strong = torch.tensor(WEAK).requires_grad_(), torch.tensor(STRONG).requires_grad_()
    step = StepInputs(torch.eye(3), torch.zeros(3, 3), (weak, strong), (), 0.5)
    FixMatch()(step).unlabeled.sum().backward()
    assert weak.grad is None
    assert strong.grad is not None
    assert strong.grad.abs().sum(dim=1).gt(0).tolist() == [True, False, True]
