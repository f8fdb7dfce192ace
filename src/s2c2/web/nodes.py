"""What acts did to an image, as a chain: the state after the last live act, and below it the one before."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Int32

from s2c2.web.acts import Name, Recorded
from s2c2.web.answers import Answer, AnswerKind
from s2c2.web.start import MISFITS

ANSWERS = frozenset({"accept", "label", "ambiguous", "skip", "decide", "grow"})
"""Acts that answer, ``grow`` where it has a label."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """An act as the board keeps it: without what only the log needs, image numbers packed."""

    seq: int
    """Number of the act."""
    annotator: str
    """Who did it."""
    tab: str
    """In which tab."""
    time: str
    """Server time."""
    name: Name
    """What was done."""
    scope: str
    """On whose board."""
    group: str | None
    """The group on the screen."""
    target: str | None
    """The group that ``merge`` moves to."""
    answer: Answer | None
    """The answer that it gives to each of its images."""
    target_seq: int | None
    """The act that ``undo`` and ``redo`` mean."""
    images: Int32[np.ndarray, " n"]
    """Numbers of the images; of a ``recluster`` part after part."""
    parts: tuple[int, ...]
    """Size of each part of a ``recluster``."""
    active: float
    """Seconds of work since the last act."""

    @property
    def by(self) -> tuple[str, str]:
        """Who did it, and in which tab."""
        return self.annotator, self.tab

    @property
    def moves(self) -> tuple[tuple[str | None, list[int]], ...]:
        """Images by the group that they move to; None where they stay."""
        images: list[int] = self.images.tolist()
        if self.name != "recluster":
            return ((self._destination, images),)
        ends = np.cumsum(self.parts).tolist()
        starts = [0, *ends[:-1]]
        cuts = enumerate(zip(starts, ends, strict=True), start=1)
        return tuple((f"split-{self.seq}-{number}", images[a:b]) for number, (a, b) in cuts)

    @property
    def _destination(self) -> str | None:
        if self.name == "split":
            return f"split-{self.seq}-1"
        return {"misfit": MISFITS, "merge": self.target, "grow": self.group}.get(self.name)

    @property
    def makes(self) -> tuple[str, ...]:
        """The groups that it makes."""
        if self.name not in ("split", "recluster"):
            return ()
        return tuple(f"split-{self.seq}-{number}" for number in range(1, max(len(self.parts), 1) + 1))


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """State of an image after an act; images with the same past share it."""

    step: Step
    """The act."""
    put: int
    """Number of the act that put this state there last: that act, or its last redo."""
    group: str | None
    """The group that it was moved to last; None while it is where it started."""
    joined: int
    """Number of the act that moved it there; 0 while it is where it started."""
    answer: Answer | None
    """The answer that counts."""
    flagged: bool
    """Whether it is marked."""
    below: "Node | None"
    """State before the act; None at the start."""


def after(below: Node | None, step: Step, destination: str | None, put: int) -> Node:
    """Return the state after an act.

    Args:
        below: state before it.
        step: the act.
        destination: the group that it moves the image to; None to leave it.
        put: number of the act, or of its redo.
    """
    group, joined = (below.group, below.joined) if below else (None, 0)
    if destination is not None:
        group, joined = destination, step.seq
    answer = step.answer or (below.answer if below else None)
    if step.name == "misfit":
        answer = None
    flagged = step.name == "flag" or (below is not None and below.flagged)
    return Node(step, put, group, joined, answer, flagged, below)


def packed(recorded: Recorded) -> Step:
    """Return what the board keeps of an act."""
    act = recorded.act
    images = act.images if act.parts is None else [image for part in act.parts for image in part]
    return Step(
        seq=recorded.seq,
        annotator=recorded.annotator,
        tab=act.tab,
        time=recorded.time,
        name=act.name,
        scope=act.scope,
        group=act.group,
        target=act.target,
        answer=_answer(recorded),
        target_seq=act.target_seq,
        images=np.array(images, dtype=np.int32),
        parts=tuple(map(len, act.parts or ())),
        active=act.active,
    )


def _answer(recorded: Recorded) -> Answer | None:
    act = recorded.act
    if act.name not in ANSWERS or (act.name == "grow" and act.label is None):
        return None
    kind = cast("AnswerKind", "label" if act.name == "grow" else act.name)
    return Answer(recorded.seq, recorded.annotator, kind, act.label, act.distribution)
