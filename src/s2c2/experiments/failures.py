"""What went wrong with a job, as it comes from its process to the one that waits for it."""

import pickle
import traceback

from s2c2.errors import UserError


class ForeignError(Exception):
    """An error of a kind that no other process can make again; its words begin with the name of the kind."""


def portable(error: BaseException) -> BaseException:
    """Return an error that another process reads with the same words: itself, where it can be sent.

    An error of a library may hold what cannot be pickled, or be made from other arguments than it passes on:
    the first cannot be sent, the second not be read, which would look like the death of the process.
    """
    try:
        again = pickle.loads(pickle.dumps(error))
        same = type(again) is type(error) and _content(again) == _content(error)
    except Exception:
        same = False
    if same:
        return error
    return UserError(words(error)) if isinstance(error, UserError) else ForeignError(named(error))


def _content(error: BaseException) -> tuple[str, list[str]]:
    return str(error), getattr(error, "__notes__", [])


def words(error: BaseException) -> str:
    """Return the words of an error in one line; none where they cannot be had."""
    try:
        return " ".join(str(error).split())
    except Exception:
        return ""


def named(error: BaseException) -> str:
    """Return the kind of an error and its words, in one line.

    Example:
        >>> named(KeyError("a")), named(KeyboardInterrupt()), named(ForeignError("TooBig: by one"))
        ("KeyError: 'a'", 'KeyboardInterrupt', 'TooBig: by one')
    """
    said = words(error)
    return said if isinstance(error, ForeignError) else f"{type(error).__name__}{said and f': {said}'}"


def sent(error: BaseException | None) -> bytes:
    """Return how a job ended as bytes for :func:`received`, with the traceback as a note."""
    if error is None:
        return pickle.dumps(None)
    told = "".join(traceback.format_exception(error))
    error.add_note(told)
    carried = portable(error)
    if carried is not error:
        carried.add_note(told)
    return pickle.dumps(carried)


def received(data: bytes) -> BaseException | None:
    """Return how a job ended; what cannot be read here, as where a library is missing, is an error too."""
    try:
        error: BaseException | None = pickle.loads(data)
    except Exception as unread:
        return ForeignError(f"it failed, and how it failed cannot be read here: {named(unread)}")
    return error
