"""A grid on a real Ray cluster of this machine, whose workers are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s2c2 import files
from s2c2.data.synthetic import synthetic
from s2c2.experiments.pool import Job, advance, stopped
from s2c2.experiments.ray_cluster import Ray
from tests.experiments.failing import SAID
from tests.until import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SETTINGS = ("train.steps=40", "train.batch=4", "train.checkpoint=5", "data.labeled=48")
NAMES = [f"small-mean-teacher-{arm}-0" for arm in ("vanilla", "s2c2")]


def grid(data: Path, out: Path) -> "subprocess.Popen[str]":
    chosen = ["--dataset", str(data), "--algorithm", "mean-teacher", "--seeds", "1", "--out", str(out)]
    call = [sys.executable, "-m", "s2c2", "experiment", "table2", *chosen, "--executor", "ray:2", *SETTINGS]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_worker_is_replaced_and_its_run_goes_on(tmp_path: Path) -> None:
    synthetic(tmp_path / "small", images=160, seed=0, size=16)
    started = grid(tmp_path / "small", tmp_path / "grid")
    checkpoints = tmp_path / "grid" / "runs" / NAMES[0] / "checkpoints"
    try:
        until(lambda: list(checkpoints.glob("*.safetensors")), "a checkpoint", started)
        for worker in workers(started.pid):
            os.kill(worker, signal.SIGKILL)
        said, wrong = started.communicate(timeout=400)
    finally:
        started.kill()
        started.wait()
    assert started.returncode == 0, wrong
    assert "2 runs worked on, 0 were done, 0 failed" in said
    for name in NAMES:
        assert "scores" in files.read_json(tmp_path / "grid" / "records" / f"{name}.json")
        lines = (tmp_path / "grid" / "runs" / name / "losses.jsonl").read_text().splitlines()
        assert len(lines) == 40
    again = grid(tmp_path / "small", tmp_path / "grid")
    said, wrong = again.communicate(timeout=400)
    assert again.returncode == 0, wrong
    assert "0 runs worked on, 2 were done, 0 failed" in said


def workers(ancestor: int, name: bytes = b"_do") -> list[int]:
    """Return the processes that do jobs for a driver, or those of another name."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            works = place.joinpath("cmdline").read_bytes().startswith(b"ray::" + name)
            if works and ancestor in ancestors(int(place.name)):
                found.append(int(place.name))
        except OSError:
            continue
    assert found
    return found


def ancestors(process: int) -> list[int]:
    """Return the numbers of a process' parent, its parent, and so on."""
    found = [process]
    while found[-1] > 1:
        found.append(int(Path(f"/proc/{found[-1]}/stat").read_text().rpartition(")")[2].split()[1]))
    return found


def test_one_that_fails_and_one_that_is_told_to_stop() -> None:
    asked: list[bool] = []
    jobs = [Job("fails", os.rmdir, ("/nowhere/at/all",)), Job("dies", os._exit, (3,))]
    jobs += [Job(call.__name__, call, ()) for call in SAID]
    jobs += [Job("never", time.sleep, (0,), after=tuple(job.name for job in jobs))]
    found = {}
    for ended in Ray(1)(jobs, stop=lambda: bool(asked), watch=lambda done: None):
        found[ended.job.name] = ended.error
        if len(found) == 4:
            asked.append(True)
    assert set(found) == {"fails", "dies", *(call.__name__ for call in SAID)}
    for call, said in SAID.items():
        assert str(found[call.__name__]) == said
    assert isinstance(found["fails"], FileNotFoundError)
    assert "call(*arguments)" in "".join(found["fails"].__notes__)
    assert "its process died 4 times" in str(found["dies"])


def counting() -> None:
    """Report progress until told to stop."""
    done = 0
    while not stopped():
        done += 1
        advance(done)
        time.sleep(0.05)


def test_a_grid_outlives_the_process_that_its_jobs_report_to() -> None:
    """As where the node dies that Ray had put it on: progress comes back, and a wish to stop gets through."""
    killed: list[int] = []
    asked: list[bool] = []

    def watch(done: int) -> None:
        if not killed and done:
            (board,) = workers(os.getpid(), b"_Board")
            os.kill(board, signal.SIGKILL)
            killed.append(done)
        elif killed and done > killed[0]:
            asked.append(True)

    jobs = [Job("counts", counting, ())]
    (ended,) = Ray(1)(jobs, stop=lambda: bool(asked), watch=watch)
    assert ended.error is None
    assert asked
