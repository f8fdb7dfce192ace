"""How long work reports how far it is."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, total), both counts of the same things, for example images."""


def silent(done: int, total: int) -> None:
    """Report to nobody; the default of ``progress``."""
