import pytest
import torch
from torch import nn

from s2c2.optimizers import OPTIMIZERS, SGD, AdamW, Optimizer, parameter_groups


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))


def test_weight_decay_is_on_kernels_only() -> None:
    kernels, others = parameter_groups(network(), 0.1)
    assert [tuple(value.shape) for value in kernels["params"]] == [(2, 1, 1, 1), (2, 8)]
    assert [tuple(value.shape) for value in others["params"]] == [(2,), (2,), (2,), (2,)]
    assert (kernels["weight_decay"], others["weight_decay"]) == (0.1, 0.0)


def test_sgd_equals_nesterov_by_hand() -> None:
    layer = nn.Linear(1, 1)
    optimizer = SGD(rate=0.1, momentum=0.9, decay=0.5).build(layer)
    weight, bias = layer.weight.item(), layer.bias.item()
    velocity = {"weight": 0.0, "bias": 0.0}
    for gradient in (1.0, -2.0, 0.5):
        layer.weight.grad, layer.bias.grad = torch.tensor([[gradient]]), torch.tensor([gradient])
        optimizer.step()
        slope = {"weight": gradient + 0.5 * weight, "bias": gradient}
        velocity = {name: 0.9 * velocity[name] + slope[name] for name in slope}
        weight -= 0.1 * (slope["weight"] + 0.9 * velocity["weight"])
        bias -= 0.1 * (slope["bias"] + 0.9 * velocity["bias"])
    assert layer.weight.item() == pytest.approx(weight, rel=1e-5)
    assert layer.bias.item() == pytest.approx(bias, rel=1e-5)


def test_sgd_without_momentum_follows_the_gradient() -> None:
    layer = nn.Linear(1, 1)
    optimizer = SGD(rate=0.1, momentum=0.0, decay=0.0).build(layer)
    expected = layer.weight.item() - 0.1 * (1.0 - 2.0)
    for gradient in (1.0, -2.0):
        layer.weight.grad, layer.bias.grad = torch.tensor([[gradient]]), torch.tensor([0.0])
        optimizer.step()
    assert layer.weight.item() == pytest.approx(expected, rel=1e-5)


def test_adamw_decay_is_decoupled() -> None:
    layer = nn.Linear(1, 1)
    optimizer = AdamW(rate=0.1, decay=0.5).build(layer)
    weight, bias = layer.weight.item(), layer.bias.item()
    layer.weight.grad, layer.bias.grad = torch.tensor([[3.0]]), torch.tensor([-3.0])
    optimizer.step()
    # The first step of Adam has length lr, whatever the gradient.
    assert layer.weight.item() == pytest.approx(weight * (1 - 0.1 * 0.5) - 0.1, rel=1e-4)
    assert layer.bias.item() == pytest.approx(bias + 0.1, rel=1e-4)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_fulfils_the_protocol(name: str) -> None:
    configured = OPTIMIZERS[name]()
    assert isinstance(configured, Optimizer)
    assert all(group["lr"] == configured.rate for group in configured.build(network()).param_groups)
