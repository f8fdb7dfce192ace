"""How often a run errs among the images kept, by what sets the others aside."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from s2c2.metrics.aligned import Judged, judged
from s2c2.metrics.ambiguity import entropy
from s2c2.metrics.coverage import RiskCoverage, least_confidence, risk_coverage
from s2c2.runs import Run, dataset_of

COVERAGES = tuple(round(0.1 + 0.025 * i, 3) for i in range(37))
"""Shares of images kept, from a tenth to all of them: below, single images decide."""


@dataclass(frozen=True)
class Risk:
    """Errors among the validation images kept: by p_a, or where there is none by what a plain run has."""

    name: str = "risk"

    @property
    def settings(self) -> dict[str, Any]:
        """The shares of images kept."""
        return {"coverages": list(COVERAGES)}

    def __call__(self, run: Path, against: Path | None) -> dict[str, Any]:
        """Return the errors at each coverage and the whole area, by what sets images aside."""
        opened = Run(run)
        said, truth = opened.predictions().of("validation"), dataset_of(opened).annotations
        found = curves(judged(said, truth.soft_labels(said.images)))
        risks = {name: curve.at(COVERAGES).round(6).tolist() for name, curve in found.items()}
        areas = {name: round(curve.area, 6) for name, curve in found.items()}
        return {"settings": self.settings, "at": risks, "area": areas}


def curves(known: Judged) -> dict[str, RiskCoverage]:
    """Return the errors of a network by what sets images aside: its p_a, or else the plain ways.

    The plain ways are ``random``, of which this is the expectation, ``human entropy``, that of the votes, and
    ``confidence``, the highest probability.
    """
    said = known.predictions
    wrong = said.predicted != known.target
    if said.ambiguity is not None:
        return {"p_a": risk_coverage(said.ambiguity, wrong)}
    votes = risk_coverage(entropy(known.soft_labels), wrong)
    confidence = risk_coverage(least_confidence(said.probabilities), wrong)
    chance = replace(votes, risk=np.full(len(wrong), wrong.mean()))
    return {"random": chance, "human entropy": votes, "confidence": confidence}
