"""What the board says: answers, groups as they are now, progress, disagreements."""

from dataclasses import dataclass
from typing import Literal

AnswerKind = Literal["accept", "label", "ambiguous", "skip", "decide"]


@dataclass(frozen=True)
class Answer:
    """What counts as the answer to an image."""

    seq: int
    """Number of the act."""
    annotator: str
    """Who said it."""
    kind: AnswerKind
    """How it was said."""
    label: int | None
    """Class; None for ``skip`` and for a distribution."""
    distribution: tuple[float, ...] | None
    """Label distribution of ``ambiguous`` and of some ``decide``."""


@dataclass(frozen=True)
class Summary:
    """A group as it is now."""

    group: str
    """Group id."""
    name: str
    """Name for people."""
    kind: str
    """``class``, ``cluster``, ``plain``, ``split`` or ``misfits``."""
    size: int
    """Members."""
    open: int
    """Members without an answer."""
    done: bool
    """Finished, or nothing is open."""
    distribution: tuple[float, ...] | None
    """Suggested label of a starting group; None for the others."""
    ambiguity: float
    """Mean ambiguity in [0, 1] of the group or of what it was split from; NaN where unknown."""
    coherence: float
    """Coherence in [0, 1] of the group or of what it was split from; NaN where unknown."""
    version: int
    """Number of the last act that touched it, 0 at the start."""


@dataclass(frozen=True)
class Progress:
    """How far a scope is."""

    images: int
    """Images in the groups of the arm."""
    answered: int
    """Those of them that have an answer."""
    groups: int
    """Groups that have members."""
    done: int
    """Those of them that are done."""


@dataclass(frozen=True)
class Said:
    """One answer of one annotator in one scope."""

    scope: str
    """Whose board, ``WHO/ROUND/ARM``."""
    answer: Answer
    """What was said."""


@dataclass(frozen=True)
class Disagreement:
    """An image for which there is no class that each annotator finds most likely, and no decision."""

    image: int
    """Image number."""
    said: tuple[Said, ...]
    """The last answer of each annotator in each scope; skips are none."""
