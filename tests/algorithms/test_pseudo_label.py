import math

import pytest
import torch

from s2c2.algorithms import PseudoLabel
from s2c2.types import StepInputs

LOGITS = [[4.0, 0.0], [0.5, 0.0], [0.0, 6.0], [0.0, 0.0]]


@pytest.mark.parametrize("threshold", [0.0, 0.6, 0.95, 1.0])
@pytest.mark.parametrize(("progress", "ramp"), [(0.1, 0.25), (0.8, 1.0)])
def test_pseudo_label_equals_a_naive_loop(threshold: float, progress: float, ramp: float) -> None:
    expected = []
    for row in LOGITS:
        p = [math.exp(value) / sum(math.exp(other) for other in row) for value in row]
        mask = max(p) >= threshold
        expected.append(ramp * mask * -math.log(max(p)))
    step = StepInputs(torch.eye(2), torch.zeros(2, 2), (torch.tensor(LOGITS),), (), progress)
    result = PseudoLabel(threshold=threshold)(step)
    torch.testing.assert_close(result.unlabeled, torch.tensor(expected))


def test_threshold_applies_to_each_image_not_to_the_mean() -> None:
    step = StepInputs(torch.eye(2), torch.zeros(2, 2), (torch.tensor(LOGITS),), (), 1.0)
    assert (PseudoLabel()(step).unlabeled > 0).tolist() == [True, False, True, False]
