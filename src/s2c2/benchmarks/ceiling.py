"""The most floating-point operations a second that a matrix product reaches on this machine."""

from collections.abc import Mapping
from typing import Any

import torch

from s2c2.benchmarks.timing import Meter
from s2c2.benchmarks.worker import Work

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def prepare(options: Mapping[str, Any]) -> Work:
    """Return a matrix product.

    Args:
        options: ``precision``, ``side`` of the square matrices, ``device``.
    """
    side, device = options["side"], torch.device(options["device"])
    torch.backends.cuda.matmul.allow_tf32 = False
    left, right = (torch.randn(side, side, device=device).to(DTYPES[options["precision"]]) for _ in range(2))

    def product() -> dict[str, float]:
        meter = Meter()
        for _ in range(4):
            torch.mm(left, right)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return meter.sample() | {"flops": 4 * 2.0 * side**3}

    return product
