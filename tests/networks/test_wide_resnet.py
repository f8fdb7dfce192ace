import math

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from s2c2.errors import UserError
from s2c2.networks.wide_resnet import Block, WideBackbone, WideResNet


def built(size: int = 32, depth: int = 28, width: int | float = 2) -> WideBackbone:
    backbone = WideResNet(depth=depth, width=width).build(size)
    assert isinstance(backbone, WideBackbone)
    return backbone


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def expected(widths: list[int], blocks: int) -> int:
    """Weights and biases of every convolution and two numbers a batch-norm channel, layer by layer."""
    total, before = 3 * 16 * 9 + 16, 16
    for stage, width in enumerate(widths):
        for block in range(blocks):
            total += 2 * before + before * width * 9 + width + 2 * width + width * width * 9 + width
            if before != width or (stage > 0 and block == 0):
                total += before * width + width
            before = width
    return total + 2 * before


@pytest.mark.parametrize(
    ("size", "depth", "width", "widths"),
    [
        (32, 28, 2, [32, 64, 128]),
        (32, 10, 1, [16, 32, 64]),
        (96, 28, 2, [32, 64, 128, 256, 512]),
        (64, 16, 4, [64, 128, 256, 512]),
    ],
)
def test_parameters_are_those_of_the_rule(size: int, depth: int, width: int, widths: list[int]) -> None:
    assert parameters(built(size, depth, width)) == expected(widths, (depth - 4) // 6)


def test_wrn_28_2_has_the_parameters_that_were_measured() -> None:
    # 1,467,610 with ten classes and no convolution biases, which come on top here.
    backbone = built()
    biases = sum(module.out_channels for module in backbone.modules() if isinstance(module, nn.Conv2d))
    assert parameters(backbone) == 1_468_352
    assert parameters(backbone) - biases + 128 * 10 + 10 == 1_467_610


@pytest.mark.parametrize(
    ("size", "stages"), [(4, 1), (8, 1), (16, 2), (17, 3), (32, 3), (33, 4), (64, 4), (96, 5), (224, 6)]
)
def test_stages_follow_from_the_size(size: int, stages: int) -> None:
    backbone = built(size, depth=10, width=1)
    blocks = [block for block in backbone.blocks if isinstance(block, Block)]
    assert len(blocks) == stages
    assert backbone.features == 16 * 2 ** (stages - 1)
    assert [block.residual[0].stride for block in blocks] == [(1, 1)] + [(2, 2)] * (stages - 1)


@pytest.mark.parametrize(("size", "side"), [(32, 8), (96, 6), (33, 5), (8, 8)])
def test_each_stage_but_the_first_halves_the_resolution(size: int, side: int) -> None:
    backbone = built(size, depth=10, width=1).eval()
    images = torch.rand(2, 3, size, size)
    maps = backbone.blocks(backbone.stem(images))
    assert maps.shape == (2, backbone.features, side, side)
    assert torch.allclose(backbone(images), backbone.last(maps).mean(dim=(2, 3)))


def test_projections_stand_where_the_channels_change() -> None:
    projected = [isinstance(block.shortcut, nn.Conv2d) for block in built().blocks]
    assert projected == [True, False, False, False] * 3
    # Width 1: 16 channels come in and stay, so the first stage needs none.
    narrow = [isinstance(block.shortcut, nn.Conv2d) for block in built(width=1).blocks]
    assert narrow == [False] * 4 + [True, False, False, False] * 2


def test_only_the_first_block_activates_before_the_parts() -> None:
    assert [block.first for block in built().blocks] == [True] + [False] * 11
    shift = torch.zeros(1, 32, 8, 8) - 1.0
    block = built().blocks[1].eval()
    for module in block.get_submodule("residual").children():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight)
    assert torch.equal(block(shift), shift)


def test_convolutions_are_drawn_as_the_reference_does() -> None:
    torch.manual_seed(0)
    for module in built().modules():
        if isinstance(module, nn.Conv2d):
            std = math.sqrt(2 / (module.kernel_size[0] ** 2 * module.out_channels))
            count = module.weight.numel()
            # Five standard errors of a sample's standard deviation and of its mean.
            assert abs(float(module.weight.detach().std()) / std - 1) < 5 / math.sqrt(2 * count)
            assert abs(float(module.weight.detach().mean())) < 5 * std / math.sqrt(count)
            assert module.bias is not None
            assert not module.bias.any()


def test_batch_norm_and_slope_are_as_configured() -> None:
    backbone = WideResNet(depth=10, width=1, slope=0.2, momentum=0.05).build(32)
    norms = [module for module in backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    slopes = [module.negative_slope for module in backbone.modules() if isinstance(module, nn.LeakyReLU)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.05)}
    assert set(slopes) == {0.2}
    assert len(norms) == len(slopes) == 2 * 3 + 1


def test_wrn_28_2_needs_the_operations_that_were_measured() -> None:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        built().eval()(torch.zeros(1, 3, 32, 32))
    assert counter.get_total_flops() / 1e9 == pytest.approx(0.429, abs=0.001)


def test_half_width_is_the_references_network_for_mice_bones() -> None:
    # 8 filters and six stages at 192 pixels: 8 … 256 channels (method 1.3).
    backbone = built(size=192, depth=28, width=0.5)
    outputs = [block.residual[0].out_channels for block in backbone.blocks]  # type: ignore[union-attr, index]
    assert outputs == [width for width in (8, 16, 32, 64, 128, 256) for _ in range(4)]


@pytest.mark.parametrize("depth", [4, 9, 27, 30])
def test_a_depth_that_no_number_of_blocks_gives_is_refused(depth: int) -> None:
    with pytest.raises(UserError, match=rf"10, 16, 22, 28, …, not {depth}"):
        WideResNet(depth=depth).build(32)


@pytest.mark.parametrize("width", [0.0, -1.0])
def test_a_width_without_channels_is_refused(width: float) -> None:
    with pytest.raises(UserError, match="width"):
        WideResNet(width=width).build(32)
