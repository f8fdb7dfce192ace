"""Wide residual network: Zagoruyko and Komodakis, 2016, https://arxiv.org/abs/1605.07146."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, Le
from jaxtyping import Float
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.types import Share


@dataclass(frozen=True)
class WideResNet:
    """The pre-activation network of the reference; WRN-28-2 is the paper's at 32 pixels."""

    depth: int = 28
    """Layers as the paper counts them: 6 · blocks + 4, where blocks are those of a stage (reference: 28)."""
    width: int | float = 2
    """Factor on 16 channels in the first stage (reference: 2, that is 32 filters; MiceBone 0.5)."""
    slope: Share = 0.1
    """Slope of the leaky ReLU (reference: 0.1)."""
    momentum: Annotated[float, Gt(0), Le(1)] = 0.1
    """Batch-norm momentum (reference: 0.001, which takes thousands of steps to settle)."""

    def build(self, size: int) -> nn.Module:
        """Return a network for images of ``size`` pixels, with ``⌈log₂ size⌉ − 2`` stages (reference).

        Raises:
            UserError: for a depth that no number of blocks gives, or a width without channels.
        """
        blocks, rest = divmod(self.depth - 4, 6)
        if blocks < 1 or rest:
            raise UserError(f"depth of a wide ResNet is 6 · blocks + 4: 10, 16, 22, 28, …, not {self.depth}")
        if round(16 * self.width) < 1:
            raise UserError(
                f"width of a wide ResNet multiplies 16 channels and is positive, not {self.width}"
            )
        return WideBackbone(self, blocks, stages=max(math.ceil(math.log2(size)) - 2, 1))


class WideBackbone(nn.Module):
    """Maps images to embeddings.

    Convolutions have a bias although batch norm follows, as in the reference. Where a stage halves the
    resolution, padding is symmetric, while TensorFlow pads right and below only.

    Args:
        form: width, slope, momentum.
        blocks: residual blocks of a stage.
        stages: each but the first halves the resolution and doubles the channels.
    """

    def __init__(self, form: WideResNet, blocks: int, stages: int) -> None:
        super().__init__()
        widths = [round(16 * form.width) << stage for stage in range(stages)]
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.blocks = nn.Sequential(*_blocks(form, widths, blocks))
        self.last = _activated(widths[-1], form)
        self.features = widths[-1]
        self.apply(_initialise)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n e"]:
        """Return the mean of the last feature map."""
        features: Tensor = self.last(self.blocks(self.stem(images))).mean(dim=(2, 3))
        return features


class Block(nn.Module):
    """Two 3×3 convolutions beside an identity, or a 1×1 projection where the channels change."""

    def __init__(self, channels: tuple[int, int], stride: int, form: WideResNet, *, first: bool) -> None:
        super().__init__()
        before, after = channels
        self.first = first
        self.activation = _activated(before, form)
        self.residual = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1),
            _activated(after, form),
            nn.Conv2d(after, after, 3, padding=1),
        )
        projects = before != after or stride != 1
        self.shortcut = nn.Conv2d(before, after, 1, stride=stride) if projects else nn.Identity()

    def forward(self, features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """Return the sum of residual and shortcut; the first block activates before they part."""
        activated = self.activation(features)
        shortcut: Tensor = self.shortcut(activated if self.first else features)
        residual: Tensor = self.residual(activated)
        return shortcut + residual


def _blocks(form: WideResNet, widths: list[int], blocks: int) -> Iterator[Block]:
    before = 16
    for stage, width in enumerate(widths):
        for number in range(blocks):
            stride = 2 if stage and not number else 1
            yield Block((before, width), stride, form, first=not stage and not number)
            before = width


def _activated(channels: int, form: WideResNet) -> nn.Sequential:
    norm = nn.BatchNorm2d(channels, eps=1e-3, momentum=form.momentum)
    # In place: the backward pass of the norm reads its input, so its output need not be kept beside this one.
    return nn.Sequential(norm, nn.LeakyReLU(form.slope, inplace=True))


def _initialise(module: nn.Module) -> None:
    """Draw convolutions from N(0, 2 / (k² · outputs)) and set their biases to zero (reference)."""
    if isinstance(module, nn.Conv2d):
        area = module.kernel_size[0] * module.kernel_size[1]
        nn.init.normal_(module.weight, std=math.sqrt(2 / (area * module.out_channels)))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
