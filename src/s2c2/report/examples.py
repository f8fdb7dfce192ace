"""Which images are shown: typical ones of each class and cluster, and the grid of the paper's Figure 5."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from s2c2.metrics.coverage import least_confidence
from s2c2.predictions import Predictions
from s2c2.proposals import Proposal, propose
from s2c2.report.images import thumbnail
from s2c2.report.subject import Subject
from s2c2.runs import root_of

PER_ROW = 8
"""Images in a row of examples."""
CLASSES = 30
"""Classes, and half as many clusters, that are shown; a page stays small."""


@dataclass(frozen=True)
class Picture:
    """One image on the page."""

    uri: str | None
    """Data URI; None when the file is absent or broken."""
    text: str
    """Name, prediction, and what people said."""
    wrong: bool
    """The predicted class is not the one most people chose."""


@dataclass(frozen=True)
class Strip:
    """A row of images with a heading."""

    title: str
    """What the images have in common."""
    note: str
    """How many there are, and what else is known of them."""
    pictures: tuple[Picture, ...]
    """The images that are shown."""


def pictures(subject: Subject, rows: Int[np.ndarray, " r"]) -> tuple[Picture, ...]:
    """Return some of the subject's images, given by their rows."""
    said = subject.predictions
    root = root_of(subject.run) / "images"
    if said is None:
        return ()
    taken = said.take(rows)
    wrong = _wrong(subject)[rows]
    texts = _texts(subject, rows)
    return tuple(
        Picture(thumbnail(root / image), text, bool(bad))
        for image, text, bad in zip(taken.images, texts, wrong, strict=True)
    )


def by_class(subject: Subject) -> Iterator[tuple[str, tuple[Strip, Strip]]]:
    """Yield each predicted class with its most certain and its most ambiguous images.

    Without an ambiguity head, one minus the highest probability takes the place of p_a.
    """
    said = subject.predictions
    if said is None:
        return
    scores = _uncertainty(said)
    names = ("certain", "ambiguous") if subject.extended else ("most confident", "least confident")
    for number in np.unique(said.predicted)[:CLASSES]:
        rows = np.flatnonzero(said.predicted == number)
        order = rows[np.argsort(scores[rows], kind="stable")]
        certain, rest = _sides(said, order)
        strips = (
            Strip(names[0], _count(certain, subject), pictures(subject, certain[:PER_ROW])),
            Strip(names[1], _count(rest, subject), pictures(subject, rest[::-1][:PER_ROW])),
        )
        yield said.classes[number], strips


def clusters(subject: Subject) -> Iterator[Strip]:
    """Yield the largest clusters of ambiguous images with their most typical members."""
    said = subject.predictions
    if said is None or said.clusters is None:
        return
    row = {image: i for i, image in enumerate(said.images)}
    groups = [group for group in propose(said) if group.kind == "cluster"]
    for group in sorted(groups, key=len, reverse=True)[: CLASSES // 2]:
        rows = np.array([row[image] for image in group.images[: 2 * PER_ROW]], dtype=np.int64)
        yield Strip(group.name, _about(group), pictures(subject, rows))


def grid(subject: Subject, seed: int = 0) -> tuple[Strip, ...]:
    """Return the rows of the paper's Figure 5, drawn at random, or nothing without an ambiguity head.

    Confident means a probability of at least 0.9, or of the upper quarter where that is less.
    """
    said = subject.predictions
    if said is None or said.ambiguity is None:
        return ()
    confidence, ambiguity = said.probabilities.max(axis=1), said.ambiguity
    enough = min(0.9, float(np.quantile(confidence, 0.75)))
    confident = confidence >= enough
    rows = {
        "confident and certain": (confident & (ambiguity <= 0.4), f"max p ≥ {enough:.2f}, p_a ≤ 0.4"),
        "confident and ambiguous": (confident & (ambiguity >= 0.6), f"max p ≥ {enough:.2f}, p_a ≥ 0.6"),
        "undecided": ((ambiguity > 0.4) & (ambiguity < 0.6), "0.4 < p_a < 0.6"),
    }
    rng = np.random.default_rng(seed)
    return tuple(_drawn(subject, name, chosen, rule, rng) for name, (chosen, rule) in rows.items())


def _drawn(
    subject: Subject, name: str, chosen: Bool[np.ndarray, " n"], rule: str, rng: np.random.Generator
) -> Strip:
    rows = np.flatnonzero(chosen)
    note = f"{rule}: {len(rows)} images"
    if subject.soft_labels is not None and len(rows):
        known = ~np.isnan(subject.soft_labels[rows]).any(axis=1)
        note += f", {int(_wrong(subject)[rows].sum())} of {int(known.sum())} annotated ones wrong"
    return Strip(name, note, pictures(subject, rng.permutation(rows)[: 2 * PER_ROW]))


def _sides(
    said: Predictions, order: Int[np.ndarray, " r"]
) -> tuple[Int[np.ndarray, " c"], Int[np.ndarray, " a"]]:
    """Return the certain and the ambiguous images, or the halves of the order without an ambiguity head."""
    if said.ambiguity is None:
        half = (len(order) + 1) // 2
        return order[:half], order[half:]
    return order[~said.ambiguous[order]], order[said.ambiguous[order]]


def _uncertainty(said: Predictions) -> Float64[np.ndarray, " n"]:
    if said.ambiguity is None:
        return least_confidence(said.probabilities)
    return said.ambiguity.astype(np.float64)


def _count(rows: Int[np.ndarray, " r"], subject: Subject) -> str:
    images = f"{len(rows)} image{'' if len(rows) == 1 else 's'}"
    return images if subject.extended else f"half of the class, {images}"


def _about(group: Proposal) -> str:
    share = float(group.distribution.max())
    facts = f"{len(group)} image{'' if len(group) == 1 else 's'} · suggests {group.suggestion} ({share:.0%})"
    return f"{facts} · mean p_a {group.ambiguity:.2f} · coherence {group.coherence:.2f}"


def _wrong(subject: Subject) -> Bool[np.ndarray, " n"]:
    """Return where the predicted class is not the one most people chose; False where nobody annotated."""
    said, soft_labels = subject.predictions, subject.soft_labels
    assert said is not None
    if soft_labels is None:
        return np.zeros(len(said), dtype=bool)
    known = ~np.isnan(soft_labels).any(axis=1)
    return np.asarray(known & (np.nan_to_num(soft_labels).argmax(axis=1) != said.predicted))


def _texts(subject: Subject, rows: Int[np.ndarray, " r"]) -> Iterator[str]:
    said, soft_labels = subject.predictions, subject.soft_labels
    assert said is not None
    for row in rows:
        parts = [said.images[row], f"predicted {said.classes[said.predicted[row]]}"]
        parts[1] += f" ({said.probabilities[row].max():.2f})"
        if said.ambiguity is not None:
            parts.append(f"p_a {said.ambiguity[row]:.2f}")
        if soft_labels is not None and not np.isnan(soft_labels[row]).any():
            most = np.argsort(-soft_labels[row], kind="stable")[:2]
            votes = (f"{said.classes[i]} {soft_labels[row][i]:.0%}" for i in most if soft_labels[row][i] > 0)
            parts.append(f"people: {', '.join(votes)}")
        yield " · ".join(parts)
