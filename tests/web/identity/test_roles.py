from itertools import pairwise

import pytest

from s2c2.errors import UserError
from s2c2.web.identity.roles import ALLOWED, ROLES, Right, Role, checked_role, lesser, may, may_act, may_see

TABLE = """
            annotate  see others  review  export  invite  manage  audit
annotator   yes       no          no      no      no      no      no
reviewer    yes       yes         yes     no      no      no      no
owner       yes       yes         yes     yes     yes     yes     yes
"""


def test_allowed_is_this_table() -> None:
    head, *rows = [line for line in TABLE.splitlines() if line]
    rights = head.replace("see others", "see_others").split()
    said = {
        (name, right.replace("_", " ")): word == "yes"
        for name, *words in (row.split() for row in rows)
        for right, word in zip(rights, words, strict=True)
    }
    everything = set().union(*ALLOWED.values())
    assert {(role, right): right in ALLOWED[role] for role in ROLES for right in everything} == said


def test_a_higher_role_may_all_that_a_lower_one_may() -> None:
    for lower, higher in pairwise(ROLES):
        assert ALLOWED[lower] < ALLOWED[higher]
        assert lesser(lower, higher) == lesser(higher, lower) == lower


@pytest.mark.parametrize(
    ("role", "scope", "act", "allowed"),
    [
        ("annotator", "shared/1/s2c2", "accept", True),
        ("annotator", "ada/2/none", "undo", True),
        ("annotator", "adam/2/none", "label", False),
        ("annotator", "bob/1/ssl", "label", False),
        ("annotator", "shared/1/s2c2", "decide", False),
        ("annotator", "ada/1/s2c2", "decide", False),
        ("reviewer", "shared/1/s2c2", "decide", True),
        ("reviewer", "bob/1/s2c2", "decide", True),
        ("reviewer", "bob/1/s2c2", "label", False),
        ("owner", "bob/1/s2c2", "label", False),
        ("owner", "bob/1/s2c2", "decide", True),
        ("annotator", "", "label", False),
    ],
)
def test_acts_on_boards(role: Role, scope: str, act: str, allowed: bool) -> None:
    assert may_act(role, "ada", scope, act) is allowed


def test_only_reviewers_see_the_boards_of_others() -> None:
    seen = {
        role: [may_see(role, "ada", f"{who}/1/none") for who in ("shared", "ada", "bob")] for role in ROLES
    }
    assert seen == {"annotator": [True, True, False], "reviewer": [True] * 3, "owner": [True] * 3}


@pytest.mark.parametrize("right", sorted(ALLOWED["owner"]))
def test_may_reads_the_table(right: Right) -> None:
    assert {role for role in ROLES if may(role, right)} == {role for role in ROLES if right in ALLOWED[role]}


def test_an_unknown_role_names_the_possible_ones() -> None:
    with pytest.raises(UserError, match="did you mean 'reviewer'"):
        checked_role("reviwer")
