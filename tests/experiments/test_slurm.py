"""A grid on a real Slurm of one node, whose jobs are killed, requeued and told to stop."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2c2 import files
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.experiments.failures import received
from s2c2.experiments.pool import Job
from s2c2.experiments.slurm import Slurm, main
from tests.experiments.failing import SAID
from tests.experiments.slurm_cluster import absent, slurm
from tests.needed import missing
from tests.until import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("train.steps=40", "train.batch=4", "train.checkpoint=5", "data.labeled=48")
NAMES = [f"small-mean-teacher-{arm}-0" for arm in ("vanilla", "s2c2")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    if lacking := absent():
        missing(f"not installed: {', '.join(lacking)}")
    if os.geteuid() != 0:
        pytest.skip("munged and slurmd need root here")
    with slurm(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which jobs find these tests."""
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def here(cluster: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which commands of Slurm reach the cluster."""
    monkeypatch.setenv("SLURM_CONF", cluster["SLURM_CONF"])
    return folder


def grid(data: Path, out: Path) -> "subprocess.Popen[str]":
    chosen = ["--dataset", str(data), "--algorithm", "mean-teacher", "--seeds", "1", "--out", str(out)]
    call = [sys.executable, "-m", "s2c2", "experiment", "table2", *chosen, "--executor", "slurm:2", *SETTINGS]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_job_is_submitted_again_and_its_run_goes_on(here: Path) -> None:
    synthetic(here / "small", images=160, seed=0, size=16)
    started = grid(here / "small", here / "grid")
    try:
        folder = here / "grid" / "runs" / NAMES[0] / "checkpoints"
        until(lambda: list(folder.glob("*.safetensors")), "a checkpoint", started)
        for process in jobs_of(here):
            os.kill(process, signal.SIGKILL)
        said, wrong = started.communicate(timeout=280)
    finally:
        started.kill()
        started.wait()
    assert started.returncode == 0, said + wrong
    assert "2 runs worked on, 0 were done, 0 failed" in said
    for name in NAMES:
        assert "scores" in files.read_json(here / "grid" / "records" / f"{name}.json")
        assert len((here / "grid" / "runs" / name / "losses.jsonl").read_text().splitlines()) == 40
    again = grid(here / "small", here / "grid")
    said, wrong = again.communicate(timeout=280)
    assert again.returncode == 0, wrong
    assert "0 runs worked on, 2 were done, 0 failed" in said
    assert sorted(path.name for path in here.iterdir()) == ["grid", "small"]


def jobs_of(folder: Path) -> list[int]:
    """Return the processes that do jobs whose files are below a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = place.joinpath("cmdline").read_text().split("\0")
        except OSError:
            continue
        if "s2c2.experiments.slurm" in words and any(word.startswith(f"{folder}/") for word in words):
            found.append(int(place.name))
    assert found
    return found


def test_one_fails_one_dies_and_one_is_told_to_stop(here: Path) -> None:
    asked: list[bool] = []
    jobs = [Job("fails", os.rmdir, ("/nowhere/at/all",)), Job("dies", os._exit, (3,))]
    jobs += [Job(call.__name__, call, ()) for call in SAID]
    jobs += [Job("never", time.sleep, (0,), after=tuple(job.name for job in jobs))]
    found = {}
    for ended in Slurm(2)(jobs, stop=lambda: bool(asked), watch=lambda done: None):
        found[ended.job.name] = ended.error
        if len(found) == 4:
            asked.append(True)
    assert set(found) == {"fails", "dies", *(call.__name__ for call in SAID)}
    for call, said in SAID.items():
        assert str(found[call.__name__]) == said
    assert isinstance(found["fails"], FileNotFoundError)
    assert "its process died 4 times" in str(found["dies"])
    assert not list(here.iterdir())


def note(path: str) -> None:
    with open(path, "a") as stream:
        stream.write("done ")


def test_a_job_that_is_queued_again_after_its_end_is_not_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "jobs" / "0"
    folder.mkdir(parents=True)
    (folder / "job").write_bytes(pickle.dumps(Job("notes", note, (str(tmp_path / "notes"),))))
    for _ in range(2):
        main(folder)
    assert (tmp_path / "notes").read_text() == "done "
    assert received((folder / "result").read_bytes()) is None


def test_a_result_is_not_waited_for_longer_than_until_it_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``sbatch --wait`` asks ever more seldom whether its job has ended: here it would after ten minutes."""
    sbatch = folder / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text('#!/bin/sh\nfor option; do :; done\nsh -c "${option#--wrap=}"\nexec sleep 600\n')
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sbatch.parent}{os.pathsep}{os.environ['PATH']}")
    jobs = [Job("notes", note, (str(folder / "notes"),)), Job("fails", os.rmdir, ("/nowhere/at/all",))]
    found = {
        ended.job.name: ended.error for ended in Slurm(1)(jobs, stop=lambda: False, watch=lambda _: None)
    }
    assert found["notes"] is None
    assert isinstance(found["fails"], FileNotFoundError)
    assert (folder / "notes").read_text() == "done "
    assert sorted(path.name for path in folder.iterdir()) == ["bin", "notes"]


def test_where_there_is_no_slurm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="needs the command sbatch"):
        list(Slurm(1)([], stop=lambda: False, watch=lambda done: None))
