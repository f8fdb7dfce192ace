"""Residual networks with the parameter names of torchvision: He et al., 2016, https://arxiv.org/abs/1512.03385."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

LAYERS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}
"""Blocks of each stage by depth."""

SMALL = 64
"""Largest size in pixels that the small stem is meant for: the large one leaves a 32nd of the size."""


@dataclass(frozen=True)
class ResNet:
    """ResNet-18 or ResNet-50; weights of torchvision fit by name."""

    depth: Literal[18, 50] = 18
    """Layers."""
    small: bool | None = None
    """Whether the stem is one 3×3 convolution without pooling; null: for images up to 64 pixels."""

    def build(self, size: int) -> nn.Module:
        """Return the network. Weights of torchvision load without their ``fc`` and with the large stem.

        Args:
            size: height and width of the images; the network takes any, but the stem is chosen for it.
        """
        return ResidualBackbone(self.depth, small=size <= SMALL if self.small is None else self.small)


class ResidualBackbone(nn.Module):
    """Maps images to embeddings; ``fc`` is left to the heads.

    Args:
        depth: layers, a key of :data:`LAYERS`.
        small: whether the stem keeps the resolution.
    """

    def __init__(self, depth: int, *, small: bool) -> None:
        super().__init__()
        self.small = small
        kernel, stride, padding = (3, 1, 1) if small else (7, 2, 3)
        self.conv1 = nn.Conv2d(3, 64, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        before, block = 64, Basic if depth == 18 else Bottleneck
        for stage, count in enumerate(LAYERS[depth]):
            width = 64 << stage
            strides = [1 if stage == 0 else 2] + [1] * (count - 1)
            blocks = []
            for stride in strides:
                blocks.append(block(before, width, stride))
                before = width * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.features = before
        self.apply(_initialise)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n e"]:
        """Return the mean of the last feature map."""
        maps = functional.relu(self.bn1(self.conv1(images)))
        if not self.small:
            maps = functional.max_pool2d(maps, 3, 2, 1)
        for stage in range(1, 5):
            maps = self.get_submodule(f"layer{stage}")(maps)
        return maps.mean(dim=(2, 3))


class Basic(nn.Module):
    """Two 3×3 convolutions."""

    expansion = 1

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _downsample(before, width, stride)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """Return the activated sum of residual and shortcut."""
        residual = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(maps)))))
        shortcut = maps if self.downsample is None else self.downsample(maps)
        return functional.relu(residual + shortcut)


class Bottleneck(nn.Module):
    """1×1, 3×3 with the stride, 1×1 (the variant of torchvision)."""

    expansion = 4

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.downsample = _downsample(before, width * 4, stride)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """Return the activated sum of residual and shortcut."""
        residual = functional.relu(self.bn1(self.conv1(maps)))
        residual = functional.relu(self.bn2(self.conv2(residual)))
        shortcut = maps if self.downsample is None else self.downsample(maps)
        return functional.relu(self.bn3(self.conv3(residual)) + shortcut)


def _downsample(before: int, after: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and before == after:
        return None
    return nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))


def _initialise(module: nn.Module) -> None:
    """Draw convolutions from N(0, 2 / (k² · outputs)), as He et al., 2015, and torchvision do."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
