import math

import torch

from s2c2.algorithms import Supervised
from s2c2.types import StepInputs


def test_supervised_equals_a_naive_loop() -> None:
    logits, labels = [[1.0, -1.0, 0.5], [0.0, 2.0, 0.0]], [[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]]
    expected = []
    for row, label in zip(logits, labels, strict=True):
        total = sum(math.exp(value) for value in row)
        expected.append(
            -sum(share * math.log(math.exp(value) / total) for share, value in zip(label, row, strict=True))
        )
    step = StepInputs(torch.tensor(labels), torch.tensor(logits), (torch.zeros(4, 3),), (), 0.5)
    result = Supervised()(step)
    torch.testing.assert_close(result.labeled, torch.tensor(expected))
    assert result.unlabeled.tolist() == [0.0] * 4


def test_supervised_without_views_has_no_unlabeled_loss() -> None:
    step = StepInputs(torch.eye(3), torch.zeros(3, 3), (), (), 0.5)
    assert Supervised()(step).unlabeled.shape == (0,)
