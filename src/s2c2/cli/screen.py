"""What a person sees while a command works: a bar with rate and time left, or plain lines."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

console = Console(highlight=False, soft_wrap=True)
EVERY = 5.0
"""Seconds between two plain lines."""

Advance = Callable[[int, int, str], None]
"""Called with (done, total, remark)."""


@contextmanager
def progress(task: str) -> Iterator[Advance]:
    """Yield a function that shows how far a task is."""
    if not console.is_terminal:
        yield _plain(task)
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
        number = bar.add_task(task, total=None, rate="", remark="")
        started = time.monotonic()

        def advance(done: int, total: int, remark: str = "") -> None:
            rate = f"{done / max(time.monotonic() - started, 1e-9):.0f}/s"
            bar.update(number, completed=done, total=total, rate=rate, remark=remark)

        yield advance


def _plain(task: str) -> Advance:
    started = said = time.monotonic()

    def advance(done: int, total: int, remark: str = "") -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < EVERY and done < total:
            return
        if done == total and now - started < EVERY:
            return
        said = now
        rate = done / max(now - started, 1e-9)
        left = (total - done) / max(rate, 1e-9)
        console.print(f"{task}: {done}/{total}, {rate:.0f}/s, {left:.0f} s left {remark}".rstrip())

    return advance


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(text(value) for value in row))
    Console(highlight=False, width=None if console.is_terminal else 160).print(shown)


def text(value: object) -> str:
    """Return a value as it is shown: three digits, a dash for what is undefined."""
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
