"""Several server processes on one database, and processes that are killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from s2c2.web.live import Live
from s2c2.web.store import Duplicate, Store
from tests.web.writer import TIME, label

Process = subprocess.Popen[str]


@contextmanager
def process(url: str, name: str, mode: str) -> Iterator[Process]:
    """Run a server process; it is killed at the end."""
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), url, name, mode]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def line(running: Process) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def go(running: Process) -> None:
    assert running.stdin is not None
    running.stdin.write("go\n")
    running.stdin.flush()


def test_two_processes_append_at_once_and_nothing_is_lost_or_doubled(url: str, store: Store) -> None:
    with process(url, "ann", "some") as first, process(url, "bo", "some") as second:
        assert [line(first), line(second)] == ["ready", "ready"]
        go(first)
        go(second)
        assert [first.wait(60), second.wait(60)] == [0, 0]
    log = store.read()
    assert [recorded.seq for recorded in log] == list(range(1, 201))
    for name in ("ann", "bo"):
        keys = [recorded.act.key for recorded in log if recorded.annotator == name]
        assert keys == [f"{name}-{number}" for number in range(100)]


def test_of_two_who_judge_one_cluster_at_once_one_wins_and_the_other_hears_of_it(
    url: str, store: Store
) -> None:
    with process(url, "ann", "race") as first, process(url, "bo", "race") as second:
        assert [line(first), line(second)] == ["ready", "ready"]
        go(first)
        go(second)
        heard = {"ann": line(first), "bo": line(second)}
    (recorded,) = store.read()
    loser = "bo" if recorded.annotator == "ann" else "ann"
    assert heard[recorded.annotator] == "won"
    told = f"cluster-1 has changed: {recorded.annotator} labeled 1 image of cluster-1 at {TIME}"
    assert heard[loser] == f"lost to {recorded.annotator}: {told}"


@pytest.mark.parametrize(("mode", "kept"), [("in_check", False), ("in_commit", False), ("in_reply", True)])
def test_a_writer_killed_in_mid_append_leaves_all_or_nothing(
    url: str, store: Store, mode: str, kept: bool
) -> None:
    with process(url, "ann", mode) as running:
        assert [line(running), line(running)] == ["ready", "stopped"]
        running.kill()
        running.wait()
    live = Live(store)
    if kept:
        with pytest.raises(Duplicate) as caught:
            live.append("ann", label("ann-0", 0), TIME)
        assert caught.value.recorded == store.read()[0]
    else:
        assert store.read() == []
        assert live.append("ann", label("ann-0", 0), TIME).seq == 1
    assert [recorded.act.key for recorded in store.read()] == ["ann-0"]


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15])
def test_a_writer_killed_at_any_time_and_a_client_that_sends_again(
    url: str, store: Store, seconds: float
) -> None:
    with process(url, "ann", "many") as running:
        assert line(running) == "ready"
        sent = [line(running)]
        time.sleep(seconds)
        running.kill()
        sent += running.communicate()[0].split()
    with_whole_lines = [key for key in sent if key.startswith("ann-")]
    again = Live(store)
    for number in range(len(with_whole_lines)):
        try:
            again.append("ann", label(f"ann-{number}", number % 10), TIME)
        except Duplicate:
            continue
    log = store.read()
    assert [recorded.seq for recorded in log] == list(range(1, len(log) + 1))
    assert [recorded.act.key for recorded in log] == [f"ann-{number}" for number in range(len(log))]
    assert len(log) == len(with_whole_lines)


def test_processes_that_start_at_once_make_the_tables_once(url: str, opened: Callable[[], Store]) -> None:
    with process(url, "ann", "open") as first, process(url, "bo", "open") as second:
        assert [line(first), line(second)] == ["ready", "ready"]
        assert [first.wait(60), second.wait(60)] == [0, 0]
    assert opened().start() is None
