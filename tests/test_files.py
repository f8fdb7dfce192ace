import errno
import fcntl
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from s2c2 import files
from s2c2.errors import UserError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_atomic_makes_the_folder_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "text.txt"
    files.write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert names(path.parent) == ["text.txt"]


def test_the_place_is_empty_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with files.atomic(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        assert partial.name.endswith(files.STALE)
        assert partial.parent == tmp_path
    assert path.read_text() == "half"


WRITER = """
import sys
from contextlib import ExitStack
from pathlib import Path
from s2c2 import files
path = Path(sys.argv[1])
with (files.atomic_folder if sys.argv[2] == "folder" else files.atomic)(path) as partial:
    (partial / "a.txt" if partial.is_dir() else partial).write_text("half")
    print("half", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_is_swept_and_what_is_being_written_is_not(
    kind: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "a[1]"), kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        files.sweep(tmp_path)
        (left,) = names(tmp_path)
        assert left.endswith(files.STALE)
        process.kill()
    assert names(tmp_path) == [left]
    files.sweep(tmp_path, "another name")
    assert names(tmp_path) == [left]
    if kind == "folder":
        with files.atomic_folder(tmp_path / "a[1]"):
            pass
    else:
        files.write_text(tmp_path / "a[1]", "whole")
    assert names(tmp_path) == ["a[1]"]


def test_an_empty_text_is_a_whole_file(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a.txt", "")
    assert (tmp_path / "a.txt").read_bytes() == b""


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def half() -> None:
        with files.atomic(path) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_a_user_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot write .*a\.txt: No space left on device"):
        files.write_text(tmp_path / "a.txt", "text")
    assert names(tmp_path) == []


def test_a_file_in_the_way_of_the_folder_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    for path in (tmp_path / "run" / "a.txt", tmp_path / "run" / "deep" / "a.txt"):
        with pytest.raises(UserError, match="cannot write"):
            files.write_text(path, "text")
    assert (tmp_path / "run").read_text() == "a file"


def test_a_folder_in_the_way_of_the_file_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        files.write_text(tmp_path / "a.txt", "text")
    assert names(tmp_path) == ["a.txt"]


def test_a_block_that_writes_nothing_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write"), files.atomic(tmp_path / "a.txt"):
        pass


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"f1": 0.5, "d": float("nan")}, {"f1": 0.5, "d": None}),
        ([1, float("inf"), (-float("inf"), "é", None, True)], [1, None, [None, "é", None, True]]),
        ({"deep": {"deeper": np.float64("nan")}}, {"deep": {"deeper": None}}),
    ],
)
def test_json_has_no_number_that_is_not_finite(value: Any, expected: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, value)
    assert json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail) == expected
    assert files.read_json(path) == expected


def test_a_missing_file_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*a\.json"):
        files.read_json(tmp_path / "a.json")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b""])
def test_a_file_that_is_not_json_is_a_user_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot read"):
        files.read_json(path)


def test_a_folder_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        files.read_json(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_known_by_what_each_library_raises() -> None:
    full = Path("/dev/full")
    with pytest.raises(OSError, match="space") as plain:
        full.write_text("x")
    assert files.unwritable(plain.value) == os.strerror(errno.ENOSPC)
    with pytest.raises(pl.exceptions.ComputeError) as columns:
        pl.DataFrame({"a": [0] * 9}).write_parquet(full)
    assert files.unwritable(columns.value) is not None


def test_an_error_of_another_kind_is_not_about_the_disk() -> None:
    assert files.unwritable(ValueError("wrong")) is None
    assert files.unwritable(UserError("cannot write a: (os error 28)")) is None


def test_writers_with_one_number_write_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As processes of two containers that share a folder have."""
    monkeypatch.setattr(os, "getpid", lambda: 7)
    path = tmp_path / "a.txt"
    with files.atomic(path) as first:
        first.write_text("first")
        files.write_text(path, "second")
        assert path.read_text() == "second"
        assert first.read_text() == "first"
    assert path.read_text() == "first"
    with files.atomic_folder(tmp_path / "one") as one, files.atomic_folder(tmp_path / "two") as two:
        assert one != two
    assert names(tmp_path) == ["a.txt", "one", "two"]


def test_a_lock_makes_another_process_wait(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from s2c2.files import awaited\n"
        "print('ready', flush=True)\n"
        "with awaited(Path(sys.argv[1]), lambda: None): Path(sys.argv[2]).write_text('in')"
    )
    with files.locked(tmp_path / "lock"):
        command = [sys.executable, "-c", code, str(tmp_path / "lock"), str(tmp_path / "done")]
        other = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert other.stdout is not None
        assert other.stdout.readline() == b"ready\n"
        with files.locked(tmp_path / "lock") as mine:
            assert not mine
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1.5)
        assert not (tmp_path / "done").exists()
    assert other.wait(60) == 0
    other.stdout.close()
    assert (tmp_path / "done").read_text() == "in"
    with files.locked(tmp_path / "lock") as mine:
        assert mine


def test_where_there_are_no_locks_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    with files.locked(tmp_path / "file" / "lock") as mine:
        assert mine

    def lockless(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", lockless)
    with files.locked(tmp_path / "lock") as mine, files.locked(tmp_path / "lock") as also:
        assert mine
        assert also


def test_one_who_waits_may_give_up(tmp_path: Path) -> None:
    asked = [3, 2, 1]

    def wait(path: Path) -> None:
        with files.awaited(path, asked.pop):
            pytest.fail("it is held by another")

    with files.locked(tmp_path / "lock"), pytest.raises(IndexError):
        wait(tmp_path / "lock")
    assert not asked


def test_a_lock_is_taken_anew_where_who_held_it_removed_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, take = tmp_path / "lock", fcntl.flock
    with ExitStack() as other:
        other.enter_context(files.locked(path))

        def late(file: int, how: int) -> None:
            other.close()
            take(file, how)

        monkeypatch.setattr(fcntl, "flock", late)
        with files.locked(path) as mine:
            assert mine
            assert path.exists(), "a third one would make another, and hold it too"
    assert not path.exists()
