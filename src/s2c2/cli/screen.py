"""What a person sees while a command works: a bar with rate and time left, or plain lines."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


def several(environment: Mapping[str, str]) -> bool:
    """Return whether ``torchrun`` started this process beside others.

    Example:
        >>> several({}), several({"WORLD_SIZE": "1"}), several({"WORLD_SIZE": "2"})
        (False, False, True)
    """
    return environment.get("WORLD_SIZE", "1") != "1"


RANK = int(os.environ.get("RANK", "0")) if several(os.environ) else 0
"""Number of this process among those that ``torchrun`` started: only the first one speaks."""
plain = partial(Console, highlight=False, markup=False, emoji=False)
"""Makes a console that prints words as they are: a path may hold ``[bold]`` or ``:cat:``."""
console = plain(soft_wrap=True, quiet=RANK > 0)
everyone = plain(soft_wrap=True)
"""For what each process has to say."""
EVERY = 5.0
"""Seconds between two plain lines."""

Advance = Callable[[int, int, str], None]
"""Called with (done, total, remark)."""


@dataclass
class Pace:
    """How fast a task goes, counted from its first report: a resumed run does not start at zero."""

    start: tuple[int, float] | None = field(default=None)
    """What was done at the first report, and when that was."""
    last: int = 0
    """What was done at the last report; less than that begins another count."""

    def rate(self, done: int, now: float) -> float | None:
        """Return what is done in a second; None at the first report."""
        if self.start is None or done < self.last:
            self.start = (done, now)
        self.last = done
        before, since = self.start
        return (done - before) / (now - since) if now > since and done > before else None


@contextmanager
def progress(task: str) -> Iterator[Advance]:
    """Yield a function that shows how far a task is."""
    with phases() as phase:
        yield phase(task)


@contextmanager
def phases() -> Iterator[Callable[[str], Advance]]:
    """Yield a function that names the next part of a task; its bar is there once it reports something."""
    if not console.is_terminal:
        yield _plain
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[remark]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield lambda task: _bar(bar, task)


def _bar(bar: Progress, task: str) -> Advance:
    pace = Pace()
    number = bar.add_task(task, total=None, visible=False, rate="", remark="")

    def advance(done: int, total: int, remark: str = "") -> None:
        rate = per_second(pace.rate(done, time.monotonic()))
        bar.update(number, completed=done, total=total, rate=rate, remark=remark, visible=done < total)

    return advance


def _plain(task: str) -> Advance:
    pace = Pace()
    started = said = time.monotonic()

    def advance(done: int, total: int, remark: str = "") -> None:
        nonlocal said
        now = time.monotonic()
        rate = pace.rate(done, now)
        if now - (started if done == total else said) < EVERY:
            return
        said = now
        facts = [f"{task}: {done}/{total}", per_second(rate), left(total - done, rate), remark]
        console.print(", ".join(fact for fact in facts if fact))

    return advance


def per_second(rate: float | None) -> str:
    """Return a rate in two digits or more; empty while it is not known.

    Example:
        >>> per_second(0.123), per_second(1234.5), per_second(None)
        ('0.12/s', '1234/s', '')
    """
    if rate is None:
        return ""
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.2g}/s"


def left(count: int, rate: float | None) -> str:
    """Return the time that is left for ``count`` more; empty while the rate is not known.

    Example:
        >>> left(7200, 1.0), left(5, None)
        ('2:00:00 left', '')
    """
    return f"{timedelta(seconds=round(count / rate))} left" if rate and count else ""


def threads(count: int, environment: Mapping[str, str]) -> str:
    """Return how many threads compute, and how several wait for each other.

    Example:
        >>> threads(1, {}), threads(2, {"OMP_WAIT_POLICY": "PASSIVE"}), threads(2, {})
        ('1 thread', '2 threads that wait asleep', '2 threads')
    """
    asleep = environment.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"
    return "1 thread" if count == 1 else f"{count} threads{' that wait asleep' if asleep else ''}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(text(value) for value in row))
    plain(quiet=RANK > 0, width=None if console.is_terminal else 160).print(shown)


def text(value: object) -> str:
    """Return a value as it is shown: three digits, a dash for what is undefined."""
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
