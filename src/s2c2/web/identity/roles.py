"""Who may do what: three roles, each of which may do all that the one before it may."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from s2c2.errors import unknown

Role = Literal["annotator", "reviewer", "owner"]
"""What an account is for."""

Right = Literal["annotate", "see others", "review", "export", "invite", "manage", "audit"]
"""What can be allowed.

``annotate``: act on the shared board and on one's own. ``see others``: see who answered what. ``review``:
decide disputed images, also on the boards of others. ``export``: download the annotation log. ``invite``:
make and withdraw invite links. ``manage``: change roles, disable, enable and reset accounts. ``audit``: read
the audit log.
"""

ROLES: tuple[Role, ...] = get_args(Role)
"""All roles, the least first."""

ALLOWED: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        "annotator": frozenset({"annotate"}),
        "reviewer": frozenset({"annotate", "see others", "review"}),
        "owner": frozenset(get_args(Right)),
    }
)
"""The rights of each role."""

SHARED = "shared"
"""The board that a team works on together; no account has this name."""


def may(role: Role, right: Right) -> bool:
    """Say whether a role has a right.

    Example:
        >>> may("reviewer", "review"), may("reviewer", "export")
        (True, False)
    """
    return right in ALLOWED[role]


def may_act(role: Role, name: str, scope: str, act: str) -> bool:
    """Say whether an account may do an act on the board of a scope.

    Args:
        role: its role.
        name: its name.
        scope: ``"{who}/{round}/{arm}"`` with ``who`` either ``shared`` or the name of an account.
        act: name of the act; only ``decide`` is for reviewers, and they may do it on any board.

    Example:
        >>> [may_act("annotator", "ada", scope, "label") for scope in ("ada/1/none", "bob/1/none")]
        [True, False]
    """
    if act == "decide":
        return may(role, "review")
    return may(role, "annotate") and scope.rsplit("/", 2)[0] in (SHARED, name)


def may_see(role: Role, name: str, scope: str) -> bool:
    """Say whether an account may see the board of a scope: its own, the shared one, others as a reviewer."""
    return may(role, "see others") or scope.rsplit("/", 2)[0] in (SHARED, name)


def lesser(first: Role, second: Role) -> Role:
    """Return the role of the two that may do less.

    Example:
        >>> lesser("owner", "reviewer")
        'reviewer'
    """
    return min(first, second, key=ROLES.index)


def checked_role(given: str) -> Role:
    """Return a role by its name.

    Raises:
        UserError: when there is none of that name.
    """
    for role in ROLES:
        if role == given:
            return role
    raise unknown("role", given, ROLES)
