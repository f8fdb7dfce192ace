"""S2C2 against a vanilla network at equal coverage: as many images set aside, the same images grouped.

A network that answers less often looks better, and a d on other images or with other numbers of groups does
not compare. So each score of S2C2 stands here beside the one a plain network reaches under the same terms.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from s2c2.data.annotations import ambiguous as disputed
from s2c2.errors import UserError
from s2c2.metrics.aligned import Judged, judged, same_images
from s2c2.metrics.ambiguity import auroc, entropy
from s2c2.metrics.baselines import kmeans
from s2c2.metrics.bootstrap import Interval, bootstrap
from s2c2.metrics.captions import Better
from s2c2.metrics.classification import weighted_f1
from s2c2.metrics.clustering import inner_distance, usage
from s2c2.metrics.coverage import UNCERTAINTIES, least_confidence, reject, risk_coverage
from s2c2.predictions import Predictions

DRAWS = 20
"""Random rejections that the random floor is the mean of, and random groupings."""
REPEATS = 300
"""Draws of the bootstrap intervals."""


@dataclass(frozen=True)
class Distance:
    """Inner distance of one grouping of the images that S2C2 calls ambiguous."""

    clusters: int
    """Groups that hold an image."""
    macro: float
    """Inner distance, plain mean over the groups."""
    size: float
    """Inner distance, groups weighted by their images."""


@dataclass(frozen=True)
class Row:
    """One line of the comparison table."""

    name: str
    """What is compared with what."""
    s2c2: float
    """The score of S2C2."""
    baseline: float
    """The score of its partner under the same terms."""
    better: Better
    """Which way is better."""
    caption: str
    """What it means, in plain words."""

    @property
    def difference(self) -> float:
        """S2C2 minus baseline."""
        return self.s2c2 - self.baseline


@dataclass(frozen=True)
class Comparison:
    """S2C2 and vanilla on the same images, each score with its partner at equal coverage."""

    images: int
    """Annotated images, the same in both."""
    left_out: int
    """Images without an annotation, not scored."""
    rejected: int
    """Images S2C2 calls ambiguous; as many are rejected by each baseline."""
    f1: Mapping[str, float]
    """F1 on the kept images: ``s2c2``, ``s2c2 max-softmax`` (its own class head, rejected by confidence),
    ``max-softmax``, ``entropy``, ``margin`` (vanilla), ``random`` (floor), ``oracle`` (by people's entropy)."""
    f1_same: Mapping[str, float]
    """F1 of ``s2c2`` and ``vanilla`` on the images that S2C2 calls certain."""
    f1_all: Mapping[str, float]
    """F1 of ``s2c2`` and ``vanilla`` on all images."""
    distance: Mapping[str, Distance]
    """Groupings of the images that S2C2 calls ambiguous: ``s2c2``, ``k-means`` (as many groups, vanilla
    embeddings), ``classes`` (vanilla prediction), ``random`` (S2C2's group sizes, members at random)."""
    auroc: Mapping[str, float]
    """Detection of ambiguity: ``s2c2`` (p_a), ``max-softmax``, ``entropy``, ``margin`` (vanilla)."""
    aurc: Mapping[str, float]
    """Area under risk–coverage, lower is better: keys as ``auroc``, with ``random`` and ``oracle``."""
    f1_interval: Interval
    """95 % bootstrap interval of F1 of S2C2 minus F1 of the best plain rejection."""
    distance_interval: Interval
    """95 % bootstrap interval of macro d of S2C2 minus that of k-means."""

    @property
    def coverage(self) -> float:
        """Share of the images that is kept, in [0, 1]."""
        return 1 - self.rejected / self.images

    @property
    def rejection(self) -> str:
        """Name of the plain rejection with the highest F1."""
        return best(self.f1)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by name, as they are written to ``scores.json``."""
        return asdict(self) | {"coverage": self.coverage, "rejection": self.rejection, "verdict": verdict(self)}

    def rows(self) -> tuple[Row, ...]:
        """Return the lines of the comparison table."""
        return _rows(self)
