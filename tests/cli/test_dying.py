"""Killed before any change of the file system and called again, a command does what it would have done."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.cli.dying import Commands, commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SYNTHETIC = ("data", "synthetic", "data", "--images", 6, "--size", 16, "--classes", 3)
SCANS = "SCANS"
"""Stands for the folder that is imported."""
IMPORT = ("data", "import", SCANS, "data", "--format", "folders", "--skip-broken")
UNLIKE = ("environment.json", "files.json")
"""Files that hold times; only their names are compared."""


@pytest.fixture(scope="module")
def s2c2() -> Iterator[Commands]:
    with commands() as process:
        yield process


@pytest.fixture
def scans(s2c2: Commands, tmp_path: Path) -> Path:
    """Two folders of two images, one of which is broken."""
    assert s2c2(tmp_path / "source", 0, *SYNTHETIC) == 0
    images = sorted((tmp_path / "source/data/images").iterdir())[:4]
    for number, image in enumerate(images):
        path = tmp_path / "scans" / "ab"[number % 2] / image.name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, path)
    path.write_bytes(path.read_bytes()[:60])
    return tmp_path / "scans"


def contents(work: Path) -> dict[str, bytes | None]:
    """Return the bytes of each file, and None for each folder."""
    found = {path.relative_to(work).as_posix(): path for path in work.rglob("*")}
    return {
        name: None if path.is_dir() else b"" if path.name in UNLIKE else path.read_bytes()
        for name, path in found.items()
    }


def deaths(
    s2c2: Commands, folder: Path, arguments: tuple[object, ...], begin: Callable[[Path], object] = Path.mkdir
) -> Iterator[Path]:
    """Yield what a command leaves that is killed before its first change, before its second, and so on.

    Args:
        s2c2: runs commands.
        folder: for all that is left.
        arguments: the command.
        begin: makes the folder that it is called in.
    """
    folder.mkdir()
    for number in count(1):
        begin(work := folder / str(number))
        if (code := s2c2(work, number, *arguments)) == 0:
            return
        assert code == -SIGKILL, (folder / f"{number}.txt").read_text()
        yield work


def again(s2c2: Commands, work: Path, arguments: tuple[object, ...]) -> dict[str, bytes | None]:
    """Return what is there after the command was called again, where its dataset is not there already."""
    if not (work / "data").exists():
        assert s2c2(work, 0, *arguments) == 0, Path(f"{work}.txt").read_text()
    return contents(work)


@pytest.mark.parametrize("words", [SYNTHETIC, IMPORT], ids=["synthetic", "import"])
def test_a_dataset_is_whole_or_made_anew(
    words: tuple[object, ...], scans: Path, s2c2: Commands, tmp_path: Path
) -> None:
    arguments = tuple(scans if word == SCANS else word for word in words)
    whole = again(s2c2, tmp_path / "whole", arguments)
    assert {"data", "data/images", "data/annotations.parquet"} <= whole.keys()
    made = []
    for work in deaths(s2c2, tmp_path / "killed", arguments):
        made.append((work / "data").exists())
        assert again(s2c2, work, arguments) == whole, work.name
    assert made.count(False) > 8
    assert made.count(True) > 0


def test_what_a_killed_process_left_is_swept_also_by_one_that_is_killed(
    s2c2: Commands, tmp_path: Path
) -> None:
    whole = again(s2c2, tmp_path / "whole", SYNTHETIC)
    halves = [work for work in deaths(s2c2, tmp_path / "once", SYNTHETIC) if not (work / "data").exists()]
    assert len(contents(halves[-1])) == len(whole)

    def begin(work: Path) -> None:
        shutil.copytree(halves[-1], work)

    for work in deaths(s2c2, tmp_path / "twice", SYNTHETIC, begin):
        assert again(s2c2, work, SYNTHETIC) == whole, work.name
