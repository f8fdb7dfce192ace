"""Mean-Teacher: Tarvainen and Valpola, 2017, https://arxiv.org/abs/1703.01780."""

from dataclasses import dataclass
from typing import ClassVar

from .. import losses
from ..types import Count, SampleLosses, StepInputs, Weight
from .ramp import linear_ramp


@dataclass(frozen=True)
class MeanTeacher:
    """Agree with the averaged network on another weak view of the same image.

    "We define the consistency cost J as the expected distance between the prediction of the student model […]
    and the prediction of the teacher model."
    """

    student: ClassVar[tuple[str, ...]] = ("weak",)
    teacher: ClassVar[tuple[str, ...]] = ("weak",)

    consistency: Weight = 50.0
    """Weight of the consistency loss (reference: 50, mean over classes)."""
    ramp: Weight = 0.4
    """Share of the training over which the weight grows linearly (reference: 0.4)."""
    ratio: Count = 1
    """Unlabeled images for each labeled one (reference: 1)."""

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return cross-entropy and the ramped squared distance to the teacher."""
        target = step.teacher[0].detach().float().softmax(dim=1)
        weight = self.consistency * linear_ramp(step.progress, self.ramp)
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=weight * losses.squared_error(target, step.student[0]),
        )
