"""The board: what follows from the starting groups and the acts, kept in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from s2c2.web.acts import Act, Recorded

AnswerKind = Literal["accept", "label", "ambiguous", "skip", "decide"]
MISFITS = "misfits"
"""The group of what left its group."""


@dataclass(frozen=True)
class StartGroup:
    """A group as it is before any act."""

    group: str
    """Group id, ``class-3``, ``cluster-17`` or ``all``."""
    kind: str
    """``class``, ``cluster`` or ``plain``; on the board also ``split`` and ``misfits``."""
    name: str
    """Name for people."""
    images: tuple[int, ...]
    """Numbers of the images, in the order of display."""
    distribution: tuple[float, ...] | None
    """Suggested label; None without a proposal."""
    ambiguity: float
    """Mean ambiguity in [0, 1]; NaN where unknown."""
    coherence: float
    """Coherence in [0, 1]; NaN where unknown."""
    typicality: tuple[float, ...]
    """Typicality of each image in [0, 1]."""
    extreme: tuple[bool, ...]
    """The images farthest from the centre."""


@dataclass(frozen=True)
class Start:
    """What there is before any act."""

    images: tuple[str, ...]
    """Image ids; image number i is the i-th."""
    classes: tuple[str, ...]
    """Class names."""
    groups: Mapping[str, tuple[StartGroup, ...]]
    """Groups by arm; an image is in one group of an arm at most."""


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
    name: str
    kind: str
    """``class``, ``cluster``, ``plain``, ``split`` or ``misfits``."""
    size: int
    open: int
    """Members without an answer."""
    done: bool
    """Finished, or nothing is open."""
    distribution: tuple[float, ...] | None
    """Suggested label of a starting group; None for the others."""
    ambiguity: float
    coherence: float
    version: int
    """Number of the last act that touched it, 0 at the start."""


@dataclass(frozen=True)
class Progress:
    """How far a scope is."""

    images: int
    answered: int
    groups: int
    done: int


@dataclass(frozen=True)
class Said:
    """One answer of one annotator in one scope."""

    scope: str
    answer: Answer


@dataclass(frozen=True)
class Disagreement:
    """An image for which there is no class that each annotator finds most likely, and no decision."""

    image: int
    said: tuple[Said, ...]


class Board:
    """The fold of the acts. Only :meth:`apply` changes it."""

    seq: int
    """Number of the last act applied."""

    def __init__(self, start: Start) -> None: ...
    def apply(self, recorded: Recorded) -> None:
        """Apply the next act of the log; it was checked when it was recorded."""

    def check(self, annotator: str, act: Act) -> None:
        """Raise Conflict (409) or UserError (422) when the act cannot be recorded now."""

    def groups(self, scope: str) -> tuple[Summary, ...]:
        """Groups that have members: open ones first, then by size · coherence, falling."""
        raise NotImplementedError

    def group(self, scope: str, group: str) -> Summary:
        """One group, also one without members; UserError for an unknown one."""
        raise NotImplementedError

    def members(self, scope: str, group: str) -> tuple[int, ...]:
        """Members in the order of display."""
        raise NotImplementedError

    def open_members(self, scope: str, group: str, version: int | None = None) -> tuple[int, ...]:
        """Members without an answer; with a version only those that were members then (what was seen)."""
        raise NotImplementedError

    def place(self, scope: str, image: int) -> str | None:
        """The group that the image is in now."""
        raise NotImplementedError

    def answer(self, scope: str, image: int) -> Answer | None:
        """The answer that counts: the last one of a live act; marking as misfit takes it back."""
        raise NotImplementedError

    def flagged(self, scope: str, image: int) -> bool:
        """Whether it is marked; a flag is no answer, the image stays open."""
        raise NotImplementedError

    def misfit(self, scope: str, image: int) -> bool:
        """Whether it is in the group ``misfits``."""
        raise NotImplementedError

    def version(self, scope: str, group: str) -> int:
        """Number of the last act that touched the group, 0 at the start."""
        raise NotImplementedError

    def undoable(self, scope: str, annotator: str) -> int | None:
        """Number of the act that ``undo`` means."""
        raise NotImplementedError

    def redoable(self, scope: str, annotator: str) -> int | None:
        """Number of the act that ``redo`` means."""
        raise NotImplementedError

    def live(self, seq: int) -> bool:
        """Whether an act counts: it is not undone."""
        raise NotImplementedError

    def changed(self, scope: str, after: int) -> tuple[str, ...]:
        """Groups touched by acts after a number."""
        raise NotImplementedError

    def progress(self, scope: str) -> Progress:
        """How far the scope is."""
        raise NotImplementedError

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Images on which annotators disagree and nobody decided."""
        raise NotImplementedError
