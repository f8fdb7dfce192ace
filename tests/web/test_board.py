"""Cases by hand: what each act does, who is refused and what the sentence says."""

import math
import re
from typing import Any

import pytest

from s2c2.errors import UserError
from s2c2.web.acts import Conflict, Name, Recorded
from s2c2.web.board import Board
from s2c2.web.start import Start
from tests.web.starts import SCOPE, act, does, group, small


@pytest.fixture
def board() -> Board:
    return Board(small())


def test_groups_come_by_size_times_coherence_with_the_open_ones_first(board: Board) -> None:
    assert [group.group for group in board.groups(SCOPE)] == ["class-0", "cluster-1", "cluster-2"]
    does(board, "ann", act("accept", (0, 1, 2, 3), "class-0", label=0))
    assert [group.group for group in board.groups(SCOPE)] == ["cluster-1", "cluster-2", "class-0"]
    assert board.group(SCOPE, "class-0").done


def test_a_group_keeps_its_order_and_new_members_come_last(board: Board) -> None:
    does(board, "ann", act("grow", (8, 2), "cluster-1"))
    assert board.members(SCOPE, "cluster-1") == (6, 4, 5, 8, 2)
    assert board.members(SCOPE, "class-0") == (0, 1, 3)


def test_a_misfit_leaves_its_group_and_loses_its_answer(board: Board) -> None:
    does(board, "ann", act("label", (0, 1), "class-0", label=1))
    does(board, "ann", act("misfit", (0,), "class-0"))
    assert board.members(SCOPE, "misfits") == board.open_members(SCOPE, "misfits") == (0,)
    assert board.misfit(SCOPE, 0)
    assert board.answer(SCOPE, 0) is None
    assert board.groups(SCOPE)[-1].kind == "misfits"


def test_parts_of_a_cluster_are_groups_with_its_name_and_coherence(board: Board) -> None:
    does(board, "ann", act("split", (4,), "cluster-1"))
    does(board, "ann", act("recluster", (0, 1, 2, 3), "class-0", parts=((3, 0), (1, 2))))
    does(board, "ann", act("split", (0,), "split-2-1"))
    named = {group.group: (group.name, group.coherence) for group in board.groups(SCOPE)}
    assert named["split-1-1"] == ("cluster 1 · part 1.1", 0.5)
    assert named["split-2-2"] == ("class 0 · part 2.2", 0.9)
    assert named["split-3-1"] == ("class 0 · part 3.1", 0.9)
    assert board.members(SCOPE, "split-2-1") == (3,)
    assert "class-0" not in named


def test_merging_moves_everything_and_reopens_the_target(board: Board) -> None:
    does(board, "ann", act("finish", (), "cluster-2"))
    assert board.group(SCOPE, "cluster-2").done
    does(board, "ann", act("merge", (6, 4, 5), "cluster-1", target="cluster-2"))
    assert board.members(SCOPE, "cluster-2") == (7, 8, 6, 4, 5)
    assert not board.group(SCOPE, "cluster-2").done
    assert board.group(SCOPE, "cluster-1").size == 0


def test_growing_can_label_what_joins(board: Board) -> None:
    does(board, "ann", act("grow", (7,), "class-0", label=0))
    answer = board.answer(SCOPE, 7)
    assert answer is not None
    assert (answer.kind, answer.label) == ("label", 0)


def test_a_flag_is_no_answer(board: Board) -> None:
    does(board, "ann", act("flag", (0,), "class-0"))
    assert board.flagged(SCOPE, 0)
    assert board.open_members(SCOPE, "class-0") == (0, 1, 2, 3)
    does(board, "ann", act("label", (0,), "class-0", label=1))
    assert board.flagged(SCOPE, 0)


def test_progress_counts_images_of_the_arm(board: Board) -> None:
    does(board, "ann", act("skip", (0, 1), "class-0"))
    does(board, "ann", act("ambiguous", (7, 8), "cluster-2", distribution=(0.5, 0.5)))
    progress = board.progress(SCOPE)
    assert (progress.images, progress.answered, progress.groups, progress.done) == (9, 4, 3, 1)
    assert board.progress("shared/1/none").answered == 0


def test_two_people_on_one_cluster_never_overwrite_each_other(board: Board) -> None:
    does(board, "ann", act("label", (4,), "cluster-1", label=0, version=0, tab="a"))
    with pytest.raises(Conflict) as caught:
        board.check("bo", act("label", (5,), "cluster-1", label=1, version=0, tab="b"))
    error = caught.value
    assert (error.who, error.act, error.at, error.version) == ("ann", "label", "2026-01-01T00:00:00Z", 1)
    assert str(error) == "cluster-1 has changed: ann labeled 1 image of cluster-1 at 2026-01-01T00:00:00Z"
    board.check("bo", act("label", (5,), "cluster-1", label=1, version=1, tab="b"))


def test_a_queue_of_acts_of_one_tab_does_not_conflict_with_itself(board: Board) -> None:
    does(board, "ann", act("label", (4,), "cluster-1", label=0, version=0, tab="a"))
    does(board, "ann", act("label", (4, 5), "cluster-1", label=1, version=0, tab="a"))
    with pytest.raises(Conflict, match="ann labeled 2 images"):
        board.check("ann", act("label", (5,), "cluster-1", label=1, version=0, tab="other"))


def test_many_people_label_one_plain_group_at_once(board: Board) -> None:
    scope = "shared/1/none"
    does(board, "ann", act("label", (4,), "all", label=0, version=0, scope=scope, tab="a"))
    does(board, "bo", act("label", (5,), "all", label=0, version=0, scope=scope, tab="b"))
    with pytest.raises(Conflict, match="image 4 has changed: ann labeled 1 image"):
        board.check("bo", act("label", (4,), "all", label=1, version=0, scope=scope, tab="b"))


def test_misfits_can_be_labeled_while_others_add_to_them(board: Board) -> None:
    does(board, "ann", act("misfit", (0,), "class-0", tab="a"))
    does(board, "ann", act("misfit", (4,), "cluster-1", tab="a"))
    assert board.open_members(SCOPE, "misfits", 1) == (0,)
    board.check("bo", act("label", (0,), "misfits", label=1, version=1, tab="b"))


def test_an_image_that_was_moved_meanwhile_names_who_moved_it(board: Board) -> None:
    does(board, "ann", act("misfit", (0,), "class-0", tab="a"))
    with pytest.raises(Conflict, match="image 0 has left class-0: ann marked as misfits 1 image of class-0"):
        board.check("bo", act("label", (0, 1), "class-0", label=1, tab="b"))
    with pytest.raises(UserError, match="image 7 is not in class-0"):
        board.check("bo", act("label", (7,), "class-0", label=1))


def test_growing_takes_only_images_without_an_answer(board: Board) -> None:
    does(board, "ann", act("label", (7,), "cluster-2", label=1))
    with pytest.raises(Conflict, match="image 7 has an answer: ann labeled 1 image of cluster-2"):
        board.check("bo", act("grow", (7,), "class-0"))
    with pytest.raises(UserError, match="image 0 is in class-0 already"):
        board.check("bo", act("grow", (0,), "class-0"))


def test_scopes_are_blind_to_each_other(board: Board) -> None:
    does(board, "ann", act("label", (4,), "cluster-1", label=0, scope="ann/1/s2c2"))
    board.check("bo", act("label", (4,), "cluster-1", label=1, scope="bo/1/s2c2", version=0))
    assert board.answer("bo/1/s2c2", 4) is None
    assert board.scopes() == ("ann/1/s2c2",)


def test_a_bulk_act_is_one_step_back_and_forth(board: Board) -> None:
    before = board.groups(SCOPE)
    does(board, "ann", act("accept", (0, 1, 2, 3), "class-0", label=0))
    does(board, "ann", act("undo", target_seq=1))
    assert [(group.size, group.open) for group in board.groups(SCOPE)] == [(g.size, g.open) for g in before]
    assert not board.live(1)
    assert board.undoable(SCOPE, "ann") is None
    assert board.redoable(SCOPE, "ann") == 1
    does(board, "ann", act("redo", target_seq=1))
    assert board.group(SCOPE, "class-0").open == 0
    assert board.live(1)


def test_undo_without_limit(board: Board) -> None:
    for label in (0, 1) * 50:
        does(board, "ann", act("label", (0,), "class-0", label=label))
    for _ in range(100):
        does(board, "ann", act("undo", target_seq=board.undoable(SCOPE, "ann")))
    assert board.answer(SCOPE, 0) is None
    with pytest.raises(UserError, match="there is nothing to undo"):
        board.check("ann", act("undo", target_seq=board.undoable(SCOPE, "ann")))
    for _ in range(100):
        does(board, "ann", act("redo", target_seq=board.redoable(SCOPE, "ann")))
    answer = board.answer(SCOPE, 0)
    assert answer is not None
    assert (answer.seq, answer.label) == (100, 1)


def test_a_new_act_ends_what_can_be_redone(board: Board) -> None:
    does(board, "ann", act("label", (0,), "class-0", label=0))
    does(board, "ann", act("undo", target_seq=1))
    does(board, "ann", act("label", (1,), "class-0", label=0))
    assert board.redoable(SCOPE, "ann") is None
    with pytest.raises(UserError, match="something new was done since"):
        board.check("ann", act("redo", target_seq=1))


def test_undo_is_refused_when_another_changed_the_images_since(board: Board) -> None:
    does(board, "ann", act("label", (0, 1), "class-0", label=0))
    does(board, "bo", act("label", (1,), "class-0", label=1))
    with pytest.raises(Conflict, match="image 1 was changed after it: bo labeled 1 image") as caught:
        board.check("ann", act("undo", target_seq=1))
    assert caught.value.who == "bo"
    does(board, "bo", act("undo", target_seq=2))
    does(board, "ann", act("undo", target_seq=1))
    assert board.open_members(SCOPE, "class-0") == (0, 1, 2, 3)


def test_a_group_in_use_cannot_be_unmade(board: Board) -> None:
    does(board, "ann", act("split", (0,), "class-0"))
    does(board, "bo", act("merge", (7, 8), "cluster-2", target="split-1-1"))
    with pytest.raises(Conflict, match="split-1-1 is in use: bo merged 2 images of cluster-2"):
        board.check("ann", act("undo", target_seq=1))


@pytest.mark.parametrize(
    ("who", "name", "seq", "sentence"),
    [
        ("bo", "undo", 1, "only ann can"),
        ("ann", "undo", 9, "there is no such act here"),
        ("ann", "redo", 1, "it is not undone"),
        ("ann", "undo", 2, "there is no such act here"),
    ],
)
def test_undo_and_redo_of_what_is_not_there(
    board: Board, who: str, name: Name, seq: int, sentence: str
) -> None:
    does(board, "ann", act("label", (0,), "class-0", label=0))
    does(board, "ann", act("label", (0,), "all", label=0, scope="shared/1/none"))
    with pytest.raises(UserError, match=sentence):
        board.check(who, act(name, target_seq=seq))


def test_what_is_undone_cannot_be_undone_again(board: Board) -> None:
    does(board, "ann", act("label", (0,), "class-0", label=0))
    does(board, "ann", act("undo", target_seq=1))
    with pytest.raises(UserError, match="undone already"):
        board.check("ann", act("undo", target_seq=1))


def test_changed_names_the_groups_that_others_touched(board: Board) -> None:
    does(board, "ann", act("label", (0,), "class-0", label=0))
    does(board, "ann", act("misfit", (7,), "cluster-2"))
    assert set(board.changed(SCOPE, 1)) == {"cluster-2", "misfits"}
    assert board.changed(SCOPE, 2) == ()


def test_disagreements_are_images_without_a_class_that_all_find_likeliest(board: Board) -> None:
    for who, label in (("ann", 0), ("bo", 1), ("cy", 0)):
        does(board, who, act("label", (0, 1), "class-0", label=label, scope=f"{who}/1/s2c2"))
    does(board, "ann", act("label", (4,), "cluster-1", label=0, scope="ann/1/s2c2"))
    does(board, "bo", act("ambiguous", (4,), "cluster-1", distribution=(0.5, 0.5), scope="bo/1/s2c2"))
    does(board, "ann", act("label", (5,), "cluster-1", label=0, scope="ann/1/s2c2"))
    does(board, "ann", act("label", (5,), "cluster-1", label=1, scope="ann/2/s2c2"))
    does(board, "bo", act("skip", (5,), "cluster-1", scope="bo/1/s2c2"))
    found = board.disagreements()
    assert [item.image for item in found] == [0, 1]
    assert [(said.answer.annotator, said.answer.label) for said in found[0].said] == [
        ("ann", 0),
        ("bo", 1),
        ("cy", 0),
    ]
    does(board, "eve", act("decide", (0,), label=0, scope="shared/1/s2c2"))
    assert [item.image for item in board.disagreements()] == [1]
    does(board, "bo", act("misfit", (1,), "class-0", scope="bo/1/s2c2"))
    assert board.disagreements() == ()


def test_disagreement_on_a_shared_board_is_between_the_last_words(board: Board) -> None:
    does(board, "ann", act("label", (0,), "class-0", label=0))
    does(board, "bo", act("label", (0,), "class-0", label=1))
    assert [item.image for item in board.disagreements()] == [0]
    does(board, "ann", act("label", (0,), "class-0", label=1))
    assert board.disagreements() == ()


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("label", {"images": (0,)}, "label needs label"),
    ("label", {"label": 0}, "label needs images"),
    ("label", {"images": (0,), "label": 2}, "unknown class 2: Possible: 0 to 1"),
    ("label", {"images": (0, 10), "label": 1}, "unknown image 10: Possible: 0 to 9"),
    ("label", {"images": (-1,), "label": 1}, "unknown image -1"),
    ("label", {"images": (1, 1), "label": 1}, "named twice"),
    ("label", {"images": (0,), "label": 1, "group": "class-00"}, "did you mean 'class-0'"),
    ("label", {"images": (0,), "label": 1, "scope": "shared"}, "WHO/ROUND/ARM"),
    ("label", {"images": (0,), "label": 1, "scope": "shared/01/s2c2"}, "WHO/ROUND/ARM"),
    ("label", {"images": (0,), "label": 1, "scope": "shared/1/s2c"}, "unknown arm 's2c'"),
    ("label", {"images": (0,), "label": 1, "key": ""}, "needs a key"),
    ("label", {"images": (0,), "label": 1, "key": "a\x00"}, "printable"),
    ("label", {"images": (0,), "label": 1, "active": math.nan}, "active must be seconds"),
    ("label", {"images": (0,), "label": 1, "wall": -1.0}, "wall must be seconds"),
    ("label", {"images": (0,), "label": 1, "selected": -1}, "0 or more"),
    ("label", {"images": (0,), "label": 1, "version": 7, "group": "class-0"}, "version 7 is not known"),
    ("accept", {"group": "class-0", "label": 0}, "nothing is open"),
    ("ambiguous", {"images": (0,), "distribution": (1.0,)}, "each of the 2 classes, not 1"),
    ("ambiguous", {"images": (0,), "distribution": (0.5, 0.6)}, "add up to 1, not 1.1"),
    ("ambiguous", {"images": (0,), "distribution": (-0.5, 1.5)}, "0 or more"),
    ("ambiguous", {"images": (0,), "distribution": (math.inf, 0.0)}, "0 or more"),
    ("decide", {"images": (0,)}, "either a label or a distribution"),
    ("decide", {"images": (0,), "label": 1, "distribution": (0.5, 0.5)}, "either a label or a distribution"),
    ("finish", {"group": "class-0", "images": (0,)}, "finish takes no images"),
    ("merge", {"group": "class-0", "images": (0,), "target": "class-0"}, "into itself"),
    ("split", {"group": "class-0", "images": (0, 1, 2, 3)}, "cannot split off all"),
    ("recluster", {"group": "class-0", "images": (0, 1), "parts": ((0,),)}, "each of its images once"),
    ("recluster", {"group": "class-0", "images": (0,), "parts": ((0,), ())}, "is empty"),
    ("redo", {}, "nothing to redo"),
    ("dance", {}, "unknown act 'dance'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "sentence"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_no_act_gets_a_sentence(
    board: Board, name: Any, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        board.check("ann", act("label", **fields) if name == "label" else _named(name, fields))
    assert not isinstance(caught.value, Conflict)


def _named(name: Any, fields: dict[str, Any]) -> Any:
    made = act("label", **fields)
    object.__setattr__(made, "name", name)
    return made


def test_a_log_with_a_gap_or_with_a_strange_act_is_refused_by_number(board: Board) -> None:
    with pytest.raises(UserError, match="act 2 follows act 0"):
        board.apply(Recorded(2, "ann", "", act("label", (0,), label=0)))
    with pytest.raises(UserError, match="act 1 of the log does not fit"):
        board.apply(Recorded(1, "ann", "", act("undo", target_seq=1)))
    with pytest.raises(UserError, match="act 1 of the log does not fit"):
        board.apply(Recorded(1, "ann", "", act("split", (0,), "split-9-1")))
    assert board.seq == 0
    assert board.scopes() == ()


def test_an_image_in_two_groups_of_an_arm_is_refused() -> None:
    twice = (group("class-0", (0, 1)), group("class-1", (1,)))
    with pytest.raises(UserError, match="image 1 is in two groups, class-0 and class-1"):
        Board(Start(("a", "b"), ("x",), {"ssl": twice}))


def test_an_unknown_image_has_no_place(board: Board) -> None:
    with pytest.raises(UserError, match="unknown image 10"):
        board.place(SCOPE, 10)
