"""What a plain network says, without a label, of p_A and k′, beside what people said."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from s2c2.data.annotations import ambiguous
from s2c2.metrics.choosing import divide, elbow, stability
from s2c2.metrics.coverage import least_confidence
from s2c2.readout import doubt, features
from s2c2.runs import Run, dataset_of

FACTORS = (1, 2, 3, 5, 10)
"""Numbers of clusters for each class; the paper's is 5."""
APPEARANCE = 0.25
"""Weight of the embedding beside the class distribution, as in ``predict.appearance``."""


@dataclass(frozen=True)
class Choices:
    """p_A by the elbow and the best division of the doubts, k′ by the stability of the clusters."""

    name: str = "choices"

    @property
    def settings(self) -> dict[str, Any]:
        """The numbers of clusters for each class."""
        return {"factors": list(FACTORS), "appearance": APPEARANCE}

    def __call__(self, run: Path, against: Path | None) -> dict[str, Any]:
        """Return both, of the images that were trained on, and the share that people disagree about."""
        opened = Run(run)
        said, config = opened.predictions(), opened.config
        trained = said.take(np.isin(said.splits, ("labeled", "unlabeled")))
        asked, doubts = said.of("validation"), doubt(trained.probabilities)
        soft = dataset_of(opened).annotations.soft_labels(trained.images)
        known = soft[~np.isnan(soft).any(axis=1)]
        counts = [factor * len(said.classes) for factor in FACTORS]
        points, others = (features(one, APPEARANCE) for one in (trained, asked))
        agreed = stability(points, others, counts, np.random.default_rng(int(config["seed"])))
        scores = {"u": doubts, "1 - max p": least_confidence(trained.probabilities)}
        return {
            "settings": self.settings,
            "disputed": round(float(ambiguous(known, config["data"]["tolerance"]).mean()), 6),
            "elbow": {name: round(elbow(one), 6) for name, one in scores.items()},
            "division": {name: round(divide(one), 6) for name, one in scores.items()},
            "stability": [round(one, 6) for one in agreed],
        }
