"""Acts: what people do to groups of images, as it is recorded."""

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from s2c2.errors import UserError

Name = Literal[
    "accept",
    "label",
    "ambiguous",
    "misfit",
    "split",
    "recluster",
    "merge",
    "skip",
    "flag",
    "grow",
    "finish",
    "decide",
    "undo",
    "redo",
]


@dataclass(frozen=True)
class Shown:
    """The proposal that was on the screen."""

    label: int
    """Number of the proposed class."""
    strength: float
    """Share of the proposed class in the suggested label, in [0, 1]."""


@dataclass(frozen=True)
class Act:
    """One act with everything resolved: applying it needs neither chance nor anything outside the board."""

    key: str
    """Idempotency key, a UUID made by the client: the same key is the same act."""
    name: Name
    """What is done."""
    scope: str
    """Whose board, ``WHO/ROUND/ARM``."""
    group: str | None
    """The group on the screen; None where images are shown without one."""
    version: int | None
    """Version of the group that the person saw; None is not checked."""
    images: tuple[int, ...]
    """Numbers of the images it is done to. ``merge``: all that move; ``recluster``: all of the parts."""
    label: int | None = None
    """Class given (``accept``, ``label``, ``decide``; also ``grow``, to label what joins)."""
    distribution: tuple[float, ...] | None = None
    """Label distribution given (``ambiguous``, ``decide``)."""
    target: str | None = None
    """Group that ``merge`` moves to."""
    parts: tuple[tuple[int, ...], ...] | None = None
    """Parts that ``recluster`` makes; part n becomes group ``split-SEQ-n``, n from 1."""
    target_seq: int | None = None
    """Number of the act that ``undo`` and ``redo`` mean; the board says the caller's last one."""
    selected: int = 0
    """Images that were selected on the screen; 0 when the whole group was meant."""
    shown: Shown | None = None
    """Proposal that was shown; None where there was none or it was hidden."""
    active: float = 0.0
    """Seconds of work since the last act, without idle and hidden time."""
    wall: float = 0.0
    """Seconds since the last act."""
    at: str = ""
    """Time on the client's clock, ISO 8601."""
    tab: str = ""
    """The browser tab; its own acts never make its view stale."""


@dataclass(frozen=True)
class Recorded:
    """An act in the log."""

    seq: int
    """Place in the log, from 1, without gaps."""
    annotator: str
    """Who did it."""
    time: str
    """Time on the server's clock, ISO 8601, UTC."""
    act: Act
    """What was done."""


@dataclass(frozen=True)
class Scope:
    """Whose board, in which round and arm."""

    who: str
    """``shared``, or the name of an annotator with an own pass."""
    round: int
    """Number of the pass, from 1."""
    arm: str
    """``none``, ``ssl`` or ``s2c2``."""

    def __str__(self) -> str:
        return f"{self.who}/{self.round}/{self.arm}"

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """Return the parts of ``WHO/ROUND/ARM``; a name may hold slashes.

        Raises:
            UserError: when it is none.
        """
        parts = re.fullmatch(r"(.+)/([1-9][0-9]{0,5})/([^/]+)", text)
        if parts is None:
            raise UserError(f"scope '{text[:80]}' must be WHO/ROUND/ARM, such as shared/1/s2c2")
        return cls(parts[1], int(parts[2]), parts[3])


class Conflict(UserError):  # noqa: N818
    """Somebody else, or another window, was faster; the message says who did what and when."""

    def __init__(self, sentence: str, who: str, act: str, at: str, version: int | None) -> None:
        super().__init__(sentence)
        self.who = who
        """Annotator of the other act."""
        self.act = act
        """Name of the other act."""
        self.at = at
        """Server time of the other act."""
        self.version = version
        """Version of the group now; None where it is not about one group."""


_PAYLOAD = TypeAdapter(Act)


def encode(act: Act) -> str:
    """Return the act as JSON, the payload of its row in the log."""
    return _PAYLOAD.dump_json(act).decode()


def decode(payload: str) -> Act:
    """Return the act of a payload.

    Raises:
        UserError: for a damaged payload.
    """
    try:
        return _PAYLOAD.validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"{place}: {first['msg']}" if place else str(first["msg"])) from error
