"""Names of accounts: they become annotators in the log, so each means one person, for ever."""

import re
import unicodedata

from s2c2.errors import UserError
from s2c2.web.identity.roles import SHARED

LONGEST = 64
"""Characters that a name may have."""

PATTERN = re.compile(r"[^\W_](?:[\w .@'-]*[\w.])?")
"""Letters and digits of any script; a name begins with one, which also keeps spreadsheets from running it."""

RULE = f"use 1 to {LONGEST} letters, digits, spaces or . _ - @ ', beginning with a letter or digit"
"""What a name may be."""


def checked_name(given: str) -> str:
    """Return a name as it is kept: in Unicode's composed form, without spaces around it.

    Raises:
        UserError: when it breaks the rule or is reserved.

    Example:
        >>> checked_name(" Ada Lovelace ")
        'Ada Lovelace'
    """
    name = _composed(given)
    if name is None:
        raise UserError(f"this cannot be a name: {RULE}")
    if folded(name) == SHARED:
        raise UserError(f"the name '{name}' is reserved for the board of the team: choose another one")
    return name


def folded(given: str) -> str | None:
    """Return what two spellings of one name have in common; None for what can be no name.

    Example:
        >>> folded("ADA") == folded("ada"), folded("a/b")
        (True, None)
    """
    name = _composed(given)
    return None if name is None else unicodedata.normalize("NFKC", name.casefold())


def _composed(given: str) -> str | None:
    if len(given) > 4 * LONGEST:
        return None
    name = unicodedata.normalize("NFKC", given).strip()
    return name if len(name) <= LONGEST and PATTERN.fullmatch(name) else None
