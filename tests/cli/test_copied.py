"""Commands that a person is told are copied as they are, whatever the folders are called."""

import shlex
from pathlib import Path

import pytest
from PIL import Image

from s2c2.data.synthetic import synthetic
from tests.cli.conftest import Command

NAMES = ["my images", "it's $HOME"]


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder in which every path has to be quoted."""
    return tmp_path / str(request.param)


def told(said: str) -> list[str]:
    """Return the words of the command that a line ends with, as a shell reads them."""
    return shlex.split(said[said.rindex("s2c2 ") :])


def test_what_comes_next(folder: Path, s2c2: Command) -> None:
    for name in ("cat", "dog"):
        (folder / "from" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(folder / "from" / name / "a.png")
    done = s2c2("data", "import", folder / "from", folder / "to", "--format", "folders")
    assert done.returncode == 0, done.stderr
    assert told(done.stdout) == ["s2c2", "data", "check", str(folder / "to")]


def test_what_makes_what_is_missing(folder: Path, s2c2: Command) -> None:
    data, plain, run = folder / "data", folder / "plain", folder / "run"
    synthetic(data, images=12, seed=0, size=8, votes=2)
    plain.mkdir()
    cases: list[tuple[tuple[object, ...], tuple[object, ...]]] = [
        (("evaluate", run), ("train", "DATASET", "--out", run)),
        (("evaluate", data), ("train", data, "--out", "RUN")),
        (("data", "check", plain), ("data", "import", plain, "DEST", "--format", "folders")),
        (("annotate", data, "--backup", folder / "copy.sqlite"), ("annotate", data)),
        (("annotations", "agreement", data), ("annotate", data)),
    ]
    for given, wanted in cases:
        done = s2c2(*given)
        assert done.returncode == 2, (given, done.stdout, done.stderr)
        assert told(done.stderr) == ["s2c2", *map(str, wanted)], given
