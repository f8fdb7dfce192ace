"""What the paper's scores can be won with: made-up networks that should lose, and do not."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Int64

from s2c2.metrics.scores import Scores, evaluate
from s2c2.predictions import Predictions

IMAGES = 1000


@dataclass(frozen=True)
class Trap:
    """A made-up network and its scores."""

    name: str
    """What it does."""
    scores: Scores
    """What that is worth by each score."""


def constant_predictor() -> tuple[Trap, Trap]:
    """Return an honest network and one that always says the common class, where 95 % are of that class.

    The honest one finds every rare image and calls one in ten common ones rare. Nobody would take the other.

    Example:
        >>> honest, constant = constant_predictor()
        >>> constant.scores.score < honest.scores.score, constant.scores.macro_f1 < honest.scores.macro_f1
        (True, True)
    """
    target = np.repeat([0, 1], [950, 50])
    found = target.copy()
    found[:95] = 1
    people = np.eye(2)[target]
    honest, constant = (evaluate(_network(said), people) for said in (found, np.zeros_like(target)))
    return Trap("an honest network", honest), Trap("always the common class", constant)


def singletons() -> tuple[Trap, Trap]:
    """Return twenty groups that mean nothing, and a group of its own for each image set aside.

    Both know nothing of the images, and set the same 200 aside.

    Example:
        >>> grouped, alone = singletons()
        >>> grouped.scores.distance > 0.4, alone.scores.distance, alone.scores.degenerate
        (True, 0.0, False)
    """
    rng = np.random.default_rng(0)
    people = rng.dirichlet(np.full(4, 0.3), IMAGES)
    aside = np.arange(IMAGES) < 200
    plain = replace(_network(people.argmax(axis=1), 4), ambiguity=aside.astype(np.float32))
    grouped, alone = (
        evaluate(replace(plain, clusters=clusters.astype(np.int32)), people)
        for clusters in (rng.integers(20, size=IMAGES), np.arange(IMAGES))
    )
    return Trap("20 groups drawn at random", grouped), Trap("a group for each image", alone)


def fewer_answers() -> tuple[Trap, Trap]:
    """Return one network that answers always, and the same where it sets its least confident half aside.

    Nothing was learned between the two.

    Example:
        >>> always, half = fewer_answers()
        >>> half.scores.f1_certain > always.scores.f1_certain, half.scores.f1_all == always.scores.f1_all
        (True, True)
    """
    rng = np.random.default_rng(0)
    people, logits = _noisy(rng)
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    always = replace(_network(said.argmax(axis=1), 4), probabilities=said.astype(np.float32))
    doubt = said.max(axis=1) < np.median(said.max(axis=1))
    groups = {"ambiguity": doubt.astype(np.float32), "clusters": always.predicted}
    half = replace(always, **groups)
    return (
        Trap("answers always", evaluate(always, people)),
        Trap("the same, least confident half set aside", evaluate(half, people)),
    )


def _noisy(rng: np.random.Generator) -> tuple[Float64[np.ndarray, "n k"], Float64[np.ndarray, "n k"]]:
    """Return one-hot opinions and what a network makes of them through noise."""
    people = np.eye(4)[rng.integers(4, size=IMAGES)]
    return people, 2 * people + rng.normal(size=people.shape)


def _network(said: Int64[np.ndarray, " n"], classes: int = 2) -> Predictions:
    """Return a network that is sure of the class it says."""
    names = tuple("abcd"[:classes])
    images = tuple(f"{i:04}.png" for i in range(len(said)))
    sure = np.eye(classes, dtype=np.float32)[said]
    return Predictions(names, images, ("validation",) * len(said), sure, sure)


def traps() -> tuple[Trap, ...]:
    """Return each made-up network beside the one it is held against.

    Example:
        >>> [trap.name for trap in traps()][:2]
        ['an honest network', 'always the common class']
    """
    return (*constant_predictor(), *singletons(), *fewer_answers())
