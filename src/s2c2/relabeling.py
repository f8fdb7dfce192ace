"""Relabeling: which images people are asked about next, what they answer, and what is known afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Int64

from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError, unknown
from s2c2.metrics.ambiguity import entropy
from s2c2.predictions import Predictions
from s2c2.proposals import propose
from s2c2.simulation import (
    Costs,
    Crowd,
    Shown,
    class_proposals,
    group_proposals,
    no_proposals,
    simulate,
)

POOLS = ("unlabeled", "training")
"""Images that may be asked about: those without an answer, or all training images, also again."""
TRAINING = ("labeled", "unlabeled")
"""Splits that are trained on."""

Order = Callable[[Predictions, int, np.random.Generator], Int64[np.ndarray, " q"]]
"""From the predictions of a pool and a number of images to the rows that are asked, at most so many."""


@dataclass(frozen=True)
class Budget:
    """How much people are asked, and how they answer."""

    rounds: int = 3
    """Rounds of asking, each followed by a training."""
    images: int | float = 0.05
    """Images of a round, as a number or as a share of the training images."""
    votes: int = 3
    """People who answer for each of them."""
    pool: str = "unlabeled"
    """``unlabeled``: images without an answer; ``training``: all of them, which may be asked again."""
    proposals: bool = True
    """Whether they see the network's proposal: a class, or one suggestion for a cluster."""
    offset: float = 0.2
    """Acceptance offset δ in [0, 0.99): how much a proposal is accepted only because it is there."""
    costs: Costs = field(default_factory=Costs)
    """How long it takes."""

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.votes < 1:
            raise UserError("a budget needs at least one round and one vote")
        share = isinstance(self.images, float) and 0 < self.images <= 1
        if not share and not (isinstance(self.images, int) and self.images >= 1):
            raise UserError(
                f"budget.images={self.images}: give a number of images, or a share between 0 and 1"
            )
        if self.pool not in POOLS:
            raise unknown("pool", self.pool, POOLS)
        Crowd(self.votes, 1, self.offset, self.costs)

    @property
    def settings(self) -> dict[str, Any]:
        """What each round depends on, as plain values: all but their number."""
        return {name: value for name, value in asdict(self).items() if name != "rounds"}

    @property
    def crowd(self) -> Crowd:
        """Those who answer in one round."""
        return Crowd(self.votes, 1, self.offset, self.costs)

    def count(self, training: int) -> int:
        """Return the number of images of a round, given the number of training images."""
        return self.images if isinstance(self.images, int) else max(1, round(self.images * training))


def at_random(pool: Predictions, count: int, rng: np.random.Generator) -> Int64[np.ndarray, " q"]:
    """Return images drawn at random."""
    return rng.permutation(len(pool))[:count].astype(np.int64)


def by_entropy(pool: Predictions, count: int, rng: np.random.Generator) -> Int64[np.ndarray, " q"]:
    """Return the images whose class distributions have the highest entropy; equal ones as they stand."""
    return np.argsort(-entropy(pool.probabilities), kind="stable")[:count]


def by_ambiguity(pool: Predictions, count: int, rng: np.random.Generator) -> Int64[np.ndarray, " q"]:
    """Return the images with the highest p_a; equal ones as they stand.

    Raises:
        UserError: without an ambiguity head.
    """
    return _falling(pool)[:count]


def by_cluster(pool: Predictions, count: int, rng: np.random.Generator) -> Int64[np.ndarray, " q"]:
    """Return clusters of ambiguous images, in falling order of size · coherence.

    Whole clusters are taken as long as they fit. What is then left goes to the most typical images of the
    first cluster that did not fit or, where no cluster is left, to the images with the highest p_a. So at
    most one cluster is cut, and every order asks about as many images.

    Raises:
        UserError: without an ambiguity head.
    """
    rows = {image: row for row, image in enumerate(pool.images)}
    whole: list[int] = []
    cut: list[int] = []
    for cluster in (found for found in propose(pool) if found.kind == "cluster"):
        members = [rows[image] for image in cluster.images]
        (whole if len(whole) + len(members) <= count else cut).extend(members)
    return np.array(list(dict.fromkeys([*whole, *cut, *_falling(pool).tolist()])), dtype=np.int64)[:count]


def _falling(pool: Predictions) -> Int64[np.ndarray, " n"]:
    if pool.ambiguity is None:
        raise UserError("this order needs the ambiguity of a run with S2C2")
    return np.argsort(-pool.ambiguity, kind="stable")


@dataclass(frozen=True)
class Arm:
    """One way to spend a budget."""

    learner: str
    """What is trained: ``s2c2`` or ``vanilla``."""
    order: Order
    """Which images are asked."""
    shown: Callable[[Predictions], Shown] = class_proposals
    """What is shown with them, where proposals are shown."""


ARMS: Mapping[str, Arm] = {
    "random": Arm("s2c2", at_random),
    "entropy": Arm("s2c2", by_entropy),
    "ambiguity": Arm("s2c2", by_ambiguity),
    "ambiguous-clusters": Arm("s2c2", by_cluster, group_proposals),
    "plain-random": Arm("vanilla", at_random),
    "plain-entropy": Arm("vanilla", by_entropy),
}
"""The arms by name. The first four train the same network, so they differ in what is asked alone."""


def first(labels: Mapping[str, str], costs: Costs) -> pl.DataFrame:
    """Return the log that a training starts from: one answer for each labeled image, given without proposal.

    Args:
        labels: image id to label.
        costs: of which an answer costs ``alone``.
    """
    said = {"image": list(labels), "label": list(labels.values())}
    return pl.DataFrame(said, schema={"image": pl.String, "label": pl.String}).select(
        "image",
        annotator=pl.lit("annotator 1"),
        round=pl.lit(0, pl.Int64),
        arm=pl.lit("start"),
        label="label",
        proposal=pl.lit(None, pl.String),
        seconds=pl.lit(costs.alone, pl.Float64),
    )


def pool_of(said: Predictions, log: pl.DataFrame, truth: Annotations, name: str) -> Predictions:
    """Return the predictions of the images that may be asked about; those without a truth cannot be.

    Args:
        said: predictions of all images.
        log: what was answered so far.
        truth: what people would answer.
        name: of the pool, see :data:`POOLS`.
    """
    answered = set(log["image"]) if name == "unlabeled" else set[str]()
    fits = [
        split in TRAINING and image not in answered
        for image, split in zip(said.images, said.splits, strict=True)
    ]
    return said.take(np.array(fits, dtype=bool) & (truth.votes(said.images) > 0))


@dataclass(frozen=True)
class Round:
    """One round of asking."""

    seed: int
    """Seed of the run."""
    number: int
    """From 1 on."""
    images: int
    """How many are asked about."""


def ask(pool: Predictions, truth: Annotations, arm: str, budget: Budget, turn: Round) -> pl.DataFrame:
    """Return what simulated annotators answer in one round, as an annotation log.

    Args:
        pool: predictions of the images that may be asked about.
        truth: what they would answer without a proposal.
        arm: name of the arm.
        budget: how much is asked, and how they answer.
        turn: the round.

    Raises:
        UserError: when there is nothing left to ask.
    """
    if not len(pool):
        raise UserError("no image is left to ask about: take fewer budget.rounds or budget.images")
    rng = np.random.default_rng([turn.seed, turn.number])
    chosen = pool.take(ARMS[arm].order(pool, turn.images, rng))
    shown = (ARMS[arm].shown if budget.proposals else no_proposals)(chosen)
    log = simulate(truth, chosen.images, {arm: shown}, budget.crowd, 1000 * turn.seed + turn.number)
    return log.with_columns(round=pl.lit(turn.number, pl.Int64))


def votes(log: pl.DataFrame, classes: tuple[str, ...]) -> Annotations:
    """Return the answers of a log as annotations, one vote an answer."""
    return Annotations.build(log.group_by("image", "label", maintain_order=True).len("votes"), classes)


def relabeled(dataset: Dataset, splits: Mapping[str, str], log: pl.DataFrame) -> Dataset:
    """Return a dataset as it is known after relabeling: training images have the answers of the log alone.

    Those with an answer are labeled, those without one unlabeled. The other splits keep their images and what
    is known of them.

    Args:
        dataset: with what is known of the images that are not trained on.
        splits: image id to split, before relabeling.
        log: all answers about training images.

    Raises:
        UserError: when the log has an answer about another image, or a label that is no class.
    """
    answers = votes(log, dataset.classes)
    answered = set(answers.table["image"])
    held = [image for image, split in splits.items() if split not in TRAINING]
    foreign = sorted(answered - {image for image, split in splits.items() if split in TRAINING})
    if foreign:
        raise UserError(f"'{foreign[0]}' was answered, but is no training image of {dataset.name}")
    known = dataset.annotations.table.filter(pl.col("image").is_in(held)).select("image", "label", "votes")
    both = pl.concat([known, answers.table.select(known.columns)], how="vertical_relaxed")
    now = {image: _now(split, image in answered) for image, split in splits.items()}
    return replace(dataset.with_annotations(Annotations.build(both, dataset.classes)), splits=now)


def _now(split: str, answered: bool) -> str:
    if split not in TRAINING:
        return split
    return "labeled" if answered else "unlabeled"
