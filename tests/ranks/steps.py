"""A few steps of every algorithm, plain and extended; writes losses, gradients and the last state."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from s2c2 import checkpoint
from s2c2.algorithms import ALGORITHMS
from s2c2.engine import Schedule, Training, train
from s2c2.networks.averaged import Averaged
from s2c2.networks.manner import PASSES, Manner
from s2c2.networks.network import Network
from s2c2.networks.noise import Noise
from s2c2.objectives import S2C2, Vanilla
from s2c2.optimizers import SGD
from s2c2.ranks.dividing import add_up, join
from s2c2.ranks.group import Ranks
from s2c2.ranks.joining import opened
from s2c2.types import Batch, Objective

K, M, STEPS = 3, 7, 3
LABELED, RATIO = 7, 2
ARMS: dict[str, Callable[..., Objective]] = {
    "vanilla": Vanilla,
    "s2c2": lambda algorithm: S2C2(algorithm, confidence=0.0, scale_labeled=True, gradient=True),
}
CASES = [(name, arm, "joined") for name in ALGORITHMS for arm in ARMS]
CASES += [("fixmatch", "s2c2", "apart")]


class Backbone(nn.Module):
    """A convolution, both kinds of batch norm, and noise."""

    features = 8

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.LeakyReLU(0.1))
        self.layers = nn.Sequential(Noise(0.3, 0.1), nn.Linear(6 * 16, 8), nn.BatchNorm1d(8), nn.Tanh())

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.layers(self.maps(images).flatten(1))
        return features


def batch(objective: Objective, step: int) -> Batch:
    generator = torch.Generator().manual_seed(step)
    count = LABELED * RATIO

    def images(number: int) -> Tensor:
        # far from zero: variances that cancel would show
        return 5 + torch.randn(number, 3, 6, 6, generator=generator)

    return Batch(
        labels=torch.eye(K)[torch.arange(LABELED) % K],
        labeled=images(LABELED),
        student=tuple(images(count) for _ in objective.student),
        teacher=tuple(images(count) for _ in objective.algorithm.teacher),
        unlabeled=(torch.arange(count) + 5 * step) % 15,
        pool=15,
    )


def case(name: str, arm: str, passes: str, ranks: Ranks) -> dict[str, Any]:
    algorithm = ALGORITHMS[name]()
    if hasattr(algorithm, "threshold"):
        algorithm = replace(algorithm, threshold=0.3)  # type: ignore[type-var]
    objective = ARMS[arm](algorithm)
    torch.manual_seed(0)
    network = Network(Backbone(), {"classes": K, "clusters": M, "ambiguity": 1})
    training = Training(network, Averaged(network, 0.5), SGD(rate=0.1).build(network))
    for one in (training.network, training.averaged.network):
        join(one, ranks)
    found: dict[str, Any] = {}

    def note(network: nn.Module) -> None:
        add_up(network, ranks)
        for key, weight in network.named_parameters():
            if weight.grad is not None:
                found[f"gradient/{training.step}/{key}"] = weight.grad.numpy().copy()

    records = train(
        training,
        lambda step: batch(objective, step),
        objective,
        Schedule(STEPS, 0.1, clip=10.0),
        manner=Manner(passes=PASSES[passes]),
        add_up=note,
    )
    for record in records:
        found |= {f"loss/{record.step}/{term}": np.array(value) for term, value in record.losses.items()}
    return found | {f"state/{key}": value.numpy() for key, value in checkpoint.state(training).items()}


def main(out: str) -> None:
    torch.set_num_threads(1)
    with opened() as ranks:
        for name, arm, passes in CASES:
            found = case(name, arm, passes, ranks)
            np.savez(Path(out) / f"{name}-{arm}-{passes}-{ranks.rank}-{ranks.world}.npz", **found)
        ranks.meet()
