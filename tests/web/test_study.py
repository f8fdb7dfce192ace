"""The plan of a study: what study.yaml may say, and who sees what in which order."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.errors import UserError
from s2c2.web.acts import Scope
from s2c2.web.start import Start
from s2c2.web.study import (
    Study,
    chosen,
    controls,
    described,
    ordered,
    read_study,
    sequence,
    starts,
    takes_part,
)
from s2c2.web.studying import study_start
from tests.web.starts import group, small

ARMS = ["none", "ssl", "s2c2"]
PEOPLE = st.lists(st.text("abcdef", min_size=1, max_size=5), min_size=1, max_size=7, unique=True)
STUDIES = st.builds(
    Study,
    name=st.just("pilot"),
    seed=st.integers(0, 2**32 - 1),
    arms=st.lists(st.sampled_from(ARMS), min_size=1, unique=True),
    rounds=st.integers(1, 4),
    control=st.floats(0, 0.9),
    group=st.integers(1, 7),
    images=st.integers(1, 12) | st.just("all"),
    annotators=PEOPLE | st.none(),
)


def proposals() -> Start:
    """Return twelve images; in both arms with proposals each is in one group."""
    images = tuple(f"i{n}.png" for n in range(12))
    ssl = (group("class-0", (0, 1, 2, 3, 4, 5)), group("class-1", (6, 7, 8, 9, 10, 11)))
    s2c2 = (
        group("class-0", (1, 0, 2)),
        group("cluster-1", (11, 3, 4, 5, 6)),
        group("cluster-2", (7, 8, 9, 10)),
    )
    return Start(
        images, ("cat", "dog"), {"none": (group("all", tuple(range(12))),), "ssl": ssl, "s2c2": s2c2}
    )


@given(STUDIES)
def test_each_image_once_per_arm(study: Study) -> None:
    start = study_start(proposals(), study, None)
    wanted = chosen(study, start.images, None)
    assert set(start.groups) == set(study.arms)
    for arm, groups in start.groups.items():
        shown = [image for one in groups for image in one.images]
        assert sorted(shown) == sorted(wanted)
        assert all(0 < len(one.images) == len(one.typicality) == len(one.extreme) for one in groups)
        assert all(len(one.images) <= study.group for one in groups if one.kind == "plain")
        plain = {image for one in groups if one.kind == "plain" for image in one.images}
        assert plain == (set(wanted) if arm == "none" else set(start.hidden.get(arm, ())))
        assert all((one.distribution is None) == (one.kind == "plain") for one in groups)
        if arm != "none":
            assert len(plain) == round(study.control * len(wanted))


@given(STUDIES, PEOPLE)
def test_each_annotator_goes_through_each_arm_once_a_round(study: Study, people: list[str]) -> None:
    for person in people:
        boards = sequence(study, person)
        assert {board.who for board in boards} == {person}
        assert [board.round for board in boards] == sorted(board.round for board in boards)
        assert Counter((board.round, board.arm) for board in boards) == {
            (turn, arm): 1 for turn in range(1, study.rounds + 1) for arm in study.arms
        }
        assert boards == sequence(Study.model_validate(study.model_dump()), person)


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 6]))
def test_places_of_arms_are_balanced_over_annotators(seed: int, people: int) -> None:
    names = [f"p{n}" for n in range(people)]
    study = Study(name="pilot", seed=seed, annotators=names)
    for turn in (1, 2):
        orders = [[b.arm for b in sequence(study, name) if b.round == turn] for name in names]
        for place in range(3):
            assert Counter(order[place] for order in orders) == dict.fromkeys(ARMS, people // 3)


@given(st.integers(0, 2**32 - 1), st.integers(0, 300))
def test_orders_are_permutations_that_repeat(seed: int, n: int) -> None:
    study, scope = Study(name="pilot", seed=seed), Scope("ada", 1, "none")
    first = ordered(study, scope, "plain-1", range(n))
    assert sorted(first) == list(range(n))
    assert first == ordered(study, scope, "plain-1", range(n))


@pytest.mark.parametrize("other", [Scope("bob", 1, "none"), Scope("ada", 2, "none"), Scope("ada", 1, "ssl")])
def test_orders_differ_between_annotators_rounds_and_arms(other: Scope) -> None:
    study, images = Study(name="pilot"), range(50)
    assert ordered(study, Scope("ada", 1, "none"), "g", images) != ordered(study, other, "g", images)


def test_seeds_differ() -> None:
    a, b = (Study(name="pilot", seed=seed, images=100) for seed in (0, 1))
    ids = [f"i{n}" for n in range(1000)]
    assert chosen(a, ids, None) != chosen(b, ids, None)
    assert controls(a, "ssl", range(1000)) != controls(b, "ssl", range(1000))
    assert controls(a, "ssl", range(1000)) != controls(a, "s2c2", range(1000))


def test_hidden_classes_are_those_of_the_groups() -> None:
    start = small()
    found = study_start(
        start, Study(name="pilot", arms=["s2c2"], control=0.5, images=["i0.png", "i6.png"]), None
    )
    (image,) = found.hidden["s2c2"]
    assert found.hidden == {"s2c2": {image: 0}}  # 0.75 of cat in each group of the start
    assert image in (0, 6)


def test_images_by_split_and_by_name() -> None:
    ids, splits = ["a", "b", "c"], ["labeled", "validation", "validation"]
    assert chosen(Study(name="p", images="validation"), ids, splits) == (1, 2)
    assert chosen(Study(name="p", images=["c", "a"]), ids, splits) == (0, 2)
    with pytest.raises(UserError, match="did you mean 'validation'"):
        chosen(Study(name="p", images="validatoin"), ids, splits)
    with pytest.raises(UserError, match="images of the study that do not exist: 1, such as 'x'"):
        chosen(Study(name="p", images=["x", "a"]), ids, splits)
    with pytest.raises(UserError, match="there are only 3"):
        chosen(Study(name="p", images=4), ids, splits)


def test_washout() -> None:
    study = Study(name="p", washout_days=1.5)
    last = datetime(2026, 3, 1, 12, tzinfo=UTC)
    early = starts(study, Scope("ada", 2, "none"), last, last + timedelta(days=1))
    assert early == "round 2 starts 1.5 days after round 1, on 2026-03-03 at 00:00 UTC"
    assert starts(study, Scope("ada", 2, "none"), last, last + timedelta(days=1.5)) is None
    assert starts(study, Scope("ada", 1, "none"), last, last) is None


def test_only_those_listed_take_part() -> None:
    study = Study(name="p", annotators=["adele", "Bob"])
    for name, hint in [("adel", ": did you mean 'adele'?"), ("bob", ": did you mean 'Bob'?"), ("eve", "")]:
        with pytest.raises(UserError) as refused:
            takes_part(study, name)
        assert str(refused.value) == f"the study p lists adele, Bob, not '{name}'{hint}"
    takes_part(Study(name="p"), "anybody")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "p", "contrl": 0.1}, ["unknown key 'contrl': did you mean 'control'?"]),
        ({}, ["name is missing"]),
        ({"name": "p", "arms": ["nne", "none"]}, ["unknown arm 'nne': did you mean 'none'?"]),
        ({"name": "p", "arms": ["ssl", "ssl"]}, ["'ssl' is listed twice under arms"]),
        ({"name": "p", "rounds": "2", "control": 2, "sed": 1}, ["rounds = '2'", "control = 2", "key 'sed'"]),
        ({"name": "p", "images": 0}, ["images must be a number ≥ 1, a list of image ids, or a split, not 0"]),
        ({"name": "p", "images": []}, ["no images are listed"]),
        ({"name": "p", "washout_days": float("nan")}, ["washout_days = nan"]),
        ({"name": "a/b"}, ["name = 'a/b'"]),
        ([], ["must hold keys and values"]),
    ],
)
def test_mistakes_are_said_all_at_once(fields: Any, said: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        described(fields)
    assert all(sentence in str(caught.value) for sentence in said), str(caught.value)
    assert "\n" not in str(caught.value)


def test_reading_a_file(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("name: pilot\nimages: 300\nwashout_days: 7\n", encoding="utf-8")
    assert read_study(path) == Study(name="pilot", images=300, washout_days=7.0)
    path.write_text("name: [", encoding="utf-8")
    with pytest.raises(UserError, match=f"cannot read {path}"):
        read_study(path)
    with pytest.raises(UserError, match="No such file"):
        read_study(tmp_path / "none.yaml")
