import pytest

from s2c2.web.board import Board
from tests.web.starts import SCOPE, act, does, small


@pytest.mark.parametrize("acts", [0, 1, 2, 3])
def test_what_remains_are_the_open_members_of_all_groups(acts: int) -> None:
    board = Board(small())
    steps = [
        act("label", (1, 2), "class-0", label=1),
        act("split", (4,), "cluster-1"),
        act("misfit", (7,), "cluster-2"),
    ]
    for one in steps[:acts]:
        does(board, "ann", one)
    found = board.remaining(SCOPE)
    pairs = zip(found.images.tolist(), found.groups.tolist(), strict=True)
    placed = {image: found.names[at] for image, at in pairs}
    groups = [one.group for one in board.groups(SCOPE)]
    assert placed == {image: group for group in groups for image in board.open_members(SCOPE, group)}
    outside = found.outside("cluster-1")
    assert set(outside.images.tolist()) == {image for image, group in placed.items() if group != "cluster-1"}
