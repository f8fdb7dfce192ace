from typing import Any

import pytest
import torch
from torch import nn

from s2c2 import config as configuration
from s2c2.experiments.precision import bfloat16, depthwise

DENSE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(1, 4, 3))
DEPTHWISE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Sequential(nn.Conv2d(8, 8, 3, groups=8)))


def config(precision: str) -> Any:
    return configuration.resolve({"train": {"precision": precision}})


def test_depthwise_convolutions_are_found_at_any_depth() -> None:
    assert depthwise(DEPTHWISE)
    assert not depthwise(DENSE)
    assert not depthwise(nn.Linear(3, 3))


@pytest.mark.parametrize("able", [True, False])
def test_auto_follows_processor_and_network(able: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: able)
    assert bfloat16(config("auto")) == able
    assert bfloat16(config("auto"), DENSE) == able
    assert not bfloat16(config("auto"), DEPTHWISE)


def test_a_precision_that_is_asked_for_holds() -> None:
    assert bfloat16(config("bfloat16"), DEPTHWISE)
    assert not bfloat16(config("float32"), DENSE)
