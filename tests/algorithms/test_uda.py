import math

import pytest
import torch

from s2c2.algorithms import UDA
from s2c2.types import StepInputs

WEAK = [[4.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 1.0, 3.2]]
STRONG = [[0.0, 1.0, 0.0], [3.0, 0.0, 0.0], [0.0, -1.0, 1.0]]


def softmax(row: list[float]) -> list[float]:
    return [math.exp(value) / sum(math.exp(other) for other in row) for value in row]


@pytest.mark.parametrize("threshold", [0.0, 0.8, 0.95])
@pytest.mark.parametrize("temperature", [0.4, 1.0])
def test_uda_equals_a_naive_loop(threshold: float, temperature: float) -> None:
    expected = []
    for weak, strong in zip(WEAK, STRONG, strict=True):
        target, q = softmax([value / temperature for value in weak]), softmax(strong)
        entropy = -sum(t * math.log(p) for t, p in zip(target, q, strict=True))
        expected.append(2.0 * (max(softmax(weak)) > threshold) * entropy)
    views = (torch.tensor(WEAK), torch.tensor(STRONG))
    step = StepInputs(torch.eye(3), torch.zeros(3, 3), views, (), 0.5)
    result = UDA(weight=2.0, threshold=threshold, temperature=temperature)(step)
    torch.testing.assert_close(result.unlabeled, torch.tensor(expected))
    torch.testing.assert_close(result.labeled, torch.full((3,), math.log(3)))


def test_uda_has_the_gradient_of_the_divergence_that_the_authors_minimise() -> None:
    weak, strong = torch.tensor(WEAK).requires_grad_(), torch.tensor(STRONG).requires_grad_()
    UDA(threshold=0.0)(
        StepInputs(torch.eye(3), torch.zeros(3, 3), (weak, strong), (), 0.5)
    ).unlabeled.sum().backward()
    other = torch.tensor(STRONG).requires_grad_()
    target = (torch.tensor(WEAK) / 0.4).softmax(dim=1)
    torch.nn.functional.kl_div(other.log_softmax(dim=1), target, reduction="sum").backward()
    torch.testing.assert_close(strong.grad, other.grad)
    assert weak.grad is None
