import pytest
import torch
from torch import Tensor, nn

from s2c2.networks.averaged import Averaged, floats
from s2c2.networks.network import Network


class Normed(nn.Module):
    features = 4

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.norm(self.convolution(images)).relu().mean(dim=(2, 3))
        return features


def network() -> Network:
    torch.manual_seed(0)
    return Network(Normed(), {"classes": 3})


def noise(seed: int, n: int = 6) -> Tensor:
    return torch.randn(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def norm_of(trained: Network) -> nn.BatchNorm2d:
    backbone = trained.backbone
    assert isinstance(backbone, Normed)
    return backbone.norm


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.999])
def test_update_equals_a_naive_loop(decay: float) -> None:
    trained = network()
    averaged = Averaged(trained, decay)
    expected = [value.flatten().tolist() for value in floats(trained)]
    generator = torch.Generator().manual_seed(1)
    for step in range(12):
        with torch.no_grad():
            for value in floats(trained):
                value.add_(torch.randn(value.shape, generator=generator))
        averaged.update(trained, step)
        keep = min(decay, (1 + step) / (10 + step))
        for row, value in zip(expected, floats(trained), strict=True):
            for i, new in enumerate(value.flatten().tolist()):
                row[i] = keep * row[i] + (1 - keep) * new
    for value, row in zip(floats(averaged.network), expected, strict=True):
        torch.testing.assert_close(value.flatten(), torch.tensor(row), rtol=1e-4, atol=1e-5)


def test_weights_and_statistics_are_averaged() -> None:
    # convolution, norm, head: a weight and a bias each, and the norm's running mean and variance
    assert len(floats(network())) == 8


def test_teacher_passes_leave_running_statistics_alone() -> None:
    averaged = Averaged(network())
    averaged.network.train()
    before = [value.clone() for value in floats(averaged.network)]
    averaged.network(5 + 3 * noise(0))
    assert all(torch.equal(a, b) for a, b in zip(before, floats(averaged.network), strict=True))


def test_teacher_reads_the_statistics_of_its_own_batch() -> None:
    trained = network()
    averaged = Averaged(trained)
    averaged.network.train()
    trained.train()
    images = 5 + 3 * noise(0)
    torch.testing.assert_close(averaged.network(images).classes, trained(images).classes)


def test_running_statistics_follow_those_of_the_trained_network() -> None:
    trained = network()
    averaged = Averaged(trained, 0.5)
    trained.train()
    trained(5 + 3 * noise(0))
    averaged.update(trained, 100)
    mean = norm_of(trained).running_mean
    ours = norm_of(averaged.network).running_mean
    assert mean is not None
    assert ours is not None
    torch.testing.assert_close(ours, 0.5 * mean)
    averaged.network.eval()
    alone = averaged.network(noise(1)[:1]).classes
    torch.testing.assert_close(averaged.network(noise(1)).classes[:1], alone)


def test_averaged_network_has_no_gradient_and_is_a_copy() -> None:
    trained = network()
    averaged = Averaged(trained)
    assert not any(parameter.requires_grad for parameter in averaged.network.parameters())
    assert all(parameter.requires_grad for parameter in trained.parameters())
    assert norm_of(trained).momentum == 0.1
    with torch.no_grad():
        norm_of(trained).weight.zero_()
    assert norm_of(averaged.network).weight.all()
