"""Images on which annotators disagree."""

import pytest

from s2c2.web.board import Board
from tests.web.starts import act, does, small


@pytest.fixture
def board() -> Board:
    return Board(small())


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
