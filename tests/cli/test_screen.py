import time

import pytest

from s2c2.cli import screen


def test_the_rate_starts_anew_with_another_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    said: list[str] = []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(screen.console, "print", said.append)
    advance = screen._plain("task")
    for seconds, done, total in ((0, 0, 1000), (10, 500, 1000), (20, 1000, 1000), (20, 1, 30), (30, 21, 30)):
        now[0] = float(seconds)
        advance(done, total, "")
    assert said[:2] == ["task: 500/1000, 50/s, 10 s left", "task: 1000/1000, 50/s, 0 s left"]
    assert said[2] == "task: 21/30, 2/s, 4 s left"
