"""Pseudo-Label: Lee, 2013, "Pseudo-Label: the simple and efficient semi-supervised learning method"."""

from dataclasses import dataclass
from typing import ClassVar

from .. import losses
from ..types import Count, SampleLosses, Share, StepInputs, Weight
from .confident import pseudo_labels
from .ramp import linear_ramp


@dataclass(frozen=True)
class PseudoLabel:
    """Train on the likeliest class of each confident image, as if it were its label.

    The threshold applies to each image; the reference's mask broadcasts to a matrix and applies to the mean.
    """

    student: ClassVar[tuple[str, ...]] = ("weak",)
    teacher: ClassVar[tuple[str, ...]] = ()

    consistency: Weight = 1.0
    """Weight of the unlabeled loss (reference: 1)."""
    ramp: Weight = 0.4
    """Share of the training over which the weight grows linearly (reference: 0.4)."""
    threshold: Share = 0.95
    """Least probability of a pseudo-label (reference: 0.95)."""
    ratio: Count = 1
    """Unlabeled images for each labeled one (reference: 1)."""

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return cross-entropy and the ramped cross-entropy to confident pseudo-labels."""
        target, confident = pseudo_labels(step.student[0], self.threshold)
        weight = self.consistency * linear_ramp(step.progress, self.ramp)
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=weight * confident * losses.cross_entropy(target, step.student[0]),
        )
