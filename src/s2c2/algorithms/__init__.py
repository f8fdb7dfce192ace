"""Semi-supervised algorithms: one file each, class logits in, one loss for each image out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..types import Algorithm
from .fixmatch import FixMatch
from .mean_teacher import MeanTeacher
from .mixmatch import MixMatch
from .pi_model import PiModel
from .pseudo_label import PseudoLabel
from .supervised import Supervised

ALGORITHMS: Mapping[str, Callable[..., Algorithm]] = MappingProxyType(
    {
        "supervised": Supervised,
        "pi-model": PiModel,
        "mean-teacher": MeanTeacher,
        "pseudo-label": PseudoLabel,
        "fixmatch": FixMatch,
        "mixmatch": MixMatch,
    }
)
"""Every algorithm by the name it has in a configuration. Contract tests run over all of them."""

__all__ = ["ALGORITHMS", "FixMatch", "MeanTeacher", "MixMatch", "PiModel", "PseudoLabel", "Supervised"]
