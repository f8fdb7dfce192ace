"""Any model of timm, by the extra ``s2c2[timm]``."""

import importlib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2c2.errors import UserError

RATES = ("drop_prob", "drop_rate", "drop_path_rate", "attn_drop_p")
"""What modules of timm call the share that they drop, beside the p of torch's own."""


@dataclass(frozen=True)
class Timm:
    """A timm model without its classifier. Depthwise networks train slower in bfloat16: use float32.

    Nothing of it is dropped, no features (dropout) and no paths (stochastic depth), also where timm does so
    by default: timm draws that from global random numbers, which no checkpoint holds.
    """

    model: str = "resnet18"
    """Name of the model."""
    pretrained: bool = False
    """Whether timm loads its weights, from its cache or the network."""

    def build(self, size: int) -> nn.Module:
        """Return the model for images of ``size`` pixels.

        Raises:
            UserError: when timm is not installed, knows no such model, cannot load its weights, or when the
                model does not take images of this size.
        """
        try:
            timm = importlib.import_module("timm")
        except ImportError as error:
            raise UserError("the backbone timm needs the extra: pip install 's2c2[timm]'") from error
        settings = timm.get_pretrained_cfg(self.model)
        # A vision transformer is made for one size; convolutional networks know no such argument.
        sized = {"img_size": size} if getattr(settings, "fixed_input_size", False) else {}
        try:
            model = timm.create_model(self.model, pretrained=self.pretrained, num_classes=0, **sized)
        except (RuntimeError, OSError) as error:
            near = ", ".join(get_close_matches(self.model, timm.list_models(), n=3))
            hint = f" (similar: {near})" if near else ""
            raise UserError(f"timm gives no model '{self.model}': {error}{hint}") from error
        keep(model)
        return TimmBackbone(model, features=_features(model, self.model, size))


class TimmBackbone(nn.Module):
    """Brings images from [−1, 1] to the mean and deviation that the model was trained with.

    Args:
        model: a timm model without classifier.
        features: numbers that it gives for an image.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: Any, features: int) -> None:
        super().__init__()
        self.model, self.features = model, features
        known = getattr(model, "pretrained_cfg", {})
        mean, std = (torch.tensor(known.get(name, (0.5,) * 3)).view(1, -1, 1, 1) for name in ("mean", "std"))
        self.register_buffer("mean", 2 * mean - 1, persistent=False)
        self.register_buffer("std", 2 * std, persistent=False)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n e"]:
        """Return the features before the classifier."""
        features: Tensor = self.model((images - self.mean) / self.std)
        return features


def keep(model: nn.Module) -> None:
    """Let a model drop nothing while it trains."""
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        for name in RATES:
            if isinstance(getattr(module, name, None), float | int):
                setattr(module, name, 0.0)


@torch.no_grad()
def _features(model: nn.Module, name: str, size: int) -> int:
    """Return the length of an embedding, measured: ``num_features`` is not that of every model."""
    training = model.training
    try:
        return int(model.eval()(torch.zeros(1, 3, size, size)).shape[1])
    except (RuntimeError, AssertionError, ValueError) as error:
        raise UserError(f"timm's '{name}' does not take images of {size} pixels: {error}") from error
    finally:
        model.train(training)
