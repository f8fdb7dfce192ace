"""What was spent on the labels of a run, and what came of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from s2c2.data import dataset as datasets
from s2c2.errors import UserError
from s2c2.experiments.folder import Place
from s2c2.metrics.aligned import judged
from s2c2.metrics.calibration import DCIC_CLIP, kl
from s2c2.metrics.classification import weighted_f1
from s2c2.metrics.coverage import least_confidence, rejections
from s2c2.metrics.equal_coverage import DRAWS
from s2c2.predictions import Predictions
from s2c2.relabeling import Budget, first, votes
from s2c2.runs import Run
from s2c2.simulation import Costs

LOG = "annotations.csv"
"""All answers that a relabeled run learned from, in its folder."""
COVERAGE = 0.4
"""Share of the images that the F1 at equal coverage keeps: what p_A = 0.6 leaves (paper)."""


@dataclass(frozen=True)
class Spent:
    """What was spent on the labels of a run, how good they are, and F1 at one coverage for all."""

    budget: Budget
    """How much people are asked, and how they answer."""
    name: str = "budget"

    @property
    def settings(self) -> dict[str, Any]:
        """The budget as plain values."""
        return self.budget.settings

    def __call__(self, run: Path, against: Path | None) -> dict[str, Any]:
        """Return votes, minutes, divergence of the labels from the truth, and F1 at equal coverage."""
        log = answers(run, self.budget.costs)
        dataset = datasets.read(Path(Run(run).dataset["root"]))
        images = log["image"].unique(maintain_order=True).to_list()
        given = votes(log, dataset.classes).soft_labels(images)
        said = Predictions.read(Place(run).predictions).of("validation")
        return {
            "settings": self.settings,
            "images": len(images),
            "votes": len(log),
            "minutes": float(log["seconds"].sum()) / 60,
            "label_kl": kl(dataset.annotations.soft_labels(images), given, DCIC_CLIP),
            "f1_covered": f1_covered(said, dataset.annotations.soft_labels(said.images)),
        }


def f1_covered(said: Predictions, soft_labels: Float[np.ndarray, "n k"], coverage: float = COVERAGE) -> float:
    """Return the weighted F1 on the images that a network is most confident about, a given share of them.

    Where that share ends among images with the same confidence, these are drawn and the mean is taken.
    """
    rated = judged(said, soft_labels)
    count = len(rated.predictions) - round(coverage * len(rated.predictions))
    doubt, rng = least_confidence(rated.predictions.probabilities), np.random.default_rng(0)
    kept = [~gone for gone in rejections(doubt, count, rng, DRAWS)]
    return float(
        np.mean([weighted_f1(rated.target[rows], rated.predictions.predicted[rows]) for rows in kept])
    )


def answers(run: Path, costs: Costs) -> pl.DataFrame:
    """Return all answers that a run learned from; a run without relabeling has one for each labeled image.

    Raises:
        UserError: when the run does not say what its labels are.
    """
    if (run / LOG).is_file():
        text = dict.fromkeys(("image", "annotator", "arm", "label", "proposal"), pl.String)
        return pl.read_csv(
            run / LOG, schema_overrides={**text, "round": pl.Int64, "seconds": pl.Float64}, glob=False
        )
    path = run / "labels.csv"
    if not path.is_file():
        raise UserError(f"no labels in {run}: it is not trained")
    return first(
        dict(pl.read_csv(path, infer_schema=False, glob=False).select("image", "label").iter_rows()), costs
    )
