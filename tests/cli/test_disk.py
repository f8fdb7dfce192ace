"""A full disk and a read-only one, for real: a file system in memory of some hundred kilobytes."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import QUICK, Command


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, 600 kB large."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or mount("-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)):
        pytest.skip("needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


def test_a_run_goes_on_when_the_full_disk_has_room_again(
    disk: Path, small: Path, s2c2: Command, tmp_path: Path
) -> None:
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(250_000))
    settings = (*QUICK, "network.backbone.width=1", "train.checkpoint=2", "train.keep=3")
    done = s2c2("train", small, "--out", disk / "run", *settings)
    assert done.returncode == 2, done.stdout
    assert "No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(disk.rglob("*.partial"))
    ballast.unlink()
    assert mount("-o", "remount,size=8m", str(disk)) == 0
    resumed = s2c2("train", small, "--out", disk / "run", *settings, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert s2c2("train", small, "--out", tmp_path / "whole", *settings).returncode == 0
    for name in ("losses.jsonl", "predictions.parquet", "checkpoints/00000012.safetensors"):
        assert (disk / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_a_read_only_disk_is_one_clear_line(disk: Path, small: Path, s2c2: Command) -> None:
    assert mount("-o", "remount,ro", str(disk)) == 0
    for arguments in (
        ("train", small, "--out", disk / "run", *QUICK),
        ("data", "synthetic", disk / "data", "--images", "60"),
    ):
        done = s2c2(*arguments)
        assert done.returncode == 2
        assert "Read-only file system" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not list(disk.iterdir())


def test_a_dataset_on_a_read_only_disk_can_be_trained_on(
    disk: Path, s2c2: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert s2c2("data", "synthetic", disk / "data", "--images", 90, "--size", 16).returncode == 0
    assert mount("-o", "remount,ro", str(disk)) == 0
    done = s2c2("train", disk / "data", "--out", tmp_path / "run", *QUICK, "data.labeled=30")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "cache").rglob("pack-*.npy"))
