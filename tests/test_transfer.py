import torch

from s2c2.transfer import sent


def test_on_the_host_nothing_is_copied() -> None:
    tensor = torch.arange(3)
    assert sent(tensor, torch.device("cpu")) is tensor
