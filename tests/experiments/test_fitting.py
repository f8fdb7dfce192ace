import os
import signal
import sys

import pytest

from s2c2.experiments.fitting import apart

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")


@pytest.mark.parametrize("answer", [True, False])
def test_a_fork_answers(answer: bool) -> None:
    seen = []

    def ask() -> bool:
        seen.append(os.getpid())
        return answer

    assert apart(ask) is answer
    assert not seen, "asked in this process"


def test_what_crashes_does_not_fit() -> None:
    def crash() -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    assert not apart(crash)


def test_another_error_is_met_again_here() -> None:
    def broken() -> bool:
        raise KeyError("a defect")

    with pytest.raises(KeyError, match="a defect"):
        apart(broken)


def test_without_room_for_a_fork_it_is_asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(os, "fork", fork)
    assert apart(lambda: True)
    assert not apart(lambda: False)
