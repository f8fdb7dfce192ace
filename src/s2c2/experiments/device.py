"""What runs compute on."""

from contextlib import AbstractContextManager, nullcontext

import torch

from s2c2.memory import bounded


def present() -> torch.device:
    """Return the graphics card of this process where there is one, else the processor.

    A card is told to compute the same bits for the same work, and float32 where float32 is asked for, not the
    ten bits of TF32.
    """
    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return torch.device("cuda")


def within() -> AbstractContextManager[None]:
    """Return what makes a context in which no more memory is taken than is free; a card has its own say.

    Its driver sets aside far more addresses than there is memory.
    """
    return nullcontext() if torch.cuda.is_available() else bounded()
