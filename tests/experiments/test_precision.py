from typing import Any

import pytest
import torch
from torch import nn

from s2c2 import config as configuration
from s2c2.experiments.precision import bfloat16, depthwise

DENSE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(1, 4, 3))
DEPTHWISE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Sequential(nn.Conv2d(8, 8, 3, groups=8)))


PROCESSOR = torch.device("cpu")


def config(precision: str) -> Any:
    return configuration.resolve({"train": {"precision": precision}})


def test_depthwise_convolutions_are_found_at_any_depth() -> None:
    assert depthwise(DEPTHWISE)
    assert not depthwise(DENSE)
    assert not depthwise(nn.Linear(3, 3))


@pytest.mark.parametrize("able", [True, False])
def test_auto_follows_processor_and_network(able: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: able)
    assert bfloat16(config("auto"), PROCESSOR) == able
    assert bfloat16(config("auto"), PROCESSOR, DENSE) == able
    assert not bfloat16(config("auto"), PROCESSOR, DEPTHWISE)


@pytest.mark.parametrize("able", [True, False])
def test_auto_follows_where_the_network_is(able: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: able)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: not able)
    assert bfloat16(config("auto"), torch.device("cuda"), DEPTHWISE) == able
    assert bfloat16(config("auto"), PROCESSOR) != able


def test_a_precision_that_is_asked_for_holds() -> None:
    assert bfloat16(config("bfloat16"), PROCESSOR, DEPTHWISE)
    assert not bfloat16(config("float32"), PROCESSOR, DENSE)
