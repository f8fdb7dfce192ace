"""What runs compute on."""

import torch


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
