"""Acts as JSON, and names of scopes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.errors import UserError
from s2c2.web.acts import Act, Scope, Shown, decode, encode
from tests.web.starts import act

numbers = st.floats(0, 1e9, allow_nan=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
acts = st.builds(
    Act,
    key=texts,
    name=st.sampled_from(["label", "recluster"]),
    scope=texts,
    group=st.none() | texts,
    version=st.none() | st.integers(0, 2**60),
    images=st.lists(st.integers(0, 2**31)).map(tuple),
    label=st.none() | st.integers(0, 9),
    distribution=st.none() | st.lists(numbers).map(tuple),
    target=st.none() | texts,
    parts=st.none() | st.lists(st.lists(st.integers(0, 9)).map(tuple)).map(tuple),
    target_seq=st.none() | st.integers(1, 2**60),
    selected=st.integers(0, 9),
    shown=st.none() | st.builds(Shown, label=st.integers(0, 9), strength=numbers),
    active=numbers,
    wall=numbers,
    at=texts,
    tab=texts,
)


@given(acts)
def test_an_act_comes_back_as_it_was(act: Act) -> None:
    assert decode(encode(act)) == act


@pytest.mark.parametrize("payload", ["", "null", "[]", '{"key": 1}', encode(act("skip", (1,)))[:-5]])
def test_a_damaged_payload_is_a_sentence(payload: str) -> None:
    with pytest.raises(UserError):
        decode(payload)


def test_whole_numbers_are_taken_as_seconds() -> None:
    payload = encode(act("skip", (1,), active=2.0)).replace('"active":2.0', '"active":2')
    assert decode(payload) == replace(act("skip", (1,)), active=2.0)


@pytest.mark.parametrize("text", ["shared/1/s2c2", "a/b/12/none", "änn@home/1/ssl"])
def test_a_scope_is_read_back(text: str) -> None:
    assert str(Scope.parse(text)) == text


def test_a_name_may_hold_slashes() -> None:
    assert Scope.parse("a/b/12/none") == Scope("a/b", 12, "none")


@pytest.mark.parametrize(
    "text", ["", "shared", "shared/1", "/1/s2c2", "shared/0/s2c2", "shared/x/s2c2", "shared/1/"]
)
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="WHO/ROUND/ARM"):
        Scope.parse(text)
