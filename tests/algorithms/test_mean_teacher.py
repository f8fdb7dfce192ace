import math

import pytest
import torch

from s2c2.algorithms import MeanTeacher
from s2c2.types import StepInputs


def softmax(row: list[float]) -> list[float]:
    powers = [math.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


STUDENT = [[1.0, -1.0, 0.5], [0.0, 2.0, 0.0], [0.3, 0.2, 0.1]]
TEACHER = [[0.5, 0.0, 0.5], [1.0, 1.0, -2.0], [0.3, 0.2, 0.1]]


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.0), (0.1, 12.5), (0.4, 50.0), (1.0, 50.0)])
def test_mean_teacher_equals_a_naive_loop(progress: float, weight: float) -> None:
    step = StepInputs(
        torch.eye(3), torch.zeros(3, 3), (torch.tensor(STUDENT),), (torch.tensor(TEACHER),), progress
    )
    expected = []
    for student, teacher in zip(STUDENT, TEACHER, strict=True):
        p, t = softmax(student), softmax(teacher)
        expected.append(weight * sum((a - b) ** 2 for a, b in zip(t, p, strict=True)) / 3)
    result = MeanTeacher()(step)
    torch.testing.assert_close(result.unlabeled, torch.tensor(expected))
    torch.testing.assert_close(result.labeled, torch.full((3,), math.log(3)))


def test_mean_teacher_moves_the_student_towards_the_teacher() -> None:
    student, teacher = torch.tensor([[0.0, 0.0]]).requires_grad_(), torch.tensor([[2.0, 0.0]])
    loss = MeanTeacher()(StepInputs(torch.eye(2), torch.zeros(2, 2), (student,), (teacher,), 1.0))
    loss.unlabeled.sum().backward()
    assert student.grad is not None
    assert student.grad[0, 0] < 0 < student.grad[0, 1]
