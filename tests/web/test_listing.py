from hypothesis import given
from hypothesis import strategies as st

from s2c2.web.answers import Progress, Summary
from s2c2.web.listed import Listed
from s2c2.web.listing import Listing
from s2c2.web.messages import GroupItem
from s2c2.web.settings import Assignment

NAN = float("nan")
COHERENCES = {"a": 0.5, "b": 0.5, "c": NAN, "d": 0.25, "e": NAN, "f": 1.0}


def summary(group: str, size: int, open_: int) -> Summary:
    return Summary(group, group, "cluster", size, open_, open_ == 0, None, NAN, COHERENCES[group], 0)


sizes = st.integers(0, 4).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size)))
changes = st.lists(st.tuples(st.sampled_from("abcdef"), sizes), max_size=12)


@given(begin=changes, later=changes)
def test_groups_stay_in_order_whatever_changes(
    begin: list[tuple[str, tuple[int, int]]], later: list[tuple[str, tuple[int, int]]]
) -> None:
    now = {group: summary(group, *counts) for group, counts in begin}
    listing = Listing((one, (0, ord(group), 0)) for group, one in now.items())
    assert listing.ordered == expected(now)
    for group, counts in later:
        now[group] = summary(group, *counts)
        listing.put(now[group], (0, ord(group), 0))
        assert listing.ordered == expected(now)
    there = [one for one in now.values() if one.size]
    answered = sum(one.size for one in there) - sum(one.open for one in there)
    done = sum(one.done for one in there)
    assert listing.progress == Progress(sum(one.size for one in there), answered, len(there), done)
    for group in now:
        listing.drop(group)
    assert (listing.ordered, listing.progress) == ((), Progress(0, 0, 0, 0))


def expected(now: dict[str, Summary]) -> tuple[Summary, ...]:
    """Groups with members: open ones first, the heavy ones first, else by name."""

    def weight(one: Summary) -> float:
        return 0.0 if one.coherence != one.coherence else one.size * one.coherence

    by_name = sorted((one for one in now.values() if one.size), key=lambda one: one.group)
    heavy = sorted(by_name, key=weight, reverse=True)
    return tuple([one for one in heavy if not one.done] + [one for one in heavy if one.done])


def item(one: Summary) -> GroupItem:
    facts = {"group": one.group, "name": one.name, "kind": one.kind, "size": one.size, "open": one.open}
    none = dict.fromkeys(("suggestion", "strength", "ambiguity", "coherence"))
    return GroupItem.model_validate(facts | none | {"done": one.done, "version": one.version})


def test_only_groups_that_changed_are_written_again() -> None:
    asked: list[str] = []

    def noted(one: Summary) -> GroupItem:
        asked.append(one.group)
        return item(one)

    listed, on = Listed(kept=1), Assignment("shared/1/s2c2", "s2c2", 1)
    a, b = summary("a", 3, 1), summary("b", 2, 2)
    first = listed.items(on, [a, b], noted)
    assert [GroupItem.model_validate_json(text).size for text in first] == [3, 2]
    assert listed.items(on, [b, a], noted) == first[::-1]
    assert asked == ["a", "b"]
    (text,) = listed.items(on, [summary("b", 2, 1)], noted)
    assert GroupItem.model_validate_json(text).open == 1
    assert asked == ["a", "b", "b"]


def test_boards_are_told_apart_and_only_the_last_ones_are_held() -> None:
    asked: list[str] = []

    def noted(one: Summary) -> GroupItem:
        asked.append(one.group)
        return item(one)

    listed, one = Listed(kept=1), summary("a", 3, 1)
    for hidden in (frozenset[str](), frozenset({"a"}), frozenset[str]()):
        listed.items(Assignment("ann/1/s2c2", "s2c2", 1, hidden), [one], noted)
    assert asked == ["a"] * 3
