"""What an annotation log shows, arm by arm and person by person: agreement, time, the pull of proposals."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from s2c2.data.annotations import Annotations
from s2c2.data.logs.log import Log
from s2c2.errors import UserError
from s2c2.metrics.aggregation import (
    DawidSkene,
    Votes,
    bias_corrected,
    confusions,
    dawid_skene,
    vote_mean,
    votes,
    with_others,
)
from s2c2.metrics.annotation_log import NAN
from s2c2.metrics.calibration import DCIC_CLIP, kl
from s2c2.metrics.consistency import Arm, study, study_of_each
from s2c2.metrics.default_effect import estimated_offset
from s2c2.metrics.pooling import Pooled, pooled
from s2c2.predictions import Predictions


@dataclass(frozen=True)
class Control:
    """Proposals that were shown, held against those that were kept back from a share of the images."""

    shown: int
    """Answers to a proposal."""
    hidden: int
    """Answers to an image whose proposal was kept back."""
    accepted: float
    """Share of the proposals shown that were answered; NaN without any."""
    chosen: float
    """Share of the hidden proposals that were answered all the same, unasked; NaN without any."""

    @property
    def pull(self) -> float:
        """How much oftener a proposal is answered because it is seen."""
        return self.accepted - self.chosen

    @property
    def offset(self) -> float:
        """Acceptance offset δ; NaN where nothing was shown or nothing hidden."""
        if not self.shown or not self.hidden:
            return NAN
        return estimated_offset(np.array([self.accepted]), np.array([self.chosen]))


@dataclass(frozen=True)
class Line:
    """What one arm shows of everybody, or of one person."""

    arm: Arm
    """Agreement, minutes, acceptance, δ and KL; δ is that against the arm ``none``, else the control's."""
    annotator: str | None
    """None for everybody together."""
    answers: int
    """Answers with a class or a distribution."""
    hundred: float
    """Minutes of work for 100 of them, with all time that was spent; NaN without times."""
    elapsed: float
    """Minutes by the clock for 100 of them, pauses and other windows included; NaN without times."""
    control: Control
    """The proposals shown against those hidden."""


@dataclass(frozen=True)
class Person:
    """How well one person answers."""

    annotator: str
    answers: int
    quality: float
    """Chance to answer right, by Dawid–Skene, in [0, 1]; NaN without others."""
    others: float
    """Mean share of the others who say the same, in [0, 1]; NaN without others."""
    confusion: Float64[np.ndarray, "k k"]
    """How often they answer class j (column) where Dawid–Skene says class i (row): expected counts."""


@dataclass(frozen=True)
class Agreement:
    """What an annotation log shows."""

    classes: tuple[str, ...]
    arms: tuple[Line, ...]
    """Each arm, everybody together."""
    each: tuple[Line, ...]
    """Each person in each arm."""
    people: tuple[Person, ...]
    """How well each answers, over all arms."""
    images: tuple[str, ...]
    """The n images with an answer, sorted."""
    counts: Int64[np.ndarray, " n"]
    """Answers to each of them."""
    soft_labels: dict[str, Float64[np.ndarray, "n k"]]
    """``mean``, ``dawid-skene``, ``corrected`` where δ is known in every arm with proposals, and ``pooled``
    where a network was given."""
    pooling: Pooled | None
    """How ``pooled`` came about."""
    divergence: dict[str, float]
    """KL of the truth from each of them, in nats; empty without a truth."""


def agreement(
    log: Log,
    truth: Annotations | None = None,
    repeats: int = 1000,
    said: Predictions | None = None,
) -> Agreement:
    """Return what a log shows; reviewers' decisions are left out, as they follow from the answers.

    Args:
        log: answers of any arms, rounds and people.
        truth: annotations of many other people, to measure the labels against.
        repeats: draws of each bootstrap interval; they have a fixed seed.
        said: what a network that was not told these answers predicts, for labels that are drawn towards it.

    Raises:
        UserError: when the log has no answer, the truth lacks one of its classes, or the network has other
            classes or lacks an image.
    """
    answers = log.answers().where(pl.col("kind") != "decide")
    given = votes(answers)
    if not len(given.image):
        raise UserError("the annotation log holds no answer with a class or a distribution")
    controls = {(name, person): _control(rows) for name, person, rows in _parts(answers)}
    offsets = {name: c.offset for (name, person), c in controls.items() if person is None}
    own = {(name, person): c.offset for (name, person), c in controls.items() if person is not None}
    frame = _studied(answers)
    arms = study(frame, truth, repeats, offsets, log.classes)
    each = study_of_each(frame, truth, repeats, own, log.classes)
    result = dawid_skene(given)
    soft = {"mean": vote_mean(given), "dawid-skene": result.labels} | _corrected(answers, arms)
    counts = np.bincount(given.image, minlength=len(given.images))
    pooling = None if said is None else _pooled(given, soft.get("corrected", soft["mean"]), counts, said)
    soft |= {} if pooling is None else {"pooled": pooling.labels}
    return Agreement(
        classes=log.classes,
        arms=tuple(_line(arm, None, answers, controls) for arm in arms),
        each=tuple(_line(arm, who, answers, controls) for who, lines in each.items() for arm in lines),
        people=_people(answers, result),
        images=given.images,
        counts=counts,
        soft_labels=soft,
        pooling=pooling,
        divergence=_divergences(soft, given.images, truth),
    )


def _studied(answers: Log) -> pl.DataFrame:
    """Return the columns that a consistency study reads; a proposal that nobody saw is none."""
    seen = pl.when(pl.col("shown")).then(pl.col("proposal"))
    return answers.table.with_columns(proposal=seen)


def _parts(answers: Log) -> Iterable[tuple[str, str | None, pl.DataFrame]]:
    """Yield the answers of each arm, of everybody and of each person."""
    for (arm,), rows in answers.table.group_by("arm", maintain_order=True):
        yield str(arm), None, rows
        for (person,), own in rows.group_by("annotator", maintain_order=True):
            yield str(arm), str(person), own


def _control(rows: pl.DataFrame) -> Control:
    labeled = rows.filter(pl.col("label").is_not_null())
    shown = labeled.filter(pl.col("shown") & pl.col("proposal").is_not_null())
    hidden = labeled.filter(~pl.col("shown") & pl.col("hidden").is_not_null())
    return Control(len(shown), len(hidden), _share(shown, "proposal"), _share(hidden, "hidden"))


def _share(rows: pl.DataFrame, column: str) -> float:
    return float((rows["label"] == rows[column]).mean() or 0.0) if len(rows) else NAN  # type: ignore[arg-type]


def _line(
    arm: Arm, person: str | None, answers: Log, controls: dict[tuple[str, str | None], Control]
) -> Line:
    who = pl.lit(value=True) if person is None else pl.col("annotator") == person
    rows = answers.table.filter(pl.col("arm") == arm.name, who)
    said = len(rows.filter(pl.col("label").is_not_null() | pl.col("distribution").is_not_null()))
    hundred, elapsed = (_hundred(rows[name], said) for name in ("seconds", "wall"))
    return Line(arm, person, said, hundred, elapsed, controls[arm.name, person])


def _hundred(seconds: pl.Series, answers: int) -> float:
    """Return the minutes for 100 answers."""
    return float(seconds.sum()) / 60 / answers * 100 if answers and seconds.count() else NAN


def _people(answers: Log, result: DawidSkene) -> tuple[Person, ...]:
    given = votes(answers)
    counts, others = confusions(given, result.labels), with_others(given)
    number = np.bincount(given.annotator, minlength=len(given.annotators))
    quality = np.where(np.isnan(others), NAN, result.quality).tolist()
    return tuple(
        # Alone on its images, a person agrees with nobody but the estimate that is made of its own answers.
        Person(name, int(number[i]), quality[i], float(others[i]), counts[i])
        for i, name in enumerate(given.annotators)
    )


def _corrected(answers: Log, arms: tuple[Arm, ...]) -> dict[str, Float64[np.ndarray, "n k"]]:
    """Return the mean answer without the default effect, each arm by its own δ, averaged by their answers."""
    given = votes(answers)
    row = {image: i for i, image in enumerate(given.images)}
    total, number = np.zeros((len(row), len(given.classes))), np.zeros(len(row))
    for arm in arms:
        own = votes(answers.where(pl.col("arm") == arm.name))
        if np.isnan(arm.offset) and (own.proposal >= 0).any():
            return {}
        if not len(own.image):
            continue
        rows = np.array([row[image] for image in own.images], dtype=np.int64)
        seen = np.bincount(own.image, minlength=len(rows)).astype(np.float64)
        total[rows] += seen[:, None] * bias_corrected(own, 0.0 if np.isnan(arm.offset) else arm.offset)
        number[rows] += seen
    return {"corrected": total / number[:, None]}


def _pooled(
    given: Votes, labels: Float64[np.ndarray, "n k"], counts: Int64[np.ndarray, " n"], said: Predictions
) -> Pooled:
    """Return the labels, each as many answers as there were, drawn towards a network and alike images."""
    if said.classes != given.classes:
        raise UserError(f"the run predicts other classes than the log has: {', '.join(said.classes)}")
    missing = set(given.images) - set(said.images)
    if missing:
        asked = len(given.images)
        raise UserError(
            f"the run predicts {asked - len(missing)} of the {asked} images that were answered: "
            f"{min(missing)}, for example, is not among them"
        )
    known = said.named(given.images)
    whole = np.ones(len(given.images), dtype=bool)
    whole[given.image[given.shares.max(axis=1) < 1]] = False
    return pooled(labels * counts[:, None], known.probabilities, known.predicted, known.groups, whole)


def _divergences(
    soft: dict[str, Float64[np.ndarray, "n k"]], images: tuple[str, ...], truth: Annotations | None
) -> dict[str, float]:
    if truth is None:
        return {}
    right = truth.soft_labels(images)
    known = ~np.isnan(right[:, 0])
    return {name: kl(right[known], labels[known], DCIC_CLIP) for name, labels in soft.items()}
