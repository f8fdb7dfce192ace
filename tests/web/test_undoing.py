"""Undo and redo: one step for each act, never over the head of another."""

import pytest

from s2c2.errors import UserError
from s2c2.web.acts import Conflict, Name
from s2c2.web.board import Board
from tests.web.starts import SCOPE, act, does, small


@pytest.fixture
def board() -> Board:
    return Board(small())


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


def test_what_is_redone_comes_back_to_its_place_among_the_others(board: Board) -> None:
    does(board, "ann", act("grow", (4,), "class-0"))
    does(board, "bo", act("grow", (7,), "class-0"))
    does(board, "bo", act("finish", (), "class-0"))
    does(board, "ann", act("undo", target_seq=1))
    assert board.members(SCOPE, "class-0") == (0, 1, 2, 3, 7)
    does(board, "ann", act("redo", target_seq=1))
    assert board.members(SCOPE, "class-0") == (0, 1, 2, 3, 4, 7)
    assert board.group(SCOPE, "class-0").done


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


def test_what_another_redid_is_a_change_since(board: Board) -> None:
    scope = "shared/1/none"
    does(board, "bo", act("label", (0,), "all", label=0, scope=scope, tab="b"))
    does(board, "bo", act("undo", target_seq=1, scope=scope, tab="b"))
    late = act("label", (0,), "all", label=1, scope=scope, version=board.version(scope, "all"), tab="a")
    board.check("ann", late)
    does(board, "bo", act("redo", target_seq=1, scope=scope, tab="b"))
    with pytest.raises(Conflict, match="image 0 has changed: bo did again what was undone to it") as caught:
        board.check("ann", late)
    assert (caught.value.who, caught.value.act, caught.value.version) == ("bo", "redo", 3)
    board.check("ann", act("label", (0,), "all", label=1, scope=scope, version=3, tab="a"))


def test_a_redo_is_of_the_tab_that_did_it(board: Board) -> None:
    does(board, "ann", act("label", (4,), "cluster-1", label=0, tab="old"))
    does(board, "ann", act("undo", target_seq=1, tab="a"))
    does(board, "ann", act("redo", target_seq=1, tab="a"))
    board.check("ann", act("label", (4,), "cluster-1", label=1, version=1, tab="a"))
    with pytest.raises(Conflict, match="cluster-1 has changed: you did again"):
        board.check("ann", act("label", (4,), "cluster-1", label=1, version=1, tab="old"))
