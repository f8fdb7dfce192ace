import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s2c2 import files
from s2c2.cli.experiment import spread_of
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.experiments.grid import alone, train
from s2c2.experiments.grids import plan
from s2c2.experiments.output import Output
from s2c2.report.study.writing import contents
from tests.forked import Forked
from tests.until import until

pytestmark = pytest.mark.slow

QUICK = ("train.steps=12", "train.batch=4", "train.checkpoint=4", "data.labeled=48")
NAMES = [f"small-mean-teacher-{arm}-{seed}" for seed in (0, 1) for arm in ("vanilla", "s2c2")]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "small"
    synthetic(folder, images=160, seed=0, size=16)
    return folder


def asked(small: Path, out: Path, *pairs: str, seeds: int = 2, name: str = "table2") -> list[str]:
    chosen = [
        "--dataset",
        str(small),
        "--algorithm",
        "mean-teacher",
        "--seeds",
        str(seeds),
        "--out",
        str(out),
    ]
    return ["experiment", name, *chosen, *(pairs or QUICK)]


def started(arguments: list[str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", "from s2c2.cli import main; main()", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def grid(small: Path, tmp_path_factory: pytest.TempPathFactory, s2c2: Forked) -> Path:
    """A finished grid of four runs."""
    out = tmp_path_factory.mktemp("grid")
    done = s2c2(*asked(small, out))
    assert done.returncode == 0, done.stderr
    return out


def test_every_run_is_trained_scored_and_recorded(grid: Path) -> None:
    assert sorted(path.stem for path in (grid / "records").iterdir()) == sorted(NAMES)
    for name in NAMES:
        known = files.read_json(grid / "records" / f"{name}.json")
        assert known["scores"]["images"] == 32
        assert ("comparison" in known) == ("s2c2" in name)
        assert known["config"]["train"]["threads"] == 1
        assert (known["dataset"], known["arm"]) == ("small", name.split("-")[3])
    compared = files.read_json(grid / "records" / f"{NAMES[1]}.json")
    assert compared["against"] == NAMES[0]
    assert set(compared["comparison"]["grouping"]) == {"macro", "size"}


def test_no_record_holds_a_path(grid: Path) -> None:
    for path in (*(grid / "records").iterdir(), *(grid / "table2").iterdir()):
        text = path.read_text(encoding="utf-8")
        assert str(grid) not in text
        assert '"/' not in text or path.suffix in (".svg", ".html")


def test_tables_are_a_function_of_the_records(grid: Path, tmp_path: Path) -> None:
    made = contents(grid / "table2", grid / "records")
    assert {"scores.csv", "gains.csv", "fair.csv", "runs.csv", "table.md", "table.html", "figure.svg"} <= set(
        made
    )
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in (grid / "table2").iterdir()}
    assert on_disk.pop("study.json")
    assert on_disk == made


def test_rebuilding_needs_records_alone(grid: Path, tmp_path: Path) -> None:
    for name in ("records", "table2"):
        (tmp_path / name).mkdir()
    for path in (grid / "records").iterdir():
        (tmp_path / "records" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "table2" / "study.json").write_bytes((grid / "table2" / "study.json").read_bytes())
    (tmp_path / "table2" / "sweep.svg").write_text("of an older table")
    code = (
        "import sys; from s2c2.cli import app; app(standalone_mode=False); sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "experiment", "table2", "--rebuild", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    for path in (grid / "table2").iterdir():
        assert (tmp_path / "table2" / path.name).read_bytes() == path.read_bytes()
    assert not (tmp_path / "table2" / "sweep.svg").exists()


def test_rebuilding_refuses_what_says_how_a_grid_is_made(grid: Path, small: Path, s2c2: Forked) -> None:
    rebuilt = ("experiment", "table2", "--rebuild", "--out", str(grid))
    given = [
        (("train.steps=13",), "key=value"),
        (("--dataset", str(small)), "--dataset"),
        (("--algorithm", "fixmatch", "--seeds", "3"), "--algorithm, --seeds"),
        (("--first-seed", "1", "--workers", "2"), "--first-seed, --workers"),
        (("--executor", "local"), "--executor"),
    ]
    for arguments, named in given:
        done = s2c2(*rebuilt, *arguments)
        assert done.returncode == 2, arguments
        assert f"leave {named} out" in done.stderr
    assert s2c2(*rebuilt, "--preset", "cpu").returncode == 0
    mistyped = s2c2("experiment", "tabel2", *rebuilt[2:])
    assert mistyped.returncode == 2
    assert "did you mean 'table2'?" in mistyped.stderr


def test_what_is_done_is_not_repeated(grid: Path, small: Path, s2c2: Forked) -> None:
    before = {path: path.stat().st_mtime_ns for path in grid.glob("runs/*/*")}
    done = s2c2(*asked(small, grid, name="figure4"))
    assert done.returncode == 0, done.stderr
    assert "0 runs worked on, 4 were done" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in grid.glob("runs/*/*")} == before
    assert (grid / "figure4" / "figure.svg").read_text() == (grid / "table2" / "figure.svg").read_text()


def test_a_run_that_is_asked_for_again_after_its_end_stays_as_it_is(grid: Path, small: Path) -> None:
    """As Slurm and Ray do where a node fails just after a job had ended."""
    _, runs = plan("table2", spread_of(list(QUICK), "cpu", (small,), 2, ("mean-teacher",)))
    assert [run.entry.name for run in runs] == NAMES
    before = {path: path.stat().st_mtime_ns for path in grid.glob("runs/**/*")}
    for planned, lender in ((runs[0], None), (runs[1], NAMES[0])):
        train(planned, Output(grid), lender)
    assert {path: path.stat().st_mtime_ns for path in grid.glob("runs/**/*")} == before


@pytest.fixture
def kept(grid: Path, tmp_path: Path) -> Path:
    """What is committed of the finished grid: its records, without the runs."""
    shutil.copytree(grid / "records", tmp_path / "kept" / "records")
    return tmp_path / "kept"


def test_a_record_is_enough_where_the_run_is_gone(kept: Path, small: Path, s2c2: Forked) -> None:
    done = s2c2(*asked(small, kept, name="figure4"))
    assert done.returncode == 0, done.stderr
    assert "0 runs worked on, 4 were done" in done.stdout
    assert not (kept / "runs").exists()


def test_a_run_without_a_record_is_trained_with_its_partner(
    kept: Path, grid: Path, small: Path, s2c2: Forked
) -> None:
    before = {path.name: files.read_json(path) for path in (kept / "records").iterdir()}
    (kept / "records" / f"{NAMES[3]}.json").unlink()
    done = s2c2(*asked(small, kept))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (kept / "runs").iterdir()) == sorted(NAMES[2:])
    after = {path.name: files.read_json(path) for path in (kept / "records").iterdir()}
    timeless = [
        {name: {**one, "environment": None} for name, one in all_.items()} for all_ in (before, after)
    ]
    assert timeless[0] == timeless[1]


def test_images_need_the_runs(kept: Path, small: Path, s2c2: Forked) -> None:
    done = s2c2(*asked(small, kept, seeds=1, name="figure5"))
    assert done.returncode == 0, done.stderr
    assert "2 runs worked on, 0 were done" in done.stdout
    assert (kept / "figure5" / "images.html").exists()


def test_a_record_of_another_configuration_is_refused(kept: Path, small: Path, s2c2: Forked) -> None:
    before = {path: path.read_bytes() for path in (kept / "records").iterdir()}
    done = s2c2(*asked(small, kept, *QUICK[1:], "train.steps=13"))
    assert done.returncode == 2
    assert f"{NAMES[0]}.json was made with another configuration (train.steps 12 → 13)" in done.stderr
    assert {path: path.read_bytes() for path in (kept / "records").iterdir()} == before


def test_another_configuration_is_refused(grid: Path, small: Path, s2c2: Forked) -> None:
    before = (grid / "table2" / "study.json").read_bytes()
    done = s2c2(*asked(small, grid, *QUICK[1:], "train.steps=13", seeds=3))
    assert done.returncode == 2
    assert "train.steps 12 → 13" in done.stderr
    assert (grid / "table2" / "study.json").read_bytes() == before


def test_a_network_is_trained_once_however_often_it_is_read(
    small: Path, tmp_path: Path, s2c2: Forked
) -> None:
    done = s2c2(*asked(small, tmp_path / "grid", seeds=1, name="probe"), "--first-seed", "4")
    assert done.returncode == 0, done.stdout
    folders = list((tmp_path / "grid" / "runs").iterdir())
    assert len(folders) == 13
    losses = [path / "losses.jsonl" for path in folders]
    # Two that are trained at once may end in the same tick of the clock, with other losses.
    trained = {(path.stat().st_mtime_ns, path.read_bytes()) for path in losses}
    assert len(trained) == 4, "plain and extended, with one vote and with five; the others are copies"

    lent = tmp_path / "grid" / "runs" / "small-mean-teacher-vanilla-readout-probe-votes-4"
    given = ("--config", str(lent / "config.yaml"), "--out", str(tmp_path / "alone"))
    done = s2c2("train", small, *given)
    assert done.returncode == 0, done.stderr
    for part in ("losses.jsonl", "predictions.parquet", "probe.npz", "readout.npz"):
        assert (lent / part).read_bytes() == (tmp_path / "alone" / part).read_bytes(), part


def test_a_grid_is_at_work_also_where_the_file_system_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Output(tmp_path / "out")
    with alone(out), pytest.raises(UserError, match=r"remove .*\.lock$"), alone(out):
        pass
    assert not out.lock.exists()

    def lockless(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", lockless)
    with alone(out):
        assert out.root.is_dir()


def test_two_grids_do_not_share_a_folder_at_once(grid: Path, small: Path, s2c2: Forked) -> None:
    with alone(Output(grid)):
        done = s2c2(*asked(small, grid))
    assert done.returncode == 2
    assert "another experiment is at work" in done.stderr
    with alone(Output(grid)):
        pass


def test_a_failed_run_is_reported_and_stops_no_other(small: Path, tmp_path: Path, s2c2: Forked) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / NAMES[0]).write_text("in the way")
    done = s2c2(*asked(small, tmp_path, seeds=1))
    assert done.returncode == 1
    assert f"failed: {NAMES[0]}: " in done.stdout
    assert "exists and is not a run folder" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    plain, extended = (files.read_json(tmp_path / "records" / f"{name}.json") for name in NAMES[:2])
    assert plain["failed"].startswith(f"runs/{NAMES[0]} exists")
    assert "scores" in extended
    assert "comparison" not in extended
    page = (tmp_path / "table2" / "table.md").read_text(encoding="utf-8")
    assert "| small | mean-teacher | plain | 0 of 1 |" in page
    assert f"| {NAMES[0]} | runs/{NAMES[0]} exists" in page
    # With the cause gone, the run is made and its partner is compared.
    (tmp_path / "runs" / NAMES[0]).unlink()
    done = s2c2(*asked(small, tmp_path, seeds=1))
    assert done.returncode == 0, done.stderr
    assert "comparison" in files.read_json(tmp_path / "records" / f"{NAMES[1]}.json")


def test_a_follow_up_that_fails_keeps_what_was_recorded(kept: Path, small: Path, s2c2: Forked) -> None:
    record, in_the_way = kept / "records" / f"{NAMES[1]}.json", kept / "runs" / NAMES[1]
    before = files.read_json(record)
    in_the_way.parent.mkdir()
    in_the_way.write_text("in the way")
    done = s2c2(*asked(small, kept, seeds=1, name="figure5"))
    assert done.returncode == 1
    failed = f"runs/{NAMES[1]} exists"
    noted = files.read_json(record)
    assert noted.pop("failed_later")["figure5"].startswith(failed)
    assert noted == before
    page = (kept / "figure5" / "table.md").read_text(encoding="utf-8")
    listed = f"| {NAMES[1]} | scored before; what was asked later failed: {failed}"
    assert listed in page
    # Another experiment of the same runs asks nothing of it, and is not told; nor does it forget it.
    done = s2c2(*asked(small, kept, seeds=1, name="figure4"))
    assert done.returncode == 0, done.stderr
    assert "failed" not in (kept / "figure4" / "table.md").read_text(encoding="utf-8")
    assert s2c2("experiment", "figure5", "--rebuild", "--out", str(kept)).returncode == 0
    assert listed in (kept / "figure5" / "table.md").read_text(encoding="utf-8")
    # With the cause gone it is made, and nothing is said of the failure.
    in_the_way.unlink()
    done = s2c2(*asked(small, kept, seeds=1, name="figure5"))
    assert done.returncode == 0, done.stderr
    assert files.read_json(record).keys() == before.keys()
    assert "failed" not in (kept / "figure5" / "table.md").read_text(encoding="utf-8")


def test_a_failure_is_forgotten_where_another_experiment_made_what_was_asked(
    kept: Path, small: Path, s2c2: Forked
) -> None:
    record = kept / "records" / f"{NAMES[1]}.json"
    before = files.read_json(record)
    files.write_json(record, before | {"failed_later": {"figure4": "no space", "figure5": "no space"}})
    assert s2c2(*asked(small, kept, seeds=1, name="figure4")).returncode == 0
    assert files.read_json(record) == before | {"failed_later": {"figure5": "no space"}}


def test_a_killed_grid_goes_on_to_the_same_bits(
    grid: Path, small: Path, tmp_path: Path, s2c2: Forked
) -> None:
    arguments = asked(small, tmp_path, seeds=1)
    process = started([*arguments, "--workers", "1"])  # a whole run is left when the first one is seen
    until(lambda: list(tmp_path.glob("runs/*/checkpoints/*.safetensors")), "a checkpoint", process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=250)
    assert len(list(tmp_path.glob("records/*.json"))) < 2
    done = s2c2(*arguments)
    assert done.returncode == 0, done.stderr
    for name in NAMES[:2]:
        for part in ("losses.jsonl", "predictions.parquet", "scores.json"):
            ours, theirs = (root / "runs" / name / part for root in (tmp_path, grid))
            assert ours.read_bytes() == theirs.read_bytes(), (name, part)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_stop_leaves_checkpoints_and_tables(sent: int, code: int, small: Path, tmp_path: Path) -> None:
    long = (*QUICK[1:], "train.steps=100000")
    process = started(asked(small, tmp_path, *long))
    until(lambda: list(tmp_path.glob("runs/*/checkpoints/*.safetensors")), "a checkpoint", process)
    process.send_signal(sent)
    said, error = process.communicate(timeout=250)
    assert process.returncode == code
    assert "the same command goes on" in said
    assert "2 runs worked on, 2 not begun, 0 were done, 0 failed" in said
    assert "Traceback" not in error
    assert not list(tmp_path.glob("records/*.json"))
    for path in tmp_path.glob("runs/*/losses.jsonl"):
        lines = path.read_text().splitlines()
        assert len(lines) == json.loads(lines[-1])["step"]
        assert (path.parent / "checkpoints" / f"{len(lines):08}.safetensors").exists()
    assert "not run yet" in (tmp_path / "table2" / "table.md").read_text(encoding="utf-8")


def test_nothing_that_only_draws_is_in_memory_while_a_grid_is_at_work() -> None:
    code = (
        "import importlib, sys\n"
        "command = importlib.import_module('s2c2.cli.experiment')\n"
        "command.planned = lambda *asked: ()\n"
        "command.work = lambda *asked: sys.exit('matplotlib' in sys.modules)\n"
        "command.experiment(None, 'table2')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
