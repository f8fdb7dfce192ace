"""Rows that belong together: predictions beside what people said, and two runs on the same images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64

from s2c2.errors import UserError
from s2c2.predictions import Predictions


@dataclass(frozen=True)
class Judged:
    """Predictions of images that people annotated, with what they said."""

    predictions: Predictions
    """Predictions of the n annotated images."""
    soft_labels: Float64[np.ndarray, "n k"]
    """Soft label l of each of them."""
    left_out: int
    """Images without an annotation, which cannot be scored."""

    @property
    def target(self) -> Int64[np.ndarray, " n"]:
        """The class most people chose, argmax l; the first of equals."""
        return np.asarray(self.soft_labels.argmax(axis=1), dtype=np.int64)


def judged(predictions: Predictions, soft_labels: Float[np.ndarray, "n k"]) -> Judged:
    """Return the predictions of the annotated images; rows whose soft label is NaN are left out and counted.

    Raises:
        UserError: when the soft labels are not one row an image and one column a class, or all are NaN.
    """
    expected = (len(predictions), len(predictions.classes))
    if soft_labels.shape != expected:
        raise UserError(f"soft labels have shape {soft_labels.shape}, the predictions need {expected}")
    known = ~np.isnan(soft_labels).any(axis=1)
    if not known.any():
        raise UserError(f"none of these {len(known)} images is annotated: there is nothing to score against")
    left_out = len(known) - int(known.sum())
    return Judged(predictions.take(known), soft_labels[known].astype(np.float64), left_out)


def same_images(predictions: Predictions, other: Predictions) -> Predictions:
    """Return ``other`` in the order of ``predictions``.

    Raises:
        UserError: when the two differ in their images or classes, or name an image twice.
    """
    if predictions.classes != other.classes:
        raise UserError(f"the runs have other classes: {list(predictions.classes)} and {list(other.classes)}")
    there = set(other.images)
    differing = there ^ set(predictions.images)
    if differing:
        example = f"{len(differing)} are in one only, such as '{min(differing)}'"
        raise UserError(f"the runs were predicted on other images: {example}")
    if not len(there) == len(other) == len(predictions):
        raise UserError("an image is predicted twice: each image needs exactly one row in both runs")
    return other.named(predictions.images)
