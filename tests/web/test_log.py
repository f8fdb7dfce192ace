"""The annotation log against hand values and a naive walk through the acts."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.data.answers import SCHEMA
from s2c2.errors import UserError
from s2c2.metrics import annotation_log
from s2c2.web import log
from s2c2.web.acts import Name, Recorded, Shown
from s2c2.web.board import Board
from tests.web.naive import Naive
from tests.web.starts import SCOPE, act, does, small

TIME = "2026-01-01T00:00:00Z"


def test_a_row_holds_all_that_was_measured() -> None:
    said = act(
        "accept",
        (2, 0),
        "class-0",
        label=1,
        selected=5,
        shown=Shown(0, 0.75),
        active=3.0,
        wall=8.0,
        at="then",
    )
    (first, second) = log.frame(small(), [Recorded(1, "ann", TIME, said)]).rows(named=True)
    assert first == {
        "image": "i2.png",
        "annotator": "ann",
        "round": 1,
        "arm": "s2c2",
        "label": "dog",
        "kind": "accept",
        "distribution": None,
        "proposal": "cat",
        "strength": 0.75,
        "shown": True,
        "hidden": None,
        "group": "class-0",
        "group_kind": "class",
        "selected": 5,
        "seconds": 1.5,
        "wall": 4.0,
        "client_time": "then",
        "server_time": TIME,
        "key": "key",
        "live": True,
    }
    assert second == first | {"image": "i0.png"}


@pytest.mark.parametrize(
    ("name", "fields", "kind", "label"),
    [
        ("skip", {}, "skip", None),
        ("flag", {}, "flag", None),
        ("ambiguous", {"distribution": (0.5, 0.5)}, "ambiguous", None),
        ("ambiguous", {"distribution": (0.25, 0.75)}, "ambiguous", "dog"),
        ("decide", {"label": 0}, "decide", "cat"),
        ("grow", {"label": 0, "group": "class-0"}, "label", "cat"),
    ],
)
def test_kinds_and_labels(name: Name, fields: dict[str, Any], kind: str, label: str | None) -> None:
    row = log.frame(small(), [Recorded(1, "ann", TIME, act(name, (8,), **fields))]).row(0, named=True)
    assert (row["kind"], row["label"], row["proposal"], row["shown"]) == (kind, label, None, False)
    assert row["distribution"] == (list(fields["distribution"]) if "distribution" in fields else None)


def test_groups_made_on_the_way_have_their_kinds() -> None:
    board = Board(small())
    acts = [
        does(board, "ann", act("split", (0,), "class-0")),
        does(board, "ann", act("label", (0,), "split-1-1", label=0)),
        does(board, "ann", act("misfit", (4,), "cluster-1")),
        does(board, "ann", act("label", (4,), "misfits", label=0)),
        does(board, "ann", act("label", (9,), label=0)),
        does(board, "ann", act("label", (9,), "all", label=0, scope="ann/2/none")),
    ]
    rows = log.frame(small(), acts).select("group", "group_kind", "arm", "round").rows()
    assert rows == [
        ("split-1-1", "split", "s2c2", 1),
        ("misfits", "misfits", "s2c2", 1),
        (None, None, "s2c2", 1),
        ("all", "plain", "none", 2),
    ]


def test_what_was_undone_answered_anew_or_taken_back_is_dead() -> None:
    board = Board(small())
    acts = [
        does(board, "ann", act("label", (0, 1, 2), "class-0", label=0, key="a")),
        does(board, "ann", act("label", (1,), "class-0", label=1, key="b")),
        does(board, "bo", act("label", (0,), "class-0", label=1, key="c")),
        does(board, "ann", act("misfit", (2,), "class-0", key="d")),
        does(board, "ann", act("label", (3,), "class-0", label=1, key="e")),
        does(board, "ann", act("undo", target_seq=5, key="f")),
        does(board, "ann", act("flag", (0,), "class-0", key="g")),
    ]
    rows = log.frame(small(), acts).select("key", "image", "live").rows()
    assert rows == [
        ("a", "i0.png", True),  # bo's later answer is bo's
        ("a", "i1.png", False),
        ("a", "i2.png", False),
        ("b", "i1.png", True),
        ("c", "i0.png", True),
        ("e", "i3.png", False),
        ("g", "i0.png", True),
    ]
    assert log.frame(small(), acts, dead=False)["key"].to_list() == ["a", "b", "c", "g"]


def test_an_empty_log_has_all_columns() -> None:
    assert log.frame(small(), []).schema == SCHEMA
    assert log.table([]).schema == log.ACTS


def test_the_log_is_one_that_the_metrics_take() -> None:
    acts = [Recorded(1, "ann", TIME, act("label", (0, 1), "class-0", label=1, active=3.0))]
    checked = annotation_log.checked(log.frame(small(), acts, dead=False))
    assert checked["seconds"].to_list() == [1.5, 1.5]


def test_the_table_of_acts_holds_all_time() -> None:
    board = Board(small())
    acts = [
        does(board, "ann", act("misfit", (0, 1), "class-0", active=2.0, wall=3.0, selected=2)),
        does(board, "ann", act("finish", (), "class-0", active=1.0)),
        does(board, "ann", act("undo", target_seq=2, active=0.5)),
    ]
    table = log.table(acts)
    assert table.select("act", "images", "active", "live").rows() == [
        ("misfit", 2, 2.0, True),
        ("finish", 0, 1.0, False),
        ("undo", 0, 0.5, True),
    ]


steps = st.tuples(
    st.sampled_from(["ann", "bo"]),
    st.sampled_from(["label", "skip", "misfit", "flag", "undo", "redo", "ambiguous"]),
    st.lists(st.integers(0, 3), min_size=1, unique=True),
)


@settings(max_examples=60)
@given(st.lists(steps, max_size=15))
def test_live_answers_are_the_last_words_of_each_annotator(drawn: list[tuple[str, Name, list[int]]]) -> None:
    board, acts = Board(small()), list[Recorded]()
    for who, name, images in drawn:
        fields: dict[str, Any] = {"label": 1} if name == "label" else {}
        fields |= {"distribution": (0.25, 0.75)} if name == "ambiguous" else {}
        if name in ("undo", "redo"):
            target = board.undoable(SCOPE, who) if name == "undo" else board.redoable(SCOPE, who)
            sent = act(name, target_seq=target)
        else:
            sent = act(name, tuple(images), "class-0", **fields)
        try:
            acts.append(does(board, who, sent))
        except UserError:
            continue
    naive = Naive(small())
    naive.log = acts
    last: dict[tuple[str, int], int] = {}
    for recorded in naive.live():
        for image in recorded.act.images:
            if recorded.act.name == "misfit":
                last.pop((recorded.annotator, image), None)
            elif recorded.act.name != "flag":
                last[recorded.annotator, image] = recorded.seq
    expected = sorted((who, f"i{image}.png", acts[seq - 1].time) for (who, image), seq in last.items())
    frame = log.frame(small(), acts, dead=False).filter(pl.col("kind") != "flag")
    assert sorted(frame.select("annotator", "image", "server_time").rows()) == expected
    assert log.live(acts) == {r.seq for r in acts if board.live(r.seq)}
