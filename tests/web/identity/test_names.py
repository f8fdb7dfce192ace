import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.errors import UserError
from s2c2.web.identity.names import LONGEST, checked_name, folded


@pytest.mark.parametrize(
    "name", ["ada", "Ada Lovelace", "o'neill", "ada@example.org", "李雷", "Zoë", "7", "a.b-c_d"]
)
def test_names(name: str) -> None:
    assert checked_name(name) == unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a/b",
        "=cmd()",
        "-x",
        "_x",
        "(command line)",
        "a\0b",
        "a\nb",
        "a\u202eb",
        "x" * 65,
        "\ud800",
        "a-",
        "x" * 2**20,
    ],
)
def test_what_can_be_no_name(name: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_name(name)
    assert len(str(caught.value)) < 200
    assert folded(name) is None


@pytest.mark.parametrize("name", ["shared", "Shared", " SHARED "])
def test_the_name_of_the_team_is_reserved(name: str) -> None:
    with pytest.raises(UserError, match="reserved"):
        checked_name(name)


@pytest.mark.parametrize(
    ("first", "second"),
    [("ada", "ADA"), ("straße", "STRASSE"), ("e\u0301va", "\u00e9va"), ("ＡＤＡ", "ada"), (" ada", "ada")],
)
def test_spellings_of_one_name(first: str, second: str) -> None:
    assert folded(first) == folded(second) is not None


@given(st.text(max_size=300))
def test_a_name_is_kept_as_it_is_or_refused(text: str) -> None:
    try:
        name = checked_name(text)
    except UserError:
        return
    assert checked_name(name) == name
    assert folded(name) == folded(text)
    assert 1 <= len(name) <= LONGEST
    assert "/" not in name
    assert "\0" not in name
    assert len(folded(name) or "") <= 256
