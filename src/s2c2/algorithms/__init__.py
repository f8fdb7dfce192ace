"""Semi-supervised algorithms: one file each, class logits in, one loss for each image out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..types import Algorithm
from .fixmatch import FixMatch
from .flexmatch import FlexMatch
from .freematch import FreeMatch
from .mean_teacher import MeanTeacher
from .mixmatch import MixMatch
from .pi_model import PiModel
from .pseudo_label import PseudoLabel
from .softmatch import SoftMatch
from .supervised import Supervised
from .uda import UDA

ALGORITHMS: Mapping[str, Callable[..., Algorithm]] = MappingProxyType(
    {
        "supervised": Supervised,
        "pi-model": PiModel,
        "mean-teacher": MeanTeacher,
        "pseudo-label": PseudoLabel,
        "fixmatch": FixMatch,
        "mixmatch": MixMatch,
        "uda": UDA,
        "flexmatch": FlexMatch,
        "freematch": FreeMatch,
        "softmatch": SoftMatch,
    }
)
"""Every algorithm by the name it has in a configuration. Contract tests run over all of them."""

__all__ = [
    "ALGORITHMS",
    "UDA",
    "FixMatch",
    "FlexMatch",
    "FreeMatch",
    "MeanTeacher",
    "MixMatch",
    "PiModel",
    "PseudoLabel",
    "SoftMatch",
    "Supervised",
]
