import gc
import operator
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from s2c2.allocator import KEPT
from s2c2.experiments.pool import Ended, Job, advance, stopped, work
from tests.until import until

ROOT = Path(__file__).resolve().parents[2]


def names(ended: list[Ended]) -> list[str]:
    return [one.job.name for one in ended]


def test_one_that_fails_and_one_that_dies_stop_no_other(tmp_path: Path) -> None:
    jobs = [
        Job("dies", os._exit, (3,)),
        Job("fails", operator.truediv, (1, 0)),
        Job("works", Path.write_text, (tmp_path / "a", "done"), after=("dies", "fails")),
    ]
    found = {one.job.name: one.error for one in work(jobs, 2)}
    assert set(found) == {"dies", "fails", "works"}
    assert "terminated" in str(found["dies"])
    assert isinstance(found["fails"], ZeroDivisionError)
    assert found["works"] is None
    assert (tmp_path / "a").read_text() == "done"


def test_a_process_that_dies_while_idle_is_replaced(tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    jobs = [
        Job("leaves", subprocess.check_call, (["sh", "-c", f"echo $PPID > {pids}"],)),
        Job("works", Path.write_text, (tmp_path / "a", "done"), after=("leaves",)),
    ]
    ended = []
    for one in work(jobs, 1):
        ended.append(one)
        if one.job.name == "leaves":
            assert watchers()
            os.kill(int(pids.read_text()), signal.SIGKILL)
            until(lambda: not watchers(), "the end of the process, as its executor sees it")
    assert [one.error for one in ended] == [None] * 2
    assert (tmp_path / "a").exists()


def watchers() -> list[threading.Thread]:
    """Return the threads that watch processes of executors; each ends with its process."""
    return [one for one in threading.enumerate() if type(one).__name__ == "_ExecutorManagerThread"]


def test_a_job_waits_for_those_before_it_and_no_longer(tmp_path: Path) -> None:
    jobs = [
        Job("first", time.sleep, (0.3,), size=5),
        Job("second", Path.rename, (tmp_path / "a", tmp_path / "b"), after=("third",)),
        Job("third", Path.write_text, (tmp_path / "a", "done")),
    ]
    seen: list[int] = []
    found = list(work(jobs, 2, watch=seen.append))
    assert all(one.error is None for one in found)
    assert names(found).index("third") < names(found).index("second")
    assert (tmp_path / "b").exists()
    assert seen[-1] == 7


def test_after_a_stop_no_job_is_started(tmp_path: Path) -> None:
    jobs = [Job("first", time.sleep, (0.01,)), Job("second", Path.write_text, (tmp_path / "a", "x"))]
    asked: list[bool] = []
    ended = work(jobs, 1, stop=lambda: bool(asked))
    assert next(ended).job.name == "first"
    asked.append(True)
    assert not list(ended)
    assert not (tmp_path / "a").exists()


SLOW = """
import sys, time
from pathlib import Path

if sys.argv[0] == "-c":  # the process that others are forked from
    Path(__file__).with_name("importing").touch()
    while not Path(__file__).with_name("imported").exists():
        time.sleep(0.02)

def call():
    pass
"""
STOPPED = """
import signal
import slow
from s2c2.experiments.pool import Job, work

if __name__ == "__main__":
    asked = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: asked.append(number))
    jobs = [Job(name, slow.call, ()) for name in ("a", "b", "c")]
    found = list(work(jobs, 1, stop=lambda: bool(asked)))
    print(len(asked), len(found) < 3)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_modules_are_imported_is_no_traceback(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "stopped.py").write_text(STOPPED)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "stopped.py"],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{tmp_path}", "TMPDIR": "/tmp"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until((tmp_path / "importing").exists, "the import", process)
    os.killpg(process.pid, number)
    (tmp_path / "imported").touch()
    said, problems = process.communicate(timeout=250)
    assert (process.returncode, said, problems) == (0, "1 True\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_what_jobs_need_is_imported_once_with_one_thread_before_any(tmp_path: Path) -> None:
    # In a process of its own: here another test may have begun to fork, with other imports.
    code = "import sys; from tests.experiments.test_pool import both_look; both_look(sys.argv[1])"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, env=environment, check=True)
    parents = set()
    for n in range(2):
        parent, late, threads, apart = (tmp_path / f"{n}").read_text().split()
        parents.add(int(parent))
        assert (late, threads) == ("True", "1")
        assert int(apart) < 40_000, "what is shared would be copied by a look for garbage"
    assert len(parents) == 1


@pytest.mark.parametrize(("length", "method"), [(20, "forkserver"), (120, "spawn")])
@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_a_long_path_of_temporary_files_is_no_obstacle(length: int, method: str, tmp_path: Path) -> None:
    folder = Path("/tmp") / f"s2c2-{os.getpid()}-{'x' * length}"
    folder.mkdir()
    try:
        code = (
            "import sys; from s2c2.experiments.pool import PROCESSES, Job, work; from pathlib import Path;"
            "print(PROCESSES.get_start_method());"
            "print([one.error for one in work([Job('a', Path.touch, (Path(sys.argv[1]),))], 1)])"
        )
        environment = os.environ | {"TMPDIR": str(folder)}
        command = [sys.executable, "-c", code, str(tmp_path / "done")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    finally:
        shutil.rmtree(folder)
    assert done.stdout.split() == [method, "[None]"]
    assert (tmp_path / "done").exists()


@pytest.mark.skipif(not KEPT, reason="freed memory is kept on Linux with glibc alone")
def test_what_a_job_freed_is_given_back(tmp_path: Path) -> None:
    jobs = [Job("take", take, (200,)), Job("weigh", weigh, (tmp_path / "kept",), after=("take",))]
    assert [one.error for one in work(jobs, 1)] == [None, None]
    assert int((tmp_path / "kept").read_text()) < 100_000


def take(megabytes: int) -> None:
    """Take memory in small blocks, and free it."""
    blocks = [bytes(10_000) for _ in range(megabytes * 100)]
    assert len(blocks) == megabytes * 100


def weigh(path: Path) -> None:
    """Write the kilobytes of memory that this process shares with no other."""
    path.write_text(own())


def own() -> str:
    """Return these kilobytes."""
    found = re.search(r"Private_Dirty:\s+(\d+)", Path("/proc/self/smaps_rollup").read_text())
    assert found is not None
    return found[1]


def both_look(folder: str) -> None:
    """Let two processes write what they see."""
    ended = list(work([Job(f"{n}", look, (Path(folder) / f"{n}",)) for n in range(2)], 2))
    assert all(one.error is None for one in ended)


def look(path: Path) -> None:
    """Write who this process was forked from, whether that had torch._dynamo, the threads of torch, and the
    kilobytes of memory that it shares with no other after a look for garbage."""
    late = "torch._dynamo" in sys.modules
    import torch

    gc.collect()
    path.write_text(f"{os.getppid()} {late} {torch.get_num_threads()} {own()}")


def test_nothing_to_do_starts_nothing() -> None:
    assert list(work([], 2)) == []


def test_outside_a_process_of_the_pool_nothing_stops() -> None:
    advance(3)
    assert not stopped()


def test_errors_come_back_as_they_were() -> None:
    (found,) = work([Job("fails", operator.getitem, ({}, "key"))], 1)
    assert isinstance(found.error, KeyError)
