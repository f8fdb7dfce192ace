"""Cases by hand: what each act does, who is refused and what the sentence says."""

import pytest

from s2c2.errors import UserError
from s2c2.web.acts import Conflict, Recorded
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
    with pytest.raises(Conflict, match="you labeled 2 images"):
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


def test_a_tab_has_seen_what_it_did_on_the_screen_of_a_group_itself(board: Board) -> None:
    does(board, "ann", act("label", (6,), "cluster-1", label=0, version=0, tab="a"))
    does(board, "ann", act("undo", target_seq=1, tab="a"))
    does(board, "ann", act("grow", (7,), "cluster-1", version=0, tab="a"))
    does(board, "ann", act("merge", (0, 1, 2, 3), "class-0", target="cluster-1", version=0, tab="a"))
    assert board.open_members(SCOPE, "cluster-1", 0) == (4, 5)
    assert board.open_members(SCOPE, "cluster-1", 0, ("ann", "a")) == (6, 4, 5, 7)
    assert board.open_members(SCOPE, "cluster-1", 0, ("ann", "b")) == (4, 5)
    assert board.open_members(SCOPE, "cluster-1", 0, ("bo", "a")) == (4, 5)


def test_an_image_that_was_moved_meanwhile_names_who_moved_it(board: Board) -> None:
    does(board, "ann", act("misfit", (0,), "class-0", tab="a"))
    with pytest.raises(Conflict, match="image 0 has left class-0: ann marked as misfits 1 image of class-0"):
        board.check("bo", act("label", (0, 1), "class-0", label=1, tab="b"))
    with pytest.raises(Conflict, match="image 0 has left class-0: you marked as misfits 1 image of class-0"):
        board.check("ann", act("label", (0, 1), "class-0", label=1, tab="a"))
    with pytest.raises(UserError, match="image 7 is not in class-0"):
        board.check("bo", act("label", (7,), "class-0", label=1))


def test_growing_takes_only_images_without_an_answer(board: Board) -> None:
    does(board, "ann", act("label", (7,), "cluster-2", label=1))
    with pytest.raises(Conflict, match="image 7 has an answer: ann labeled 1 image of cluster-2"):
        board.check("bo", act("grow", (7,), "class-0"))
    with pytest.raises(UserError, match="image 0 is in class-0 already"):
        board.check("bo", act("grow", (0,), "class-0"))


def test_what_may_still_join_was_neither_answered_since_nor_changed_by_others(board: Board) -> None:
    does(board, "bo", act("flag", (5,), "cluster-1", tab="b"))
    does(board, "bo", act("label", (4,), "cluster-1", label=0, tab="b"))
    does(board, "bo", act("flag", (6,), "cluster-1", tab="b"))
    does(board, "ann", act("label", (7,), "cluster-2", label=1, tab="a"))
    does(board, "ann", act("misfit", (8,), "cluster-2", tab="a"))
    others = (4, 5, 6, 7, 8, 99)
    assert board.free(SCOPE, others, 1, ("ann", "a")) == (5, 8, 99)
    assert board.free(SCOPE, others, 1, ("ann", "other")) == (5, 99)
    assert board.free(SCOPE, others, 5, ("cy", "c")) == others
    does(board, "bo", act("undo", target_seq=2, tab="b"))
    assert board.free(SCOPE, others, 1, ("ann", "a")) == (4, 5, 8, 99)
    does(board, "bo", act("redo", target_seq=2, tab="b"))
    assert board.free(SCOPE, others, 6, ("ann", "a")) == (5, 6, 7, 8, 99)


def test_scopes_are_blind_to_each_other(board: Board) -> None:
    does(board, "ann", act("label", (4,), "cluster-1", label=0, scope="ann/1/s2c2"))
    board.check("bo", act("label", (4,), "cluster-1", label=1, scope="bo/1/s2c2", version=0))
    assert board.answer("bo/1/s2c2", 4) is None
    assert board.scopes() == ("ann/1/s2c2",)


def test_changed_names_the_groups_that_others_touched(board: Board) -> None:
    does(board, "ann", act("label", (0,), "class-0", label=0))
    does(board, "ann", act("misfit", (7,), "cluster-2"))
    assert set(board.changed(SCOPE, 1)) == {"cluster-2", "misfits"}
    assert board.changed(SCOPE, 2) == {}
    does(board, "bo", act("label", (1,), "class-0", label=0, tab="b"))
    assert board.changed(SCOPE, 0, ("ann", "tab")) == {"class-0": 3}
    assert set(board.changed(SCOPE, 0, ("bo", "b"))) == {"class-0", "cluster-2", "misfits"}
    assert board.changed(SCOPE, 2, ("bo", "b")) == {}


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
