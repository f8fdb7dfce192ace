"""The consistency study: do people agree more with proposals, how long do they take, are the labels right?

One function for a real annotation log and for a simulated one (paper §3.6, Table 3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from s2c2.data.annotations import Annotations
from s2c2.metrics.agreement import krippendorff_alpha, mean_kappa
from s2c2.metrics.annotation_log import NAN, Answers, answers, checked, classes_of
from s2c2.metrics.bootstrap import Interval, bootstrap
from s2c2.metrics.calibration import DCIC_CLIP, kl
from s2c2.metrics.default_effect import blended, estimated_offset

NONE = "none"
"""Name of the arm without proposals, which the others are held against."""
DRAWS = 50
"""Draws of answers without a proposal in the time of another arm."""
Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Kappa:
    """Mean Cohen's kappa of pairs of passes."""

    value: float
    """NaN without a pair."""
    interval: Interval
    """95 % bootstrap interval over the images."""


@dataclass(frozen=True)
class Arm:
    """What one arm of a study shows."""

    name: str
    """The arm."""
    images: int
    """Images with an answer."""
    annotators: int
    """People who answered."""
    intra: Kappa
    """Agreement of a person with themselves: two rounds of one annotator, mean over all such pairs."""
    inter: Kappa
    """Agreement of two people in one round, mean over all such pairs."""
    alpha: float
    """Krippendorff's alpha of all answers."""
    minutes: float
    """Minutes for one round of one person, the mean over them; NaN without times."""
    acceptance: float
    """Share of the proposals shown that were accepted; NaN where none was."""
    offset: float
    """Acceptance offset δ, estimated against the arm without proposals; NaN where that cannot be."""
    kl: float
    """Divergence of the truth from the mean answers, in nats, clipped as DCIC does; NaN without a truth."""
    kl_unbiased: float
    """The same with the default effect removed by the estimated δ; NaN where δ is not known."""
    kl_blended: float
    """The same, then drawn towards the class means (CleverLabel)."""
    kl_alone: float = NAN
    """``kl`` of answers without a proposal to the same images in the time of this arm (:func:`in_the_time`),
    the mean over draws of them; NaN for that arm itself, for one person, and where there are none."""


@dataclass(frozen=True)
class Against:
    """What the answers of an arm are held against."""

    alone: Answers | None
    """Answers without a proposal."""
    unasked: Float64[np.ndarray, "n k"] | None
    """The mean of these."""
    truth: Float64[np.ndarray, "n k"] | None
    """Soft labels of many other people."""
    repeats: int
    """Draws of each bootstrap interval."""
    classes: tuple[str, ...]
    """The k class names."""
    offsets: Mapping[str, float]
    """Acceptance offset δ of arms, where it is known from elsewhere."""


def study(
    log: pl.DataFrame,
    truth: Annotations | None = None,
    repeats: int = 1000,
    offsets: Mapping[str, float] = MappingProxyType({}),
    classes: Sequence[str] | None = None,
) -> tuple[Arm, ...]:
    """Return what each arm of an annotation log shows, in the order in which the arms appear.

    Args:
        log: one row an answer, with the columns of :data:`s2c2.metrics.annotation_log.COLUMNS`. Several rows
            of one image, annotator, round and arm are one answer: the last label holds, the seconds add up.
        truth: annotations of many other people, to measure the labels against.
        repeats: draws of each bootstrap interval; they have a fixed seed.
        offsets: acceptance offset δ of arms by name, for a log without an arm ``none``.
        classes: the class names; by default those of the truth, else those that the log uses.

    Raises:
        UserError: for a missing column, an empty cell, a label or a proposal that is no such class.
    """
    found, against = _read(checked(log), truth, repeats, offsets, classes)
    return tuple(_arm(name, given, against) for name, given in found.items())


def study_of_each(
    log: pl.DataFrame,
    truth: Annotations | None = None,
    repeats: int = 1000,
    offsets: Mapping[tuple[str, str], float] = MappingProxyType({}),
    classes: Sequence[str] | None = None,
) -> dict[str, tuple[Arm, ...]]:
    """Return what each arm shows of each annotator, by name, sorted.

    Times, acceptance, δ, α and KL are those of their own answers; κ inter is that with each of the others in
    one round. Arguments and errors as in :func:`study`, but ``offsets`` are by arm and annotator.
    """
    rows = checked(log)
    found, against = _read(rows, truth, repeats, {}, classes)
    images = rows["image"].unique(maintain_order=True).to_list()
    result: dict[str, list[Arm]] = {}
    for person in rows["annotator"].unique().sort():
        own = rows.filter(pl.col("annotator") == person)
        for name in own["arm"].unique(maintain_order=True):
            mine = answers(own.filter(pl.col("arm") == name), images, against.classes)
            everybody = found[name]
            pairs = [(a, b) for a, b in _pairs(everybody.passes)[1] if person in _people(everybody, a, b)]
            inter = _kappa(everybody.labels, pairs, repeats)
            known = {name: offsets.get((name, person), NAN)}
            arm = _arm(name, mine, replace(against, offsets=known), alone=False)
            result.setdefault(person, []).append(replace(arm, inter=inter))
    return {person: tuple(arms) for person, arms in result.items()}


def _read(
    rows: pl.DataFrame,
    truth: Annotations | None,
    repeats: int,
    offsets: Mapping[str, float],
    known: Sequence[str] | None,
) -> tuple[dict[str, Answers], Against]:
    """Return the answers of each arm by name, and what they are held against."""
    classes = classes_of(rows, known if truth is None else truth.classes)
    images = rows["image"].unique(maintain_order=True).to_list()
    parts = rows.partition_by("arm", maintain_order=True)
    found = {str(part["arm"][0]): answers(part, images, classes) for part in parts}
    soft_labels = None if truth is None else truth.soft_labels(images)
    alone = found.get(NONE)
    unasked = None if alone is None else alone.soft_labels()
    return found, Against(alone, unasked, soft_labels, repeats, classes, offsets)


def _people(given: Answers, first: int, second: int) -> tuple[str, str]:
    return given.passes[first][0], given.passes[second][0]


def _arm(name: str, given: Answers, against: Against, *, alone: bool = True) -> Arm:
    offset = NAN if against.unasked is None else offset_of(given, against.unasked)
    offset = against.offsets.get(name, NAN) if np.isnan(offset) else offset
    image, turn = given.shown
    accepted = (given.labels == given.proposals)[image, turn]
    # Where nothing was shown there is nothing to remove; where something was and δ is unknown, nobody can.
    unbiased = given.soft_labels(offset) if offset == offset or not len(image) else None
    same, others = _pairs(given.passes)
    return Arm(
        name=name,
        images=int((given.labels >= 0).any(axis=1).sum()),
        annotators=len({person for person, _ in given.passes}),
        intra=_kappa(given.labels, same, against.repeats),
        inter=_kappa(given.labels, others, against.repeats),
        alpha=krippendorff_alpha(given.votes),
        minutes=given.seconds / 60 / len(given.passes),
        acceptance=float(accepted.mean()) if len(accepted) else NAN,
        offset=offset,
        kl=_divergence(given.soft_labels(), against.truth),
        kl_unbiased=_divergence(unbiased, against.truth),
        kl_blended=_divergence(None if unbiased is None else _blended(unbiased), against.truth),
        kl_alone=_divergence_alone(given, against) if alone and name != NONE else NAN,
    )


def in_the_time(
    alone: Answers, given: Answers, rng: np.random.Generator
) -> Float64[np.ndarray, "n k"] | None:
    """Return mean answers without a proposal, of which there are as many as the time of another arm allows.

    Who answers faster can be asked more often, so labels at equal numbers of votes do not compare. With s
    seconds for each image in the other arm and t for an answer without a proposal that is s / t answers an
    image: the whole part for every image, one more for as many images as are left, drawn at random among the
    answers that there are.

    Args:
        alone: answers without a proposal.
        given: those of the other arm.
        rng: draws which answers.

    Returns:
        Rows of the images of the other arm, which sum to one, else NaN; None where a time is missing, where
        there is time for less than one answer an image, and where one of these images has too few.
    """
    known = alone.labels >= 0
    counts, rows = known.sum(axis=1), np.flatnonzero((given.labels >= 0).any(axis=1))
    if not len(rows) or not alone.seconds > 0:
        return None
    allowed = given.seconds / len(rows) / (alone.seconds / counts.sum())
    if not 1 <= allowed <= counts[rows].min():
        return None
    many = np.zeros(len(counts), dtype=np.int64)
    many[rows] = int(allowed)
    many[rng.permutation(rows)[: round((allowed % 1) * len(rows))]] += 1
    place = np.where(known, rng.random(known.shape), np.inf).argsort(axis=1).argsort(axis=1)
    return replace(alone, labels=np.where(place < many[:, None], alone.labels, -1)).soft_labels()


def _divergence_alone(given: Answers, against: Against) -> float:
    """Return the divergence of answers without a proposal in the time of others: the mean over draws."""
    if against.alone is None or against.truth is None:
        return NAN
    draws = (in_the_time(against.alone, given, np.random.default_rng(seed)) for seed in range(DRAWS))
    return float(np.mean([_divergence(labels, against.truth) for labels in draws]))


def _pairs(passes: tuple[tuple[str, int], ...]) -> tuple[Pairs, Pairs]:
    """Return the pairs of passes of one person, and those of two people in one round.

    Two people without a name are neither.
    """
    pairs = list(combinations(range(len(passes)), 2))
    same = [(a, b) for a, b in pairs if passes[a][0] == passes[b][0] != ""]
    others = [(a, b) for a, b in pairs if passes[a][0] != passes[b][0] and passes[a][1] == passes[b][1]]
    return same, others


def _kappa(labels: Int64[np.ndarray, "n p"], pairs: Pairs, repeats: int) -> Kappa:
    columns = np.ascontiguousarray(labels.T)

    def mean(rows: Int64[np.ndarray, " n"]) -> float:
        return mean_kappa(columns[:, rows], pairs)

    interval = bootstrap(mean, len(labels) if pairs else 0, np.random.default_rng(0), repeats)
    return Kappa(mean(np.arange(len(labels))), interval)


def offset_of(given: Answers, unasked: Float64[np.ndarray, "n k"]) -> float:
    """Return δ from the images that were also answered without a proposal.

    Args:
        given: answers to proposals.
        unasked: mean answers without one; NaN where nobody answered.
    """
    image, turn = given.shown
    proposed = given.proposals[image, turn]
    chosen = unasked[image, proposed]
    both = ~np.isnan(chosen)
    return estimated_offset((given.labels[image, turn] == proposed)[both], chosen[both])


def _blended(labels: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, "n k"]:
    answered = ~np.isnan(labels[:, 0])
    mixed = labels.copy()
    mixed[answered] = blended(labels[answered])
    return mixed


def _divergence(labels: Float64[np.ndarray, "n k"] | None, truth: Float64[np.ndarray, "n k"] | None) -> float:
    if labels is None or truth is None:
        return NAN
    rows = ~np.isnan(labels[:, 0]) & ~np.isnan(truth[:, 0])
    return kl(truth[rows], labels[rows], DCIC_CLIP)
