"""Any model of timm, by the extra ``s2c2[timm]``."""

import importlib
from dataclasses import dataclass

from torch import nn

from s2c2.errors import UserError


@dataclass(frozen=True)
class Timm:
    """A timm model without its classifier. Depthwise networks train slower in bfloat16: use float32."""

    model: str = "resnet18"
    """Name of the model."""
    pretrained: bool = False
    """Whether timm loads its weights, from its cache or the network."""

    def build(self, size: int) -> nn.Module:
        """Return the model.

        Raises:
            UserError: when timm is not installed or knows no such model.
        """
        try:
            timm = importlib.import_module("timm")
        except ImportError as error:
            raise UserError("the backbone timm needs the extra: pip install 's2c2[timm]'") from error
        try:
            model: nn.Module = timm.create_model(self.model, pretrained=self.pretrained, num_classes=0)
        except RuntimeError as error:
            raise UserError(f"timm has no model '{self.model}': {error}") from error
        model.features = model.num_features
        return model
