"""Simulated annotators: what people would answer, drawn from soft labels, and how long it would take."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Float64, Int64

from s2c2.data.annotations import Annotations
from s2c2.errors import UserError
from s2c2.metrics.default_effect import CEILING, biased
from s2c2.predictions import Predictions
from s2c2.proposals import Kind, propose

KINDS: tuple[Kind, ...] = ("class", "cluster")
"""Every kind of proposal."""


@dataclass(frozen=True)
class Costs:
    """Seconds that an annotator needs. A model, not a measurement: set your own where you have timed some."""

    alone: float = 1.5
    """An image without a proposal. Paper Table 3: 13.95 minutes; it does not say for how many images, the 555
    training images of Mice Bone (paper Table 1) would make it 1.5 s."""
    accepted: float = 0.6
    """A proposed class that is accepted: 0.4 of ``alone`` (DCIC's ``spa.py`` counts a proposal as 0.4)."""
    corrected: float = 1.5
    """An image whose proposal is wrong: as much as without one. With these three, the paper's 7.5 minutes for
    plain proposals would mean 23 % corrected."""
    group: float = 1.5
    """A group that is settled at once, whatever its size: as one image without a proposal (an assumption)."""
    member: float = 0.225
    """A look at each image of such a group: MorphoCluster's 16 000 objects an hour. A misfit costs
    ``corrected`` besides."""


@dataclass(frozen=True)
class Crowd:
    """Who annotates. All share one habit: they differ by chance alone, from each other and from before."""

    annotators: int = 3
    """People, each of whom sees every image in every arm."""
    rounds: int = 2
    """Times that each sees them."""
    offset: float = 0.2
    """Acceptance offset δ in [0, 0.99): how much a proposal is accepted only because it is there."""
    costs: Costs = field(default_factory=Costs)
    """How long it takes."""

    def __post_init__(self) -> None:
        if self.annotators < 1 or self.rounds < 1:
            raise UserError("a simulation needs at least one annotator and one round")
        if not 0 <= self.offset < CEILING:
            raise UserError(f"acceptance offset {self.offset:g}: possible are 0 to below {CEILING}")


@dataclass(frozen=True)
class Shown:
    """What is shown with each image in one arm."""

    classes: Int64[np.ndarray, " n"]
    """The proposed class, −1 for none."""
    groups: Int64[np.ndarray, " n"]
    """The group that is settled at once, −1 for an image that is judged alone."""


def no_proposals(predictions: Predictions) -> Shown:
    """Return an arm that shows images only."""
    nothing = np.full(len(predictions), -1, dtype=np.int64)
    return Shown(nothing, nothing)


def class_proposals(predictions: Predictions) -> Shown:
    """Return an arm that shows each image with its most probable class."""
    return Shown(predictions.predicted.astype(np.int64), np.full(len(predictions), -1, dtype=np.int64))


def group_proposals(predictions: Predictions, kinds: Collection[Kind] = KINDS[1:]) -> Shown:
    """Return an arm in which proposals of some kinds are settled at once and all others image by image.

    By default as in the paper: images predicted certain are judged one by one with their most probable
    class; a cluster of ambiguous images gets one suggestion, the most probable class of its mean prediction,
    and only misfits are corrected one by one. With both kinds as the annotation app shows them: the certain
    images of a class are a group too. A group of one image is none.

    Args:
        predictions: what the network says of the images.
        kinds: kinds of proposals that are settled at once, of :attr:`s2c2.proposals.Proposal.kind`.
    """
    shown = class_proposals(predictions)
    rows = {image: i for i, image in enumerate(predictions.images)}
    for number, proposal in enumerate(propose(predictions)):
        members = [rows[image] for image in proposal.images]
        if proposal.kind == "cluster":
            shown.classes[members] = proposal.classes.index(proposal.suggestion)
        if proposal.kind in kinds and len(members) > 1:
            shown.groups[members] = number
    return shown


def compared(ours: Predictions, plain: Predictions) -> dict[str, Shown]:
    """Return the arms of a study by name, those of paper Table 3 first.

    Args:
        ours: predictions of a run that says which images are ambiguous.
        plain: those of the plain run, of the same images in the same order.
    """
    return {
        "none": no_proposals(ours),
        "vanilla": class_proposals(plain),
        "s2c2": group_proposals(ours),
        "vanilla-groups": group_proposals(plain, KINDS),
        "s2c2-groups": group_proposals(ours, KINDS),
    }


def simulate(
    truth: Annotations, images: tuple[str, ...], arms: Mapping[str, Shown], crowd: Crowd, seed: int = 0
) -> pl.DataFrame:
    """Return the annotation log that simulated annotators leave behind, as a real study would.

    Args:
        truth: annotations whose soft labels the answers are drawn from.
        images: the n images, each with an annotation.
        arms: by name, what is shown with each image.
        crowd: who annotates.
        seed: of all draws; each arm, annotator and round has its own.

    Returns:
        One row an answer: ``image``, ``annotator``, ``round``, ``arm``, ``label``, ``proposal`` (null where
        none was shown), ``seconds`` (that of a group divided among its images).
    """
    soft = truth.soft_labels(images)
    names = pl.Series(truth.classes, dtype=pl.String)
    parts = []
    for number, (arm, shown) in enumerate(arms.items()):
        answers = biased(soft, shown.classes, crowd.offset)
        proposal = names[np.maximum(shown.classes, 0)].set(pl.Series(shown.classes < 0), None)
        for person, turn in np.ndindex(crowd.annotators, crowd.rounds):
            given = draw(answers, np.random.default_rng([seed, number, person, turn]))
            columns = {"image": images, "label": names[given], "proposal": proposal}
            taken = seconds(shown, given == shown.classes, crowd.costs)
            part = pl.DataFrame(columns | {"seconds": taken})
            who = {"annotator": pl.lit(f"annotator {person + 1}"), "round": pl.lit(turn + 1)}
            parts.append(part.with_columns(**who, arm=pl.lit(arm)))
    order = ("image", "annotator", "round", "arm", "label", "proposal", "seconds")
    return pl.concat(parts).select(order)


def answered(
    said: tuple[Predictions, Predictions], truth: Annotations, crowd: Crowd, seed: int = 0
) -> pl.DataFrame:
    """Return the log of the study with the arms of :func:`compared`, each for the same images.

    Args:
        said: predictions of the run with S2C2 and of the plain one, of the same images in any order.
        truth: annotations whose soft labels the answers are drawn from; images without one are left out.
        crowd: who annotates.
        seed: of all draws.

    Raises:
        UserError: when runs and truth differ in images or classes, or the first run is a plain one.
    """
    ours, plain = spoken_for(*said, truth)
    return simulate(truth, ours.images, compared(ours, plain), crowd, seed)


def spoken_for(ours: Predictions, plain: Predictions, truth: Annotations) -> tuple[Predictions, Predictions]:
    """Return both predictions for the annotated images that both have, in one order.

    Raises:
        UserError: when runs and dataset differ in images or classes, or the first run is a plain one.
    """
    if ours.ambiguity is None:
        raise UserError(
            "RUN has no ambiguity: name the run with S2C2 first and the plain one after --against"
        )
    if ours.classes != truth.classes:
        raise UserError("the classes of the dataset are not those that RUN was trained on")
    if ours.classes != plain.classes or set(ours.images) != set(plain.images):
        raise UserError("the two runs have other images or classes: train them on one dataset with one seed")
    known, same = annotated((ours, plain), truth)
    return known, same


def annotated(said: Sequence[Predictions], truth: Annotations) -> tuple[Predictions, ...]:
    """Return predictions for the images of the first that are annotated, all in its order.

    Raises:
        KeyError: when another lacks one of them.
    """
    known = said[0].take(truth.votes(said[0].images) > 0)
    return (known, *(one.named(known.images) for one in said[1:]))


def draw(distributions: Float[np.ndarray, "n k"], rng: np.random.Generator) -> Int64[np.ndarray, " n"]:
    """Draw one class from each distribution; a class without probability is never drawn."""
    cumulative = distributions.cumsum(axis=1)
    level = rng.random(len(distributions)) * cumulative[:, -1]
    return np.asarray((cumulative <= level[:, None]).sum(axis=1), dtype=np.int64)


def seconds(shown: Shown, fits: Bool[np.ndarray, " n"], costs: Costs) -> Float64[np.ndarray, " n"]:
    """Return the time each image takes, given whether the answer is what was proposed."""
    judged = np.where(fits, costs.accepted, costs.corrected)
    sizes = np.bincount(shown.groups + 1)[shown.groups + 1]
    settled = costs.group / sizes + costs.member + np.where(fits, 0.0, costs.corrected)
    alone = np.where(shown.classes < 0, costs.alone, judged)
    return np.asarray(np.where(shown.groups < 0, alone, settled), dtype=np.float64)
