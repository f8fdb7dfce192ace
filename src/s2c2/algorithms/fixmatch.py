"""FixMatch: Sohn et al., 2020, https://arxiv.org/abs/2001.07685."""

from dataclasses import dataclass
from typing import ClassVar

from .. import losses
from ..types import Count, SampleLosses, Share, StepInputs, Weight
from .confident import pseudo_labels


@dataclass(frozen=True)
class FixMatch:
    """Predict for a strong view the confident pseudo-label of a weak view (eq. 4)."""

    student: ClassVar[tuple[str, ...]] = ("weak", "strong")
    teacher: ClassVar[tuple[str, ...]] = ()

    weight: Weight = 1.0
    """Weight λ_u of the unlabeled loss (paper and reference: 1)."""
    threshold: Share = 0.95
    """Least probability τ of a pseudo-label (paper and reference: 0.95)."""
    ratio: Count = 7
    """Unlabeled images μ for each labeled one (paper and reference: 7)."""

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return cross-entropy and the cross-entropy of the strong view to the weak one's pseudo-label."""
        weak, strong = step.student
        target, confident = pseudo_labels(weak, self.threshold)
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=self.weight * confident * losses.cross_entropy(target, strong),
        )
