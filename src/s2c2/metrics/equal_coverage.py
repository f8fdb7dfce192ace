"""S2C2 beside a vanilla network: the same number of images rejected, the same images grouped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from s2c2.data.annotations import ambiguous as disputed
from s2c2.errors import UserError
from s2c2.metrics.aligned import Judged, judged, same_images
from s2c2.metrics.ambiguity import auroc, entropy
from s2c2.metrics.baselines import gaussian_mixture, hdbscan, kmeans, unit_kmeans
from s2c2.metrics.bootstrap import Interval, bootstrap
from s2c2.metrics.classification import weighted_f1
from s2c2.metrics.clustering import Weighting, inner_distance, usage
from s2c2.metrics.comparison import Comparison, Distance
from s2c2.metrics.coverage import UNCERTAINTIES, least_confidence, rejections, risk_coverage
from s2c2.predictions import Predictions

DRAWS = 20
"""Random rejections, and random groupings, that a random floor is the mean of; draws where a tie is cut."""
REPEATS = 300
"""Draws of the bootstrap intervals."""


@dataclass(frozen=True)
class _Pair:
    """Two runs on the same annotated images, row by row."""

    ours: Judged
    vanilla: Predictions
    ambiguity: Float[np.ndarray, " n"]

    @property
    def rejected(self) -> Bool[np.ndarray, " n"]:
        return self.ours.predictions.ambiguous


@dataclass(frozen=True)
class _Answer:
    """A class prediction of all images, and which of them it stands for."""

    predicted: Int[np.ndarray, " n"]
    rejected: tuple[Bool[np.ndarray, " n"], ...]
    """More than one where it is drawn which of some images are rejected."""

    def f1(self, target: Int64[np.ndarray, " n"], rows: Int64[np.ndarray, " m"] | None = None) -> float:
        """Return the weighted F1 on the kept images, or the kept ones of some rows: the mean over draws."""
        rows = np.arange(len(target)) if rows is None else rows
        kept = [rows[~mask[rows]] for mask in self.rejected]
        return float(np.mean([weighted_f1(target[chosen], self.predicted[chosen]) for chosen in kept]))


def compare(
    predictions: Predictions,
    vanilla: Predictions,
    soft_labels: Float[np.ndarray, "n k"],
    seed: int,
    tolerance: float = 0.03,
) -> Comparison:
    """Return S2C2 beside a vanilla network at equal coverage, on the images of one split.

    Args:
        predictions: S2C2's predictions of the split; needs the ambiguity head.
        vanilla: predictions of the same images in any order by a network without these heads.
        soft_labels: what people said, a row for each image of ``predictions``; NaN rows are left out.
        seed: of k-means, the random floors and the bootstrap.
        tolerance: share of dissent that still counts as certain to people, for the AUROC.

    Raises:
        UserError: when the runs do not fit together or no image is annotated.
    """
    if predictions.ambiguity is None:
        raise UserError("the first run has no ambiguity head: compare an S2C2 run with a vanilla run")
    pair = _pair(predictions, vanilla, soft_labels)
    rng = np.random.default_rng(seed)
    answers = _answers(pair, np.random.default_rng(seed))
    f1 = {name: answer.f1(pair.ours.target) for name, answer in answers.items()}
    groups = _groupings(pair, seed)
    f1["random"] = _random_f1(pair, rng)
    distance = _distances(pair, groups, rng)
    comparison = Comparison(
        images=len(pair.vanilla),
        left_out=pair.ours.left_out,
        rejected=int(pair.rejected.sum()),
        f1=f1,
        f1_same=_both_f1(pair, pair.rejected),
        f1_all=_both_f1(pair, np.zeros_like(pair.rejected)),
        distance=distance,
        auroc=_auroc(pair, tolerance),
        aurc=_aurc(pair),
        intervals={},
    )
    differences = _differences(pair, comparison, answers, groups, tolerance)
    found = zip(comparison.strongest, differences, strict=True)
    return replace(comparison, intervals={name: one.interval(rng) for name, one in found})


def _pair(predictions: Predictions, vanilla: Predictions, soft_labels: Float[np.ndarray, "n k"]) -> _Pair:
    aligned = judged(same_images(predictions, vanilla), soft_labels)
    ours = judged(predictions, soft_labels)
    ambiguity = ours.predictions.ambiguity
    assert ambiguity is not None
    return _Pair(ours, aligned.predictions, ambiguity)


def _answers(pair: _Pair, rng: np.random.Generator) -> dict[str, _Answer]:
    """Return the answers that keep as many images as S2C2."""
    ours, count = pair.ours.predictions, int(pair.rejected.sum())

    def gone(scores: Float[np.ndarray, " n"]) -> tuple[Bool[np.ndarray, " n"], ...]:
        return rejections(scores, count, rng, DRAWS)

    answers = {
        "s2c2": _Answer(ours.predicted, (pair.rejected,)),
        "s2c2 max-softmax": _Answer(ours.predicted, gone(least_confidence(ours.probabilities))),
    }
    scores = {name: score(pair.vanilla.probabilities) for name, score in UNCERTAINTIES.items()}
    scores["oracle"] = entropy(pair.ours.soft_labels)
    return answers | {name: _Answer(pair.vanilla.predicted, gone(score)) for name, score in scores.items()}


def _random_f1(pair: _Pair, rng: np.random.Generator) -> float:
    drawn = tuple(rng.permutation(pair.rejected) for _ in range(DRAWS))
    return _Answer(pair.vanilla.predicted, drawn).f1(pair.ours.target)


def _both_f1(pair: _Pair, rejected: Bool[np.ndarray, " n"]) -> dict[str, float]:
    predicted = {"s2c2": pair.ours.predictions.predicted, "vanilla": pair.vanilla.predicted}
    return {name: _Answer(classes, (rejected,)).f1(pair.ours.target) for name, classes in predicted.items()}


def _groupings(pair: _Pair, seed: int) -> dict[str, Int[np.ndarray, " r"]]:
    """Return the groupings of the images that S2C2 calls ambiguous."""
    ours, vanilla = pair.ours.predictions.take(pair.rejected), pair.vanilla.take(pair.rejected)
    clusters = ours.predicted if ours.clusters is None else ours.clusters
    setting = usage(clusters).clusters, seed
    return {
        "s2c2": clusters,
        "k-means": kmeans(vanilla.embeddings, *setting),
        "k-means unit": unit_kmeans(vanilla.embeddings, *setting),
        "gaussian mixture": gaussian_mixture(vanilla.embeddings, *setting),
        "hdbscan": hdbscan(vanilla.embeddings, *setting),
        "k-means probabilities": kmeans(vanilla.probabilities, *setting),
        "classes": vanilla.predicted,
    }


def _distances(
    pair: _Pair, groups: Mapping[str, Int[np.ndarray, " r"]], rng: np.random.Generator
) -> dict[str, Distance]:
    soft_labels = pair.ours.soft_labels[pair.rejected]
    found = {name: _distance(soft_labels, clusters) for name, clusters in groups.items()}
    random = [_distance(soft_labels, rng.permutation(groups["s2c2"])) for _ in range(DRAWS)]
    means = (float(np.mean([getattr(draw, name) for draw in random])) for name in ("macro", "size"))
    return found | {"random": Distance(found["s2c2"].clusters, *means)}


def _distance(soft_labels: Float64[np.ndarray, "r k"], clusters: Int[np.ndarray, " r"]) -> Distance:
    macro, size = inner_distance(soft_labels, clusters), inner_distance(soft_labels, clusters, "size")
    return Distance(usage(clusters).clusters, macro, size)


def _auroc(pair: _Pair, tolerance: float) -> dict[str, float]:
    truth = disputed(pair.ours.soft_labels, tolerance)
    return {name: auroc(score, truth) for name, score in _detectors(pair).items()}


def _aurc(pair: _Pair) -> dict[str, float]:
    target = pair.ours.target
    wrong = {"s2c2": pair.ours.predictions.predicted != target}
    plain = pair.vanilla.predicted != target
    scores = _detectors(pair) | {
        "random": np.zeros(len(target)),
        "oracle": entropy(pair.ours.soft_labels),
    }
    return {name: risk_coverage(score, wrong.get(name, plain)).area for name, score in scores.items()}


def _detectors(pair: _Pair) -> dict[str, Float[np.ndarray, " n"]]:
    plain = {name: score(pair.vanilla.probabilities) for name, score in UNCERTAINTIES.items()}
    return {"s2c2": pair.ambiguity} | plain


@dataclass(frozen=True)
class _Difference:
    """A score of S2C2 minus that of its partner, on any images out of ``count``."""

    count: int
    on: Callable[[Int64[np.ndarray, " m"]], float]
    """From the rows of the images to the difference."""

    def interval(self, rng: np.random.Generator) -> Interval:
        return bootstrap(self.on, self.count, rng, repeats=REPEATS)


def _differences(
    pair: _Pair,
    comparison: Comparison,
    answers: Mapping[str, _Answer],
    groups: Mapping[str, Int[np.ndarray, " r"]],
    tolerance: float,
) -> tuple[_Difference, ...]:
    """Return the differences to the strongest plain partners, in the order of their rows."""
    nothing = np.zeros_like(pair.rejected)
    ours, plain = answers["s2c2"], _Answer(pair.vanilla.predicted, (pair.rejected,))
    return (
        _f1_difference(pair, ours, answers[comparison.rejection]),
        _f1_difference(pair, ours, plain),
        _f1_difference(pair, *(replace(answer, rejected=(nothing,)) for answer in (ours, plain))),
        _distance_difference(pair, groups["s2c2"], groups[comparison.grouping("macro")], "macro"),
        _distance_difference(pair, groups["s2c2"], groups[comparison.grouping("size")], "size"),
        _auroc_difference(pair, comparison.detector, tolerance),
        _aurc_difference(pair, comparison.order),
    )


def _f1_difference(pair: _Pair, ours: _Answer, other: _Answer) -> _Difference:
    target = pair.ours.target
    return _Difference(len(target), lambda rows: ours.f1(target, rows) - other.f1(target, rows))


def _distance_difference(
    pair: _Pair, ours: Int[np.ndarray, " r"], other: Int[np.ndarray, " r"], weighting: Weighting
) -> _Difference:
    soft_labels = pair.ours.soft_labels[pair.rejected]

    def difference(rows: Int64[np.ndarray, " m"]) -> float:
        drawn = soft_labels[rows]
        return inner_distance(drawn, ours[rows], weighting) - inner_distance(drawn, other[rows], weighting)

    return _Difference(len(soft_labels), difference)


def _auroc_difference(pair: _Pair, detector: str, tolerance: float) -> _Difference:
    truth, scores = disputed(pair.ours.soft_labels, tolerance), _detectors(pair)
    ours, other = scores["s2c2"], scores[detector]
    return _Difference(
        len(truth), lambda rows: auroc(ours[rows], truth[rows]) - auroc(other[rows], truth[rows])
    )


def _aurc_difference(pair: _Pair, order: str) -> _Difference:
    scores, target = _detectors(pair), pair.ours.target
    ours = scores["s2c2"], pair.ours.predictions.predicted != target
    other = scores[order], pair.vanilla.predicted != target

    def difference(rows: Int64[np.ndarray, " m"]) -> float:
        first, second = (risk_coverage(score[rows], wrong[rows]).area for score, wrong in (ours, other))
        return first - second

    return _Difference(len(target), difference)
