"""Which views need no gradient, and what a pass of their own changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from s2c2 import checkpoint
from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.data.synthetic import synthetic
from s2c2.experiments.passes import lean, passes, targets
from s2c2.experiments.run import run
from s2c2.networks.manner import joined
from s2c2.networks.network import Network
from s2c2.objectives import S2C2, Vanilla
from s2c2.types import Objective

HEADS = {"classes": 3, "clusters": 7, "ambiguity": 1}


class Normed(nn.Module):
    """A batch norm over the channel means of an image."""

    features = 3

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.norm(images.mean(dim=(2, 3)))
        return features


def network() -> Network:
    torch.manual_seed(0)
    return Network(Normed(), HEADS)


def views(count: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(5 + number, 3, 4, 4, generator=generator) for number in range(count))


WEAK_ONLY_GUIDES = ("fixmatch", "uda", "flexmatch", "freematch", "softmatch")


@pytest.mark.parametrize("name", ALGORITHMS)
def test_targets_of_every_algorithm_are_what_its_paper_detaches(name: str) -> None:
    expected = {0} if name in WEAK_ONLY_GUIDES else {1} if name == "pi-model" else set()
    assert targets(Vanilla(ALGORITHMS[name]()), network()) == expected


@pytest.mark.parametrize("name", WEAK_ONLY_GUIDES)
def test_s2c2_trains_its_heads_on_the_weak_view_unless_told_otherwise(name: str) -> None:
    algorithm = ALGORITHMS[name]()
    assert targets(S2C2(algorithm), network()) == set()
    assert targets(S2C2(algorithm, view="last"), network()) == {0}
    assert targets(S2C2(algorithm, view="last", target_gradient="pass"), network()) == set()


def test_finding_the_targets_leaves_an_algorithm_as_it_was() -> None:
    algorithm: Any = ALGORITHMS["flexmatch"]()
    targets(Vanilla(algorithm), network())
    assert len(algorithm.chosen) == 0


def test_an_untrained_view_is_normalised_by_itself_and_has_no_gradient() -> None:
    net, (labeled, weak, strong) = network(), views(3)
    read = lean(frozenset({0}))(net, (labeled, weak, strong))
    assert [len(each.classes) for each in read] == [5, 6, 7]
    assert [each.classes.requires_grad for each in read] == [True, False, True]
    (alone,) = joined(net, (weak,))
    torch.testing.assert_close(read[1].embeddings, alone.embeddings)
    together = joined(net, (labeled, strong))
    torch.testing.assert_close(read[0].embeddings, together[0].embeddings)
    torch.testing.assert_close(read[2].embeddings, together[1].embeddings)


def test_all_views_move_the_running_statistics() -> None:
    net, (labeled, weak, strong) = network(), views(3)
    lean(frozenset({0}))(net, (labeled, weak, strong))
    means = [torch.cat(part).mean(dim=(0, 2, 3)) for part in ((labeled, strong), (weak,))]
    expected = 0.9 * (0.1 * means[0]) + 0.1 * means[1]
    norm: Any = net.backbone.norm
    torch.testing.assert_close(norm.running_mean, expected)


def test_nothing_is_cut_apart_where_every_view_is_trained_or_none_is() -> None:
    net = network()
    whole = joined(net, views(3))
    for read in (lean(frozenset())(net, views(3)), _without_gradient(net)):
        for one, other in zip(read, whole, strict=True):
            torch.testing.assert_close(one.classes, other.classes)


def _without_gradient(net: Network) -> Any:
    with torch.no_grad():
        return lean(frozenset({0}))(net, views(3))


def test_a_name_is_bound_to_the_objective() -> None:
    objective: Objective = Vanilla(ALGORITHMS["fixmatch"]())
    read = passes("lean", objective, network())(network(), views(3))
    assert not read[1].classes.requires_grad
    assert passes("joined", objective, network()) is joined


def test_a_lean_run_resumes_bit_for_bit(tmp_path: Path) -> None:
    dataset = synthetic(tmp_path / "data", images=80, seed=0, size=16)
    values: dict[str, Any] = {
        "algorithm": {"name": "fixmatch", "ratio": 2},
        "objective": {"name": "s2c2", "view": "last"},
        "network": {"backbone": {"name": "wide-resnet", "depth": 10, "width": 1}},
        "train": {"steps": 4, "batch": 4, "passes": "lean", "checkpoint": 2, "precision": "float32"},
    }
    config = configuration.resolve(values)
    whole = run(dataset, config, tmp_path / "whole")
    asked = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, config, tmp_path / "parts", stop=lambda: next(asked))
    assert checkpoint.listed(tmp_path / "parts/checkpoints")
    parts = run(dataset, config, tmp_path / "parts", resume=True)
    torch.testing.assert_close(torch.tensor(parts.embeddings), torch.tensor(whole.embeddings), rtol=0, atol=0)
    joint = configuration.resolve(configuration.merged(values, {"train": {"passes": "joined"}}))
    other = run(dataset, joint, tmp_path / "joined")
    assert not torch.equal(torch.tensor(other.embeddings), torch.tensor(whole.embeddings))
    assert replace(other, embeddings=whole.embeddings).images == whole.images
