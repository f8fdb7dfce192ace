import pytest
import torch
from torch import Tensor

from s2c2.networks.noise import Noise


def noise(dropout: float = 0.25, deviation: float = 0.0, seed: int = 0) -> Noise:
    torch.manual_seed(seed)
    return Noise(dropout, deviation)


def ones(n: int = 400, e: int = 50) -> Tensor:
    return torch.ones(n, e)


def test_a_share_of_the_features_is_dropped_and_the_mean_kept() -> None:
    dropped = noise()(ones())
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.03)


def test_gaussian_noise_has_the_deviation() -> None:
    added = noise(dropout=0.0, deviation=0.5)(torch.zeros(400, 50))
    assert float(added.std()) == pytest.approx(0.5, abs=0.02)
    assert float(added.mean()) == pytest.approx(0, abs=0.02)


def test_nothing_changes_and_nothing_is_counted_in_evaluation() -> None:
    module = noise(deviation=1.0).eval()
    features = ones()
    assert module(features) is features
    assert int(module.passes) == 0


def test_a_restored_module_goes_on_with_the_same_numbers() -> None:
    module, other = noise(), noise(seed=1)
    first = module(ones())
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    second = module(ones())
    assert not torch.equal(first, second)
    other.load_state_dict(state)
    torch.rand(7)  # global random numbers do not matter
    torch.testing.assert_close(other(ones()), second, rtol=0, atol=0)


def test_streams_and_seeds_differ() -> None:
    apart, other = noise(), noise(seed=1)
    apart.stream = 1
    views = [module(ones()) for module in (noise(), apart, other)]
    assert not any(torch.equal(a, b) for a, b in ((views[0], views[1]), (views[0], views[2])))


def test_the_gradient_flows_through_what_is_kept() -> None:
    features = ones(4, 8).requires_grad_()
    changed = noise(dropout=0.5)(features)
    changed.sum().backward()
    torch.testing.assert_close(features.grad, changed.detach())
