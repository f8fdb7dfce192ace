"""SoftMatch: Chen et al., 2023, https://arxiv.org/abs/2301.10921."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .. import losses
from ..types import Count, SampleLosses, Share, StepInputs, Weight
from .confident import pseudo_labels


@dataclass(eq=False)
class SoftMatch(nn.Module):
    """FixMatch with a truncated Gaussian of the confidence as weight, in place of a threshold."""

    student: ClassVar[tuple[str, ...]] = ("weak", "strong")
    teacher: ClassVar[tuple[str, ...]] = ()

    weight: Weight = 1.0
    """Largest weight λ_max of an image (paper: 1; USB, ``ulb_loss_ratio``: 1)."""
    sigmas: Weight = 2.0
    """The Gaussian's standard deviation is σ_t divided by this (USB, ``n_sigma``: 2)."""
    momentum: Share = 0.999
    """Decay m of the averages (paper: 0.999; USB, ``ema_p``: 0.999)."""
    ratio: Count = 7
    """Unlabeled images for each labeled one (paper: 7)."""

    def __post_init__(self) -> None:
        """Start without averages: the first step tells how many classes there are."""
        super().__init__()
        self.mean: Tensor = nn.Buffer(torch.empty(0))
        """Average confidence μ_t, at first 1 / k (paper)."""
        self.variance: Tensor = nn.Buffer(torch.ones(1))
        """Average variance σ_t² of the confidence in a batch, at first 1 (paper)."""
        self.prediction: Tensor = nn.Buffer(torch.empty(0))
        """Average prediction Ê[p] of weak views, at first that of the first batch (USB)."""

    def forward(self, step: StepInputs) -> SampleLosses:
        """Return cross-entropy and the weighted cross-entropy of the strong view to the pseudo-label."""
        weak, strong = step.student
        self.to(weak.device)
        if not len(self.mean):
            self.mean = torch.full_like(self.variance, 1 / weak.shape[1])
        p = weak.detach().float().softmax(dim=1)
        if step.training:
            self.update(p)
        target, _ = pseudo_labels(weak, 0.0)
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=self.weight * self.trust(self.aligned(p)) * losses.cross_entropy(target, strong),
        )

    def aligned(self, p: Float[Tensor, "u k"]) -> Float[Tensor, " u"]:
        """Return max UA(p), UA(p) = Normalize(p · (1 / k) / Ê[p]) (uniform alignment)."""
        if not len(self.prediction):
            return p.amax(dim=1)
        ratio = p * (1 / p.shape[1] + 1e-6) / (self.prediction + 1e-6)
        return (ratio / ratio.sum(dim=1, keepdim=True)).amax(dim=1)

    def trust(self, confidence: Float[Tensor, " u"]) -> Float[Tensor, " u"]:
        """Return exp(−(c − μ_t)² n² / 2σ_t²) where c < μ_t, and 1 elsewhere (truncated Gaussian)."""
        below = self.sigmas * (confidence - self.mean).clamp_max(0)
        return torch.exp(-below.square() / (2 * self.variance).clamp_min(torch.finfo(below.dtype).tiny))

    def update(self, p: Float[Tensor, "u k"]) -> None:
        """Move the averages to this batch: first the prediction, then the aligned confidence."""
        rate, batch = 1 - self.momentum, p.mean(dim=0)
        self.prediction = torch.lerp(self.prediction, batch, rate) if len(self.prediction) else batch
        confidence = self.aligned(p)
        # Unbiased as in the paper; one image alone has no variance.
        variance = confidence.var(correction=min(1, len(confidence) - 1))
        self.mean = torch.lerp(self.mean, confidence.mean(), rate)
        self.variance = torch.lerp(self.variance, variance, rate)
