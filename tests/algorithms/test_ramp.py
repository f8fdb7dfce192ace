import pytest

from s2c2.algorithms.ramp import linear_ramp


@pytest.mark.parametrize(
    ("progress", "length", "weight"),
    [(0.0, 0.4, 0.0), (0.1, 0.4, 0.25), (0.4, 0.4, 1.0), (1.0, 0.4, 1.0), (0.0, 0.0, 1.0), (0.5, 1.0, 0.5)],
)
def test_linear_ramp(progress: float, length: float, weight: float) -> None:
    assert linear_ramp(progress, length) == pytest.approx(weight)
