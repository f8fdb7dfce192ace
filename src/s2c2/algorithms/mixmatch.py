"""MixMatch: Berthelot et al., 2019, https://arxiv.org/abs/1905.02249."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from annotated_types import Gt
from jaxtyping import Float
from torch import Tensor

from .. import losses
from ..types import Batch, Count, Predict, SampleLosses, StepInputs, Weight
from .ramp import linear_ramp


@dataclass(frozen=True)
class MixMatch:
    """Guess labels from two weak views, sharpen them, mix everything with everything (algorithm 1)."""

    student: ClassVar[tuple[str, ...]] = ("weak", "weak")
    teacher: ClassVar[tuple[str, ...]] = ()

    weight: Weight = 75.0
    """Weight λ_u of the unlabeled loss (paper, CIFAR-10: 75)."""
    ramp: Weight = 0.4
    """Share of the training over which the weight grows linearly (paper: the first 16,000 steps)."""
    temperature: Annotated[float, Gt(0)] = 0.5
    """Sharpening temperature T (paper: 0.5)."""
    alpha: Weight = 0.75
    """Parameter α of the Beta distribution of the mixing weight (paper: 0.75)."""
    ratio: Count = 1
    """Unlabeled images for each labeled one (paper: 1)."""

    def prepare(self, batch: Batch, predict: Predict, generator: torch.Generator) -> Batch:
        """Return the batch with guessed labels and every image mixed with a random other one."""
        guess = torch.stack([predict(view).softmax(dim=1) for view in batch.student]).mean(dim=0)
        guess = sharpen(guess, self.temperature)
        images = torch.cat([batch.labeled, *batch.student])
        labels = torch.cat([batch.labels, guess.repeat(len(batch.student), 1)])
        images, labels = self.mix(images, labels, generator)
        sizes = [len(batch.labeled), *(len(view) for view in batch.student)]
        mixed, targets = torch.split(images, sizes), torch.split(labels, sizes)
        return replace(batch, labels=targets[0], labeled=mixed[0], student=mixed[1:], targets=targets[1:])

    def mix(
        self, images: Float[Tensor, "n c h w"], labels: Float[Tensor, "n k"], generator: torch.Generator
    ) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "n k"]]:
        """Return λ′x₁ + (1 − λ′)x₂ and the same of the labels, λ′ = max(λ, 1 − λ) (eq. 8–11)."""
        share = _beta(self.alpha, len(images), generator).to(images.device, non_blocking=True)
        share = torch.maximum(share, 1 - share)[:, None]
        partner = torch.randperm(len(images), generator=generator).to(images.device, non_blocking=True)
        pixels = share[:, :, None, None].to(images.dtype)
        mixed = pixels * images + (1 - pixels) * images[partner]
        return mixed, share * labels + (1 - share) * labels[partner]

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return the cross-entropy to mixed labels and the ramped squared error to guesses (eq. 2–5)."""
        weight = self.weight * linear_ramp(step.progress, self.ramp)
        pairs = zip(step.targets, step.student, strict=True)
        errors = torch.stack([losses.squared_error(target, logits) for target, logits in pairs])
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=weight * errors.mean(dim=0),
        )


def sharpen(probabilities: Float[Tensor, "n k"], temperature: float) -> Float[Tensor, "n k"]:
    """Return p_c^(1/T) / Σ_j p_j^(1/T) (eq. 7), in log-space: powers of small probabilities underflow."""
    return (probabilities.log() / temperature).softmax(dim=1)


def _beta(alpha: float, count: int, generator: torch.Generator) -> Float[Tensor, " n"]:
    concentration = torch.full((count, 2), alpha)
    draws = torch._standard_gamma(concentration, generator=generator)
    return (draws[:, 0] / draws.sum(dim=1).clamp_min(torch.finfo(torch.float32).tiny)).float()
