"""UDA: Xie et al., 2020, unsupervised data augmentation, https://arxiv.org/abs/1904.12848."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Gt

from .. import losses
from ..types import Count, SampleLosses, Share, StepInputs, Weight
from .confident import pseudo_labels


@dataclass(frozen=True)
class UDA:
    """Predict for a strong view the sharpened prediction of a confident weak view.

    Eq. 1 with confidence-based masking and sharpening (paper, training techniques). The authors' code takes
    the Kullback-Leibler divergence, which differs by the entropy of the target: the gradient is the same.
    Annealing of the training signal, which their script for CIFAR-10 leaves off, is left out.
    """

    student: ClassVar[tuple[str, ...]] = ("weak", "strong")
    teacher: ClassVar[tuple[str, ...]] = ()

    weight: Weight = 1.0
    """Weight λ of the unlabeled loss (paper: 1; google-research/uda, ``unsup_coeff``: 1)."""
    threshold: Share = 0.8
    """Least confidence β of the weak view (paper, CIFAR-10: 0.8; USB, ``p_cutoff``: 0.8)."""
    temperature: Annotated[float, Gt(0)] = 0.4
    """Temperature τ of the target (paper, CIFAR-10: 0.4; USB, ``T``: 0.4)."""
    ratio: Count = 5
    """Unlabeled images for each labeled one (google-research/uda on one GPU: 5; USB: 7)."""

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return cross-entropy and the cross-entropy of the strong view to softmax(z / τ) of the weak one."""
        weak, strong = step.student
        target = (weak.detach().float() / self.temperature).softmax(dim=1)
        _, confident = pseudo_labels(weak, self.threshold)
        return SampleLosses(
            labeled=losses.cross_entropy(step.labels, step.labeled),
            unlabeled=self.weight * confident * losses.cross_entropy(target, strong),
        )
