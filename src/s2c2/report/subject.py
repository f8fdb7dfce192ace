"""One run as the page needs it: predictions of the images that are shown, and what people said of them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from s2c2.data.annotations import TOLERANCES, ambiguous
from s2c2.data.dataset import Dataset, read
from s2c2.errors import UserError
from s2c2.metrics.aligned import Judged, judged
from s2c2.predictions import Predictions
from s2c2.runs import Run, dataset_of


@dataclass(frozen=True)
class Subject:
    """A run, the images of it that are shown, and their soft labels where people gave some."""

    run: Run
    """The run folder."""
    title: str
    """Name on the page, different for each run."""
    split: str
    """Split that is shown: ``validation``, or ``all`` images where there is none."""
    predictions: Predictions | None
    """Predictions of that split; None before ``s2c2 predict``."""
    soft_labels: Float64[np.ndarray, "n k"] | None
    """Soft labels of these images; None when the dataset folder is gone or fits no longer."""
    without: str
    """Why there are no soft labels, for people; empty when there are some."""
    tolerance: float
    """Share of dissent that counts as agreement."""
    scores: Mapping[str, Any]
    """Content of ``scores.json``; empty before ``s2c2 evaluate``."""

    @property
    def extended(self) -> bool:
        """Whether the network has an ambiguity head."""
        if self.predictions is None:
            return bool(self.run.config["objective"]["name"] != "vanilla")
        return self.predictions.ambiguity is not None

    @property
    def judged(self) -> Judged | None:
        """The annotated images alone; None without any."""
        if self.predictions is None or self.soft_labels is None or np.isnan(self.soft_labels).all():
            return None
        return judged(self.predictions, self.soft_labels)

    def disputed(self, rated: Judged) -> Bool[np.ndarray, " n"]:
        """Return which annotated images people disagree about."""
        return ambiguous(rated.soft_labels, self.tolerance)


def subjects(runs: Sequence[Run]) -> tuple[Subject, ...]:
    """Read runs for the page; each dataset folder is read once."""
    reading, names = cache(read), Counter(run.label for run in runs)
    result = []
    for run in runs:
        title = run.label if names[run.label] == 1 else f"{run.label} ({run.name})"
        result.append(_subject(run, title, reading))
    return tuple(result)


def _subject(run: Run, title: str, reading: Callable[[Path], Dataset]) -> Subject:
    predictions, split = _shown(run)
    soft_labels, without = _soft_labels(run, predictions, reading)
    tolerance = run.config.get("data", {}).get("tolerance", TOLERANCES["dissent"])
    return Subject(run, title, split, predictions, soft_labels, without, float(tolerance), run.scores() or {})


def _shown(run: Run) -> tuple[Predictions | None, str]:
    if not (run.path / "predictions.parquet").is_file():
        return None, "validation"
    predictions = run.predictions()
    if "validation" in predictions.splits:
        return predictions.of("validation"), "validation"
    return predictions, "all"


def _soft_labels(
    run: Run, predictions: Predictions | None, reading: Callable[[Path], Dataset]
) -> tuple[Float64[np.ndarray, "n k"] | None, str]:
    if predictions is None:
        return None, "There are no predictions yet: run 's2c2 predict' on this run."
    try:
        dataset = dataset_of(run, reading)
    except UserError as error:
        return None, f"What people said is not shown: {error}."
    soft_labels = dataset.annotations.soft_labels(predictions.images)
    if np.isnan(soft_labels).all():
        return None, "Nobody annotated these images, so there is nothing to compare the network with."
    return soft_labels, ""
