"""Pi-model: Laine and Aila, 2017, https://arxiv.org/abs/1610.02242."""

from dataclasses import dataclass
from typing import ClassVar

from .. import losses
from ..types import Count, SampleLosses, StepInputs, Weight
from .ramp import linear_ramp


@dataclass(frozen=True)
class PiModel:
    """Agree with the same network on another weak view, which has no gradient."""

    student: ClassVar[tuple[str, ...]] = ("weak", "weak")
    teacher: ClassVar[tuple[str, ...]] = ()

    consistency: Weight = 10.0
    """Weight of the consistency loss (reference: 10, mean over classes)."""
    ramp: Weight = 0.4
    """Share of the training over which the weight grows linearly (reference: 0.4)."""
    ratio: Count = 1
    """Unlabeled images for each labeled one (reference: 1)."""

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return cross-entropy and the ramped squared distance between two views."""
        target = step.student[1].detach().float().softmax(dim=1)
        weight = self.consistency * linear_ramp(step.progress, self.ramp)
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=weight * losses.squared_error(target, step.student[0]),
        )
