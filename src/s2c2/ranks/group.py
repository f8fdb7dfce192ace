"""The processes of a run as one of them sees them: who leads, what all agree on, and who was lost."""

import hashlib
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from s2c2.errors import UserError

T = TypeVar("T")
P = ParamSpec("P")


class LostError(UserError):
    """Another process of the run ended, or cannot be reached."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"another process of this run was lost ({reason}), so this one stopped too. Start them again; "
            "a training goes on from its last checkpoint with --resume, in as many processes as you like"
        )


@runtime_checkable
class Ranks(Protocol):
    """The processes of a run. Each calls the same methods in the same order."""

    @property
    def rank(self) -> int:
        """Number of this process, from 0; number 0 leads: it alone writes files."""

    @property
    def world(self) -> int:
        """Number of processes."""

    def lead(self, work: Callable[[], T], then: Callable[[], T]) -> T:
        """Let the leader work while the others wait; afterwards they do ``then``. It may take any time.

        Raises:
            UserError: on all of them, when the work fails.
        """

    def meet(self) -> None:
        """Wait until all are here; it may take any time, as long as none is lost."""

    def any(self, flag: bool) -> bool:
        """Return whether any of them says yes."""

    def same(self, what: str, text: Callable[[], str]) -> None:
        """Make sure that all have the same text.

        Raises:
            UserError: on all of them, when one differs; it names ``what``.
        """

    def rows(self, vector: Float[Tensor, " n"]) -> Float[Tensor, "world n"]:
        """Return the vectors of all, in the order of their numbers: the same bits on each."""

    def add(self, vector: Float[Tensor, " n"]) -> None:
        """Add the vectors of the others, in place; the sum is the same on each."""


class Alone:
    """One process."""

    rank = 0
    world = 1

    def lead(self, work: Callable[[], T], then: Callable[[], T]) -> T:
        """Return what the work gives."""
        return work()

    def meet(self) -> None:
        """Wait for nobody."""

    def any(self, flag: bool) -> bool:
        """Return the flag."""
        return flag

    def same(self, what: str, text: Callable[[], str]) -> None:
        """Agree with itself."""

    def rows(self, vector: Float[Tensor, " n"]) -> Float[Tensor, "1 n"]:
        """Return the vector as the only row."""
        return vector[None]

    def add(self, vector: Float[Tensor, " n"]) -> None:
        """Add nothing."""


ALONE = Alone()
"""The ranks of a run that nothing is shared in."""


def first(ranks: Ranks, work: Callable[[], T]) -> T:
    """Let the leader work, then the others do the same: they find what it left on disk."""
    return ranks.lead(work, work)


def led(ranks: Ranks, work: Callable[[], None]) -> None:
    """Let the leader work while the others wait."""
    ranks.lead(work, lambda: None)


def only(ranks: Ranks, work: Callable[P, None]) -> Callable[P, None]:
    """Return the work on the leader, and nothing to do on the others, which do not wait."""

    def nothing(*arguments: P.args, **named: P.kwargs) -> None:
        return None

    return work if ranks.rank == 0 else nothing


def share(ranks: Ranks, count: int) -> slice:
    """Return which of ``count`` things in a row are this process's: the shares differ by one at most.

    Example:
        >>> share(ALONE, 5)
        slice(0, 5, None)
    """
    return slice(*(count * rank // ranks.world for rank in (ranks.rank, ranks.rank + 1)))


def number(text: str) -> Float[Tensor, " 2"]:
    """Return a digest of a text as two numbers that float64 holds exactly.

    Example:
        >>> bool((number("a") == number("a")).all()), bool((number("a") == number("b")).all())
        (True, False)
    """
    digest = hashlib.blake2b(text.encode(), digest_size=12).digest()
    halves = [int.from_bytes(digest[at : at + 6], "big") for at in (0, 6)]
    return torch.tensor(halves, dtype=torch.float64)
