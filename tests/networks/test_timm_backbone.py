import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.networks.timm_backbone import Timm, TimmBackbone


class Pooled(nn.Module):
    """A model whose embedding is longer than ``num_features``, as MobileNetV3's is."""

    num_features = 2
    pretrained_cfg = {"mean": (0.5, 0.25, 0.75), "std": (0.5, 0.1, 0.2)}  # noqa: RUF012

    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3))


class Sized(Pooled):
    """A model for one size only."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[2] != self.size:
            raise AssertionError(f"Input height ({images.shape[2]}) doesn't match model ({self.size}).")
        return super().forward(images)


class DropPath(nn.Module):
    """Stochastic depth as timm writes it."""

    def __init__(self, drop_prob: float) -> None:
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, features: Tensor) -> Tensor:
        if self.drop_prob == 0.0 or not self.training:
            return features
        return features * (torch.rand(len(features), 1) >= self.drop_prob)


class Dropping(Pooled):
    """A model that drops features, paths, and features by a function."""

    def __init__(self) -> None:
        super().__init__()
        self.drop_rate = 0.2
        self.layers = nn.Sequential(nn.Dropout(0.3), DropPath(0.3), nn.AlphaDropout(0.3))

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.layers(super().forward(images))
        return nn.functional.dropout(features, self.drop_rate, self.training)


MODELS: dict[str, Callable[..., nn.Module]] = {
    "pooled": Pooled,
    "transformer": lambda img_size=224: Sized(img_size),
    "rigid": lambda: Sized(224),
    "dropping": Dropping,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Put a stand-in for timm in place, and return what it is asked for."""
    calls: list[dict[str, Any]] = []

    def create_model(name: str, *, pretrained: bool, num_classes: int, **more: int) -> nn.Module:
        calls.append({"pretrained": pretrained, "num_classes": num_classes} | more)
        if name not in MODELS:
            raise RuntimeError(f"Unknown model ({name})")
        return MODELS[name](**more)

    stand_in = SimpleNamespace(
        create_model=create_model,
        list_models=lambda: list(MODELS),
        get_pretrained_cfg=lambda name: SimpleNamespace(fixed_input_size=name == "transformer"),
    )
    monkeypatch.setitem(sys.modules, "timm", stand_in)
    return calls


def test_without_timm_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match=r"pip install 's2c2\[timm\]'"):
        Timm().build(32)


def test_an_unknown_model_is_one_clear_line(asked: list[dict[str, Any]]) -> None:
    with pytest.raises(UserError, match=r"no model 'poolde'.*similar: pooled"):
        Timm(model="poolde").build(32)


def test_the_model_is_made_without_classifier_and_its_features_are_measured(
    asked: list[dict[str, Any]],
) -> None:
    model = Timm(model="pooled", pretrained=True).build(32)
    assert asked == [{"pretrained": True, "num_classes": 0}]
    assert model.features == 3
    assert model.training


def test_images_arrive_as_the_model_was_trained(asked: list[dict[str, Any]]) -> None:
    model = Timm(model="pooled").build(8)
    images = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = [
        (images[:, c].mean(dim=(1, 2)) - mean) / std
        for c, (mean, std) in enumerate([(0.5, 0.5), (0.25, 0.1), (0.75, 0.2)])
    ]
    torch.testing.assert_close(model(images * 2 - 1), torch.stack(expected, dim=1))
    assert not model.state_dict()


def test_a_model_drops_nothing_and_draws_no_global_random_number(asked: list[dict[str, Any]]) -> None:
    model = Timm(model="dropping").build(8).train()
    images, before = torch.ones(64, 3, 8, 8), torch.get_rng_state()
    torch.testing.assert_close(model(images), model.eval()(images))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_without_statistics_reads_images_as_they_are() -> None:
    images = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.testing.assert_close(TimmBackbone(nn.Flatten(), features=48)(images), images.flatten(1))


def test_a_model_of_fixed_size_is_made_for_the_size(asked: list[dict[str, Any]]) -> None:
    assert Timm(model="transformer").build(32).features == 3
    assert asked[0]["img_size"] == 32


def test_a_size_that_the_model_refuses_is_one_clear_line(asked: list[dict[str, Any]]) -> None:
    with pytest.raises(UserError, match=r"'rigid' does not take images of 32 pixels"):
        Timm(model="rigid").build(32)
