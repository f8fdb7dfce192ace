import pytest

from s2c2.errors import UserError
from s2c2.ranks.group import ALONE
from s2c2.ranks.joining import opened, waiting
from tests.ranks import meeting
from tests.ranks.starting import start, wait

pytestmark = pytest.mark.timeout(600)

PATIENCE = "4"


def both(what: str, timeout: float = 60) -> list[tuple[int | None, str]]:
    """Return exit code and output of two processes; one that hangs has no code."""
    processes = start(2, meeting.main, what, S2C2_PATIENCE=PATIENCE)
    codes = wait(processes, timeout)
    return [(code, one.said) for code, one in zip(codes, processes, strict=True)]


@pytest.mark.parametrize("what", ["agree", "comes_late"])
def test_two_agree(what: str) -> None:
    assert [(code, text.splitlines()[-1]) for code, text in both(what)] == [(0, "agreed")] * 2


def test_a_difference_is_an_error_of_both_and_named() -> None:
    for code, text in both("differ"):
        assert code == 2
        assert "UserError: the processes of this run differ in their seeds: rank 1 has another" in text


@pytest.mark.parametrize(("what", "failing"), [("leader_fails", 0), ("follower_fails", 1)])
def test_who_fails_is_told_to_the_other(what: str, failing: int) -> None:
    ended = both(what)
    assert [code for code, _ in ended] == [2, 2]
    assert f"UserError: the disk of rank {failing} is full" in ended[failing][1]
    lost = f"LostError: another process of this run was lost (rank {failing}: the disk of rank {failing} is"
    assert lost in ended[1 - failing][1]
    assert "--resume" in ended[1 - failing][1]


@pytest.mark.parametrize(("what", "dying"), [("leader_dies", 0), ("follower_dies", 1)])
def test_a_killed_process_is_an_error_of_the_other(what: str, dying: int) -> None:
    ended = both(what)
    assert ended[dying][0] == -9
    assert ended[1 - dying][0] == 2
    assert "LostError: another process of this run was lost" in ended[1 - dying][1]


@pytest.mark.parametrize("what", ["follower_sleeps", "follower_sleeps_before_meeting"])
def test_a_process_that_stands_still_is_lost_after_some_seconds(what: str) -> None:
    processes = start(2, meeting.main, what, S2C2_PATIENCE=PATIENCE)
    processes[0].process.join(60)
    assert wait(processes, 0) == [2, None]
    assert "LostError: another process of this run was lost" in processes[0].said


def test_outside_of_torchrun_a_process_is_alone() -> None:
    with opened({}) as ranks:
        assert ranks is ALONE
    with opened({"WORLD_SIZE": "1"}) as ranks:
        assert ranks is ALONE


def test_what_torchrun_would_set_is_named() -> None:
    with (
        pytest.raises(UserError, match=r"MASTER_ADDR, MASTER_PORT is not set: start them with torchrun"),
        opened({"WORLD_SIZE": "2", "RANK": "0"}),
    ):
        pass


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf"])
def test_a_patience_that_is_none_is_named(text: str) -> None:
    with pytest.raises(UserError, match=f"seconds above 0, not '{text}'"):
        waiting({"S2C2_PATIENCE": text})
    assert waiting({"S2C2_PATIENCE": "1.5"}) == 1.5
