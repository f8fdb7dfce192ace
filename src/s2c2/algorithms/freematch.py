"""FreeMatch: Wang et al., 2023, https://arxiv.org/abs/2205.07246."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .. import losses
from ..types import Count, SampleLosses, Share, StepInputs, Weight
from .confident import pseudo_labels
from .fairness import fairness, over, shares


@dataclass(eq=False)
class FreeMatch(nn.Module):
    """FixMatch with thresholds that the predictions set themselves, and a loss for fair predictions."""

    student: ClassVar[tuple[str, ...]] = ("weak", "strong")
    teacher: ClassVar[tuple[str, ...]] = ()

    weight: Weight = 1.0
    """Weight w_u of the unlabeled loss (paper: 1; USB, ``ulb_loss_ratio``: 1)."""
    fairness: Weight = 0.01
    """Weight w_f of the fairness loss (USB, ``ent_loss_ratio``: 0.01, in its CIFAR-10 files 0.001)."""
    momentum: Share = 0.999
    """Decay λ of the averages (paper: 0.999; USB, ``ema_p``: 0.999)."""
    ratio: Count = 7
    """Unlabeled images μ for each labeled one (paper: 7; USB, ``uratio``: 7)."""

    def __post_init__(self) -> None:
        """Start without averages: the first step tells how many classes there are."""
        super().__init__()
        self.confidence: Tensor = nn.Buffer(torch.empty(0))
        """Global threshold τ_t: average confidence."""
        self.prediction: Tensor = nn.Buffer(torch.empty(0))
        """Average prediction p̃_t of weak views, which makes the threshold local."""
        self.histogram: Tensor = nn.Buffer(torch.empty(0))
        """Average share h̃_t of images that each class is predicted for."""
        self.slope: Tensor = nn.Buffer(torch.empty(0))
        """Fairness loss of an image that is surely of a class, from the last training step."""

    def forward(self, step: StepInputs) -> SampleLosses:
        """Return cross-entropy, and FixMatch's loss and the fairness loss of each confident image."""
        weak, strong = step.student
        self.start(weak)
        if step.training:
            self.update(weak.detach(), strong.detach())
        target, confident = pseudo_labels(weak, self.thresholds())
        fair = (strong.float().softmax(dim=1) * self.slope).sum(dim=1)
        unlabeled = self.weight * losses.cross_entropy(target, strong) + self.fairness * fair
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled), unlabeled=confident * unlabeled
        )

    def thresholds(self) -> Float[Tensor, " k"]:
        """Return τ_t(c) = p̃_t(c) / max_c p̃_t · τ_t (self-adaptive threshold)."""
        return self.confidence * self.prediction / self.prediction.max()

    def start(self, weak: Float[Tensor, "u k"]) -> None:
        """Make averages of 1 / k where there are none yet (paper)."""
        self.to(weak.device)
        if not len(self.slope):
            uniform = torch.full_like(weak[0].detach(), 1 / weak.shape[1], dtype=torch.float32)
            self.confidence, self.prediction, self.histogram = uniform[0].clone(), uniform, uniform.clone()
            self.slope = torch.zeros_like(uniform)

    def update(self, weak: Float[Tensor, "u k"], strong: Float[Tensor, "u k"]) -> None:
        """Move the averages to this batch, then find its fairness loss."""
        p, rate = weak.float().softmax(dim=1), 1 - self.momentum
        self.confidence = torch.lerp(self.confidence, p.amax(dim=1).mean(), rate)
        self.prediction = torch.lerp(self.prediction, p.mean(dim=0), rate)
        self.histogram = torch.lerp(self.histogram, shares(p, torch.ones_like(p[:, 0])), rate)
        _, confident = pseudo_labels(weak, self.thresholds())
        wanted = over(self.prediction, self.histogram)
        self.slope = fairness(wanted / wanted.sum(), strong, confident)
