from typing import Literal

import pytest
import torch
from torch import nn

from s2c2.networks.resnet import ResNet

Shapes = dict[str, tuple[int, ...]]


def norm(name: str, channels: int) -> Shapes:
    columns = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{column}": (channels,) for column in columns} | {f"{name}.num_batches_tracked": ()}


def block(name: str, before: int, width: int, depth: int) -> Shapes:
    """The convolutions of a block and their batch norms, as torchvision numbers them."""
    kernels = [(width, 3), (width, 3)] if depth == 18 else [(width, 1), (width, 3), (4 * width, 1)]
    shapes: Shapes = {}
    for number, (after, kernel) in enumerate(kernels, start=1):
        shapes[f"{name}.conv{number}.weight"] = (after, before, kernel, kernel)
        shapes |= norm(f"{name}.bn{number}", after)
        before = after
    return shapes


def torchvision(depth: int, stem: int = 7) -> Shapes:
    """Names and shapes of ``torchvision.models.resnet18`` and ``resnet50`` without ``fc``, by rule."""
    expansion = 1 if depth == 18 else 4
    shapes: Shapes = {"conv1.weight": (64, 3, stem, stem)} | norm("bn1", 64)
    before = 64
    for stage, count in enumerate((2, 2, 2, 2) if depth == 18 else (3, 4, 6, 3), start=1):
        width = 64 * 2 ** (stage - 1)
        for number in range(count):
            name = f"layer{stage}.{number}"
            shapes |= block(name, before, width, depth)
            if number == 0 and (stage > 1 or depth == 50):
                shapes[f"{name}.downsample.0.weight"] = (expansion * width, before, 1, 1)
                shapes |= norm(f"{name}.downsample.1", expansion * width)
            before = expansion * width
    return shapes


def shapes(module: nn.Module) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize(("small", "stem"), [(False, 7), (True, 3)])
def test_names_and_shapes_are_those_of_torchvision(depth: Literal[18, 50], small: bool, stem: int) -> None:
    backbone = ResNet(depth=depth, small=small).build(224)
    assert shapes(backbone) == torchvision(depth, stem)


@pytest.mark.parametrize(("depth", "total"), [(18, 11_689_512 - 513_000), (50, 25_557_032 - 2_049_000)])
def test_parameters_are_the_published_ones_without_the_classifier(depth: Literal[18, 50], total: int) -> None:
    backbone = ResNet(depth=depth).build(224)
    assert sum(parameter.numel() for parameter in backbone.parameters()) == total


@pytest.mark.parametrize(("depth", "features"), [(18, 512), (50, 2048)])
def test_an_embedding_has_the_features_that_are_named(depth: Literal[18, 50], features: int) -> None:
    backbone = ResNet(depth=depth).build(64).eval()
    assert backbone.features == features
    with torch.inference_mode():
        assert backbone(torch.rand(2, 3, 64, 64)).shape == (2, features)


@pytest.mark.parametrize(("small", "size", "side"), [(False, 64, 2), (True, 32, 4), (False, 100, 4)])
def test_resolution_of_the_last_feature_map(small: bool, size: int, side: int) -> None:
    backbone = ResNet(small=small).build(size).eval()
    seen: list[torch.Size] = []
    backbone.get_submodule("layer4").register_forward_hook(lambda _, __, maps: seen.append(maps.shape))
    with torch.inference_mode():
        backbone(torch.rand(1, 3, size, size))
    assert seen == [torch.Size((1, 512, side, side))]


def test_the_stride_of_a_bottleneck_is_in_its_3x3_convolution() -> None:
    backbone = ResNet(depth=50).build(64)
    for stage in (1, 2, 3, 4):
        first, second = (backbone.get_submodule(f"layer{stage}.0.conv{number}") for number in (1, 2))
        assert isinstance(first, nn.Conv2d)
        assert isinstance(second, nn.Conv2d)
        assert first.stride == (1, 1)
        assert second.stride == ((1, 1) if stage == 1 else (2, 2))


def test_the_stem_follows_from_the_size_unless_it_is_chosen() -> None:
    kernels = [
        ResNet(small=small).build(size).conv1.kernel_size  # type: ignore[union-attr]
        for small, size in [(None, 64), (None, 65), (False, 32), (True, 224)]
    ]
    assert kernels == [(3, 3), (7, 7), (7, 7), (3, 3)]


def test_convolutions_are_drawn_as_torchvision_does() -> None:
    torch.manual_seed(0)
    for module in ResNet(depth=50).build(224).modules():
        if isinstance(module, nn.Conv2d):
            std = (2 / (module.kernel_size[0] ** 2 * module.out_channels)) ** 0.5
            # Five standard errors of a sample's standard deviation.
            assert abs(float(module.weight.detach().std()) / std - 1) < 5 / (2 * module.weight.numel()) ** 0.5
