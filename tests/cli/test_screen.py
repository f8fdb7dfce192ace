import signal
import time
from contextlib import nullcontext

import pytest
from rich.console import Console

from s2c2.cli import screen
from s2c2.cli.runs import stoppable
from s2c2.cli.screen import Pace


def test_the_pace_of_a_resumed_task_counts_from_where_it_went_on() -> None:
    pace = Pace()
    assert pace.rate(1001, 50.0) is None
    assert pace.rate(1011, 55.0) == 2.0


def test_plain_lines_name_the_phase_the_rate_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 0.0, 4.0, 6.0, 7.0])  # one reading when the phase begins, one at each report
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(screen, "console", Console(highlight=False, soft_wrap=True))
    with screen.phases() as phase:
        advance = phase("reading images")
        for done in (10, 50, 70):
            advance(done, 130, "")
        advance(130, 130, "all")
    assert capsys.readouterr().out.splitlines() == [
        "reading images: 70/130, 10/s, 0:00:06 left",
        "reading images: 130/130, 17/s, all",
    ]


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with screen.progress("predicting") as advance:
        advance(3, 3, "")
    assert capsys.readouterr().out == ""


def test_a_pace_starts_anew_with_another_count() -> None:
    pace = Pace()
    rates = [pace.rate(done, now) for done, now in ((0, 0.0), (1000, 10.0), (1, 20.0), (21, 30.0))]
    assert rates == [None, 100, None, 2]


@pytest.mark.parametrize(("world", "second"), [("1", True), ("2", False)])
def test_a_second_signal_stops_at_once_unless_torchrun_passes_it_on(
    world: str, second: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", world)
    with stoppable() as asked:
        signal.raise_signal(signal.SIGTERM)
        assert asked == [signal.SIGTERM]
        with pytest.raises(KeyboardInterrupt) if second else nullcontext():
            signal.raise_signal(signal.SIGTERM)


def test_words_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    name = "d[bold]s[/x]:cat:"
    screen.console.print(name)
    screen.everyone.print(name)
    screen.table(name, [name], [(name,)])
    assert capsys.readouterr().out.count(name) == 5
