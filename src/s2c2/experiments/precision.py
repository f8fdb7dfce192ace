"""The number format that networks compute in."""

import torch

from s2c2.config import Config


def bfloat16(config: Config) -> bool:
    """Return whether the networks compute in bfloat16: where the processor has instructions for it."""
    if config.train.precision != "auto":
        return bool(config.train.precision == "bfloat16")
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())
