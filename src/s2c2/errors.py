"""Errors that meet people: what was given, what is possible, and what was probably meant."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

T = TypeVar("T")


class UserError(ValueError):
    """Something a person gave that cannot work.

    The message is one sentence that a person can act on. The command line prints it without a traceback
    and exits with code 2. Another process reads it as it is, whatever a class below this one is made from.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[UserError], arguments: tuple[Any, ...], content: Mapping[str, Any]) -> UserError:
    """Return an error that comes from another process."""
    error = kind.__new__(kind, *arguments)
    vars(error).update(content)
    return error


def unknown(kind: str, given: str, possible: Iterable[str]) -> UserError:
    """Return the error for a name that does not exist.

    Args:
        kind: what was named, for example ``"algorithm"``.
        given: the name that was given.
        possible: all names that exist.

    Example:
        >>> print(unknown("algorithm", "fixmach", ["fixmatch", "mixmatch"]))
        unknown algorithm 'fixmach': did you mean 'fixmatch'? Possible: fixmatch, mixmatch
    """
    names = list(possible)
    close = meant(given, names)
    hint = f"did you mean '{close}'? " if close else ""
    return UserError(f"unknown {kind} '{given}': {hint}Possible: {', '.join(names)}")


def command_line(*words: object) -> str:
    """Return a call of the command line as it can be copied: words with blanks and the like are quoted.

    Example:
        >>> print(command_line("train", "my images", "--out", "RUN"))
        s2c2 train 'my images' --out RUN
    """
    return shlex.join(["s2c2", *map(str, words)])


def meant(given: str, names: Sequence[str]) -> str | None:
    """Return the name that was probably meant; None where none is near.

    Example:
        >>> meant("BO", ["ada", "Bo"]), meant("adda", ["ada", "Bo"]), meant("x", ["ada", "Bo"])
        ('Bo', 'ada', None)
    """
    same = [name for name in names if name.casefold() == given.casefold()]
    return next(iter(same or get_close_matches(given, names, n=1)), None)


def chosen(kind: str, name: str, registry: Mapping[str, T]) -> T:
    """Return the entry of a registry by its name.

    Raises:
        UserError: for a name that does not exist.
    """
    if name not in registry:
        raise unknown(kind, name, registry)
    return registry[name]
