import sys
from types import SimpleNamespace

import pytest
from torch import nn

from s2c2.errors import UserError
from s2c2.networks.timm_backbone import Timm


def installed(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> list[tuple[str, bool, int]]:
    """Put a stand-in for timm in place that knows some models, and return what it is asked for."""
    asked: list[tuple[str, bool, int]] = []

    def create_model(name: str, *, pretrained: bool, num_classes: int) -> nn.Module:
        asked.append((name, pretrained, num_classes))
        if name not in names:
            raise RuntimeError(f"Unknown model ({name})")
        model = nn.Flatten()
        model.num_features = 12  # type: ignore[assignment]
        return model

    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(create_model=create_model))
    return asked


def test_without_timm_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match=r"pip install 's2c2\[timm\]'"):
        Timm().build(32)


def test_an_unknown_model_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("resnet18",))
    with pytest.raises(UserError, match="no model 'resnet81'"):
        Timm(model="resnet81").build(32)


def test_the_model_is_made_without_classifier_and_knows_its_features(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = installed(monkeypatch, ("convnext_tiny",))
    model = Timm(model="convnext_tiny", pretrained=True).build(32)
    assert asked == [("convnext_tiny", True, 0)]
    assert model.features == 12
