import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from s2c2.algorithms import MixMatch
from s2c2.algorithms.mixmatch import sharpen
from s2c2.types import Batch, StepInputs


def batch(b: int = 3, u: int = 5, k: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(7)
    return Batch(
        labels=torch.eye(k)[torch.arange(b) % k],
        labeled=torch.rand(b, 3, 2, 2, generator=generator),
        student=tuple(torch.rand(u, 3, 2, 2, generator=generator) for _ in range(2)),
        teacher=(),
        unlabeled=torch.arange(u),
    )


def classes(images: Tensor) -> Tensor:
    """Logits that tell images apart: the means of the channels and one more."""
    means = 4 * images.mean(dim=(2, 3))
    return torch.cat([means, means[:, :1] - means[:, 1:2]], dim=1)


def prepared(seed: int = 0) -> Batch:
    return MixMatch().prepare(batch(), classes, torch.Generator().manual_seed(seed))


def test_sharpen_equals_a_naive_loop() -> None:
    values = [[0.5, 0.3, 0.2], [0.0, 0.9, 0.1]]
    for temperature in (0.5, 1.0, 2.0):
        expected = []
        for row in values:
            powers = [value ** (1 / temperature) for value in row]
            expected.append([power / sum(powers) for power in powers])
        torch.testing.assert_close(sharpen(torch.tensor(values), temperature), torch.tensor(expected))


def test_sharpen_with_a_low_temperature_is_one_hot_not_nan() -> None:
    sharp = sharpen(torch.tensor([[0.12] + [0.88 / 9] * 9]), 0.005)
    torch.testing.assert_close(sharp, torch.eye(10)[:1])


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.0), (0.2, 37.5), (0.4, 75.0), (1.0, 75.0)])
def test_mixmatch_equals_a_naive_loop(progress: float, weight: float) -> None:
    generator = torch.Generator().manual_seed(1)
    views = tuple(torch.randn(4, 3, generator=generator) for _ in range(2))
    targets = tuple(torch.randn(4, 3, generator=generator).softmax(dim=1) for _ in range(2))
    expected = []
    for image in range(4):
        total = 0.0
        for view, target in zip(views, targets, strict=True):
            row, goal = view[image].tolist(), target[image].tolist()
            powers = [math.exp(value) for value in row]
            total += sum((t - p / sum(powers)) ** 2 for t, p in zip(goal, powers, strict=True)) / 3
        expected.append(weight * total / 2)
    labels = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    step = StepInputs(labels, torch.zeros(2, 3), views, (), progress, targets)
    result = MixMatch()(step)
    torch.testing.assert_close(result.unlabeled, torch.tensor(expected))
    torch.testing.assert_close(result.labeled, torch.full((2,), math.log(3)))


def test_prepare_mixes_by_a_share_of_at_least_a_half() -> None:
    plain, mixed = batch(), prepared()
    guess = torch.stack([classes(view).softmax(dim=1) for view in plain.student]).mean(dim=0)
    guess = guess**2 / (guess**2).sum(dim=1, keepdim=True)
    images = torch.cat([plain.labeled, *plain.student]).double()
    labels = torch.cat([plain.labels, guess, guess]).double()
    outputs = torch.cat([mixed.labeled, *mixed.student]).double()
    targets = torch.cat([mixed.labels, *mixed.targets]).double()
    partners = []
    for row, (image, target) in enumerate(zip(outputs, targets, strict=True)):
        partners.append(explanation(row, images, labels, (image, target)))
    assert sorted(partners) == list(range(len(images)))


def explanation(row: int, images: Tensor, labels: Tensor, mixed: tuple[Tensor, Tensor]) -> int:
    """The one image that ``row`` was mixed with by a share λ′ ≥ 1/2, of the pixels and of the labels."""
    found = []
    for other in range(len(images)):
        direction = (images[row] - images[other]).flatten()
        length = float(direction @ direction)
        share = float((mixed[0] - images[other]).flatten() @ direction) / length if length else 1.0
        pixels = share * images[row] + (1 - share) * images[other]
        label = share * labels[row] + (1 - share) * labels[other]
        fits = torch.allclose(pixels, mixed[0], atol=1e-5) and torch.allclose(label, mixed[1], atol=1e-5)
        if fits and 0.5 - 1e-6 <= share <= 1 + 1e-6:
            found.append(other)
    assert len(found) == 1
    return found[0]


def test_prepared_labels_stay_distributions() -> None:
    mixed = prepared()
    for labels in (mixed.labels, *mixed.targets):
        torch.testing.assert_close(labels.sum(dim=1), torch.ones(len(labels)))
        assert (labels >= 0).all()
    assert [len(view) for view in mixed.student] == [5, 5]
    assert len(mixed.targets) == 2


def test_prepare_is_a_function_of_the_generator() -> None:
    assert torch.equal(prepared(3).labeled, prepared(3).labeled)
    assert torch.equal(prepared(3).targets[1], prepared(3).targets[1])
    assert not torch.equal(prepared(3).labeled, prepared(4).labeled)


def test_mixing_share_follows_the_beta_distribution() -> None:
    count = 4000
    labels = torch.cat([torch.ones(count, 1), torch.zeros(count, 1)], dim=1)
    marked = torch.arange(count, dtype=torch.float32)[:, None, None, None]
    mixed, _ = MixMatch().mix(marked, labels, torch.Generator().manual_seed(0))
    order = torch.randperm(count, generator=after_gamma(count)).to(torch.float32)
    own, other = marked.flatten(), order
    usable = (own - other).abs() > 100
    share = ((mixed.flatten() - other) / (own - other))[usable].numpy()
    draws = np.random.default_rng(0).beta(0.75, 0.75, 4000)
    expected = np.maximum(draws, 1 - draws)
    assert stats.ks_2samp(share, expected).pvalue > 1e-3


def after_gamma(count: int) -> torch.Generator:
    """The generator once the mixing shares are drawn, where the partners come from."""
    generator = torch.Generator().manual_seed(0)
    torch._standard_gamma(torch.full((count, 2), 0.75), generator=generator)
    return generator
