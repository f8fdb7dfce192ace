"""FlexMatch: Zhang et al., 2021, https://arxiv.org/abs/2110.08263."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from torch import Tensor, nn

from .. import losses
from ..types import Count, SampleLosses, Share, StepInputs, Weight
from .confident import pseudo_labels


@dataclass(eq=False)
class FlexMatch(nn.Module):
    """FixMatch with a threshold for each class that grows as the class is learnt (curriculum pseudo-labels).

    Algorithm 1: the thresholds of a step come from the pseudo-labels of the steps before it.
    """

    student: ClassVar[tuple[str, ...]] = ("weak", "strong")
    teacher: ClassVar[tuple[str, ...]] = ()

    weight: Weight = 1.0
    """Weight λ of the unlabeled loss (paper: 1; TorchSSL and USB, ``ulb_loss_ratio``: 1)."""
    threshold: Share = 0.95
    """Threshold τ of a class that is learnt (paper: 0.95; TorchSSL and USB, ``p_cutoff``: 0.95)."""
    ratio: Count = 7
    """Unlabeled images μ for each labeled one (paper: 7; TorchSSL and USB, ``uratio``: 7)."""

    def __post_init__(self) -> None:
        """Remember no image."""
        super().__init__()
        self.chosen: Tensor = nn.Buffer(torch.empty(0, dtype=torch.int64))
        """Latest confident pseudo-label û of each image by its number, −1 where there was none."""

    def forward(self, step: StepInputs) -> SampleLosses:
        """Return FixMatch's losses, with flexible thresholds T_t(c); then remember the pseudo-labels."""
        weak, strong = step.student
        self.to(weak.device)
        target, confident = pseudo_labels(weak, self.thresholds(weak.shape[1], step.pool))
        if step.training:
            if step.images is None:
                raise ValueError("FlexMatch remembers images: a training step must give their numbers")
            self.remember(weak, step.images)
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=self.weight * confident * losses.cross_entropy(target, strong),
        )

    def thresholds(self, classes: int, pool: int) -> Float[Tensor, " k"]:
        """Return T_t(c) = τ · M(β_t(c)), M(x) = x / (2 − x), β_t(c) = σ_t(c) / max(max_c σ_t, N − Σ_c σ_t).

        σ_t(c) counts the images whose latest confident pseudo-label is c, N all of them: the warm-up.
        """
        seen, none = self.chosen + 1, self.chosen.new_zeros(classes + 1)
        counts = none.scatter_add(0, seen, torch.ones_like(seen))[1:]
        unused = (pool or len(self.chosen)) - counts.sum()
        status = counts / torch.maximum(counts.max(), unused).clamp_min(1)
        return self.threshold * status / (2 - status)

    def remember(self, weak: Float[Tensor, "u k"], images: Int[Tensor, " u"]) -> None:
        """Write down the pseudo-labels with a probability of at least τ, whatever the flexible threshold.

        Of an image that is twice in the batch the higher class counts, so that the order does not matter.
        """
        target, sure = pseudo_labels(weak, self.threshold)
        known = F.pad(self.chosen, (0, max(int(images.max()) + 1 - len(self.chosen), 0)), value=-1)
        places = images.to(weak.device, non_blocking=True)
        said = torch.where(sure, target.argmax(dim=1), -1)
        latest = torch.full_like(known, -1).scatter_reduce(0, places, said, "amax")
        self.chosen = torch.where(latest < 0, known, latest)
