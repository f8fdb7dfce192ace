import copy

import pytest
import torch
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.networks.averaged import Averaged
from s2c2.networks.features import Features, Trunk
from s2c2.networks.network import Network
from s2c2.networks.noise import Noise


def embeddings(n: int = 64, e: int = 6) -> Tensor:
    values = torch.randn(n, e, generator=torch.Generator().manual_seed(0)) * 3 + 5
    return values[:, :, None, None]


def trunk(form: Features | None = None) -> Trunk:
    torch.manual_seed(0)
    return Trunk(form or Features(hidden=10), width=6)


def test_the_trunk_is_standardisation_linear_layer_batch_norm_and_leaky_relu() -> None:
    module, values = trunk().eval(), embeddings()
    flat = values[:, :, 0, 0]
    module.standardise(flat.mean(dim=0), flat.std(dim=0))
    linear = next(layer for layer in module.layers if isinstance(layer, nn.Linear))
    expected = ((flat - flat.mean(dim=0)) / flat.std(dim=0)) @ linear.weight.T + linear.bias
    expected = expected / (1 + 1e-5) ** 0.5
    expected = torch.where(expected > 0, expected, 0.1 * expected)
    torch.testing.assert_close(module(values), expected)
    assert module.features == module(values).shape[1] == 10


def test_a_constant_feature_does_not_blow_up() -> None:
    module = trunk().eval()
    module.standardise(torch.full((6,), 5.0), torch.zeros(6))
    assert torch.isfinite(module(embeddings())).all()
    assert module.deviation.tolist() == [1.0] * 6


def test_the_trunk_computes_in_float32_under_autocast() -> None:
    module, values = trunk().eval(), embeddings()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = module(values)
    torch.testing.assert_close(inside, module(values), rtol=0, atol=0)


def test_a_checkpoint_carries_standardisation_and_the_place_in_the_noise() -> None:
    names = set(trunk().state_dict())
    assert {"mean", "deviation", "layers.0.seed", "layers.0.passes", "layers.4.passes"} <= names


def test_the_averaged_network_has_noise_of_its_own() -> None:
    network = Network(trunk(Features(hidden=10, dropout=0.5)), {"classes": 3})
    same, averaged = copy.deepcopy(network), Averaged(network)
    averaged.network.train()
    outputs = [module(embeddings()).classes for module in (network, same, averaged.network)]
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])
    averaged.update(network, 0)
    own = [module for module in averaged.network.modules() if isinstance(module, Noise)]
    assert [int(module.passes) for module in own] == [1, 1]


def test_dropout_of_everything_is_refused() -> None:
    with pytest.raises(UserError, match=r"dropout is a share in \[0, 1\)"):
        Features(dropout=1.0)
