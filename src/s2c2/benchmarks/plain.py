"""FixMatch as it is usually written in PyTorch: what the step of this package is held against.

Per-image views with Pillow, scaled and normalised one by one, one pass over all views in float32 and NCHW,
all with gradient, an optimizer and an average that go tensor by tensor, the allocator of the C library as it
is. The network is the same.

Public implementations make views in loader workers. There is no worker here: the step makes its views in its
own process, so that what workers would do counts as work of the same processor. On a graphics card the views
are there already, as if workers cost nothing.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor, nn

from s2c2.benchmarks.machine import memory
from s2c2.benchmarks.pillow import PILLOW
from s2c2.benchmarks.timing import Meter
from s2c2.benchmarks.worker import Work
from s2c2.networks.wide_resnet import WideResNet

CLASSES, IMAGES, RATIO, THRESHOLD = 10, 2000, 7, 0.95
MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616)
"""Of CIFAR-10, by channel."""


def prepare(options: Mapping[str, Any]) -> Work:
    """Return some steps.

    Args:
        options: ``depth`` and ``width`` of the network, ``batch`` labeled images, ``size`` in pixels,
            ``device``, ``steps`` of a sample. On a graphics card the views are there already, as if loaders
            cost nothing, and cuDNN may try its kernels out and compute in TF32, as PyTorch lets it.
    """
    torch.manual_seed(0)
    device = torch.device(options["device"])
    torch.backends.cudnn.benchmark = True
    backbone: Any = WideResNet(options["depth"], options["width"]).build(options["size"])
    network = nn.Sequential(backbone, nn.Linear(backbone.features, CLASSES)).to(device)
    averaged = copy.deepcopy(network).requires_grad_(False)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.03, momentum=0.9, nesterov=True, weight_decay=5e-4, foreach=False
    )
    numbers = batches(options["batch"])
    shape = (IMAGES, options["size"], options["size"], 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def made() -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng(1)
        labeled, unlabeled = next(numbers)
        weak = views(pixels[labeled], "weak", rng)
        pair = [views(pixels[unlabeled], name, rng) for name in ("weak", "strong")]
        return torch.cat([weak, *pair]).to(device), torch.from_numpy(labeled).to(device) % CLASSES

    def step(images: Tensor, labels: Tensor) -> None:
        loss = fixmatch(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        average(averaged, network)
        loss.item()

    there = made() if device.type == "cuda" else None

    def work() -> dict[str, float]:
        meter, seconds = Meter(), 0.0
        for _ in range(options["steps"]):
            views_of = Meter()
            images, labels = there or made()
            seconds += views_of.sample()["cpu_s"]
            step(images, labels)
        found = meter.sample() | {"views_cpu_s": seconds}
        return {name: value / options["steps"] for name, value in found.items()} | memory(device.type)

    return work


def batches(batch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the numbers of labeled and of unlabeled images."""
    rng = np.random.default_rng(2)
    while True:
        yield rng.integers(0, IMAGES, batch), rng.integers(0, IMAGES, batch * RATIO)


def views(pixels: np.ndarray, name: str, rng: np.random.Generator) -> Float[Tensor, "n 3 h w"]:
    """Return a view of each image as a network reads it, made one by one."""
    mean, deviation = (torch.tensor(value)[:, None, None] for value in (MEAN, DEVIATION))
    return torch.stack([(tensor(PILLOW[name](image, rng)) - mean) / deviation for image in pixels])


def tensor(image: Image.Image) -> Float[Tensor, "3 h w"]:
    """Return an image in [0, 1], channels first."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float().div(255)


def fixmatch(logits: Float[Tensor, "n k"], labels: Int[Tensor, " b"]) -> Float[Tensor, ""]:
    """Return cross-entropy of the labeled images and of strong views to confident pseudo-labels (eq. 4)."""
    labeled, weak, strong = logits.split([len(labels), *[RATIO * len(labels)] * 2])
    confidence, target = weak.detach().softmax(dim=1).max(dim=1)
    unlabeled = F.cross_entropy(strong, target, reduction="none") * (confidence >= THRESHOLD)
    total: Tensor = F.cross_entropy(labeled, labels) + unlabeled.mean()
    return total


@torch.no_grad()
def average(averaged: nn.Module, network: nn.Module, decay: float = 0.999) -> None:
    """Move an average towards the network, tensor by tensor; batch statistics are copied."""
    for kept, new in zip(averaged.parameters(), network.parameters(), strict=True):
        kept.mul_(decay).add_(new, alpha=1 - decay)
    for old, current in zip(averaged.buffers(), network.buffers(), strict=True):
        old.copy_(current)
