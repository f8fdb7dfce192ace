"""Who is told how a run goes."""

from collections.abc import Callable
from dataclasses import dataclass

from s2c2.data.progress import Progress, silent
from s2c2.engine import Record


@dataclass(frozen=True)
class Callbacks:
    """What a run calls while it goes; by default nothing. Any of them may raise to stop it."""

    step: Callable[[Record, int], None] = lambda record, steps: None
    """After each step, with its record and the number of steps."""
    reading: Progress = silent
    """While images are decoded and embedded."""
    predicting: Progress = silent
    """While images are predicted, when training is over."""
    say: Callable[[str], None] = lambda text: None
    """With what a person should know: settings that do nothing, damaged checkpoints."""


SILENT = Callbacks()
"""Nobody is told anything."""
