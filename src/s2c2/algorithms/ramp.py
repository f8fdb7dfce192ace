"""Weights that grow during training."""


def linear_ramp(progress: float, length: float) -> float:
    """Return a weight that grows linearly from 0 to 1 over the first ``length`` of the training.

    Example:
        >>> [linear_ramp(progress, 0.4) for progress in (0.0, 0.2, 0.4, 1.0)]
        [0.0, 0.5, 1.0, 1.0]
    """
    return 1.0 if length <= 0 else min(progress / length, 1.0)
