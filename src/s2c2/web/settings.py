"""What a server is told when it starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from s2c2.web.asking import Person
from s2c2.web.study import Study

KEYS: Mapping[str, str] = {
    "accept": "Enter",
    "misfit": "x",
    "skip": "Space",
    "ambiguous": "u",
    "split": "s",
    "merge": "m",
    "flag": "f",
    "grow": "g",
    "search": "/",
    "next": "n",
    "previous": "p",
    "zoom": "z",
    "larger": "+",
    "smaller": "-",
    "select_all": "Ctrl+a",
    "invert": "i",
    "clear": "Escape",
    "undo": "Ctrl+z",
    "redo": "Ctrl+Shift+z",
    "help": "?",
}
"""Key of each action; classes have the keys of :func:`class_key`."""


@dataclass(frozen=True)
class Assignment:
    """Which board a person works on."""

    scope: str
    """``WHO/ROUND/ARM``, WHO being ``shared`` or an annotator."""
    arm: str
    """Which proposals are shown: ``none``, ``ssl`` or ``s2c2``."""
    round: int
    """Number of the pass, from 1."""
    hidden: frozenset[str] = frozenset()
    """Groups whose suggestion is not shown: the control share of a study."""
    study: Mapping[str, object] | None = None
    """What the page says of the study; None outside one."""
    board: bool = True
    """Whether there is anything to answer; False for who watches a study and takes no part in it."""


def shared(arm: str) -> Callable[[Person], Assignment]:
    """Return the assignment of a team that works through one queue together."""
    return lambda person: Assignment(f"shared/1/{arm}", arm, 1)


def now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Settings:
    """Settings of a server; none of them changes what was annotated."""

    assign: Callable[[Person], Assignment]
    """Says which board a person works on."""
    hosts: frozenset[str] = frozenset()
    """Host names the server answers to, beside those of this machine."""
    idle_seconds: int = 30
    """A pause longer than this many seconds between two inputs is not counted as active time."""
    study: Study | None = None
    """The study; it, not ``assign``, then says which board a person works on."""
    keys: Mapping[str, str] = field(default_factory=lambda: KEYS)
    """Key of each action."""
    clock: Callable[[], datetime] = now
    """Returns the server's time, in UTC."""


def class_key(index: int) -> str:
    """Return the key of a class: 1 … 9, then 0; none beyond the tenth.

    Example:
        >>> [class_key(index) for index in (0, 8, 9, 10)]
        ['1', '9', '0', '']
    """
    return str((index + 1) % 10) if index < 10 else ""
