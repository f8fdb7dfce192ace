"""Supervised training on the labeled images only."""

from dataclasses import dataclass
from typing import ClassVar

from .. import losses
from ..types import Count, SampleLosses, StepInputs


@dataclass(frozen=True)
class Supervised:
    """Cross-entropy on the labeled images."""

    student: ClassVar[tuple[str, ...]] = ()
    teacher: ClassVar[tuple[str, ...]] = ()

    ratio: Count = 1
    """Unlabeled images for each labeled one; they have no loss of their own here."""

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return the cross-entropy of the labeled images and zero for the others."""
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=step.labeled.new_zeros(step.unlabeled),
        )
