"""Tensors on their way to the device that computes."""

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor of the host on a device, without waiting for what the device is doing.

    From memory that the system may move, a copy to a graphics card waits for all that was asked of it before;
    so the tensor is first copied into memory that stays where it is.
    """
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
