import pytest
import torch
from torch import Tensor, nn

from s2c2.networks.network import Network, head, split_outputs
from s2c2.networks.wide_resnet import WideResNet


class Flat(nn.Module):
    features = 12

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


def test_heads_are_linear_in_the_embedding() -> None:
    network = Network(Flat(), {"classes": 3, "clusters": 7, "ambiguity": 1})
    images = torch.randn(5, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    outputs = network(images)
    assert torch.equal(outputs.embeddings, images.flatten(1))
    for name, column in (("classes", outputs.classes), ("clusters", outputs.clusters)):
        layer = network.heads[name]
        assert isinstance(layer, nn.Linear)
        torch.testing.assert_close(column, images.flatten(1) @ layer.weight.T + layer.bias)
    assert outputs.ambiguity is not None
    assert outputs.ambiguity.shape == (5,)


def test_absent_heads_are_none() -> None:
    outputs = Network(Flat(), {"classes": 3})(torch.zeros(2, 3, 2, 2))
    assert outputs.clusters is None
    assert outputs.ambiguity is None


def test_outputs_are_float32_under_autocast() -> None:
    network = Network(Flat(), {"classes": 3, "clusters": 7, "ambiguity": 1})
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = network(torch.zeros(2, 3, 2, 2))
    columns = (outputs.classes, outputs.embeddings, outputs.clusters, outputs.ambiguity)
    assert {column.dtype for column in columns if column is not None} == {torch.float32}


def test_head_has_glorot_normal_weights_and_zero_biases() -> None:
    torch.manual_seed(0)
    layer = head(300, 100)
    # Glorot: variance 2 / (fan in + fan out)
    assert layer.weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert layer.weight.mean().item() == pytest.approx(0.0, abs=2e-3)
    assert not layer.bias.any()


@pytest.mark.parametrize("heads", [{"classes": 3}, {"classes": 3, "clusters": 7, "ambiguity": 1}])
def test_split_outputs_equal_separate_passes(heads: dict[str, int]) -> None:
    network = Network(Flat(), heads)
    images = torch.randn(6, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    parts = split_outputs(network(images), [1, 3, 2])
    for part, one in zip(parts, torch.split(images, [1, 3, 2]), strict=True):
        alone = network(one)
        for name in ("classes", "embeddings", "clusters", "ambiguity"):
            ours, expected = getattr(part, name), getattr(alone, name)
            assert (ours is None) == (expected is None)
            if ours is not None:
                torch.testing.assert_close(ours, expected)


def kept(backbone: nn.Module) -> int:
    """Return how many feature maps, of any size, a backbone keeps for its backward pass."""
    storages: set[int] = set()

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.ndim == 4 and tensor.shape[0] == 2:
            storages.add(tensor.untyped_storage().data_ptr())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = backbone(torch.randn(2, 3, 32, 32))
    assert outputs.requires_grad
    return len(storages)


def test_an_activation_takes_the_place_of_the_norm_before_it() -> None:
    # What each of seven norms reads, what the activation after it leaves, and the image.
    assert kept(WideResNet(10, 1).build(32)) <= 2 * 7 + 1
