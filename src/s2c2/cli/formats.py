"""``--format``: where it is missing, what it may be is said."""

from collections.abc import Iterable

from s2c2.errors import UserError


def given(format: str | None, possible: Iterable[str]) -> str:
    """Return the format that was asked for; whether there is such a one is for the caller to find out.

    Args:
        format: what a person gave.
        possible: the formats that there are.

    Raises:
        UserError: when nothing was given; lists them.
    """
    if format is None:
        raise UserError(f"--format is missing. Possible: {', '.join(possible)}")
    return format
