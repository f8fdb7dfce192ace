"""The sdist holds the repository; the wheel built of it holds the package alone, and runs from a folder."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.test_house import tracked

pytest.importorskip("hatchling", reason="builds with the hatchling that is installed")

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/s2c2"
RUN = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import s2c2
print(s2c2.__file__, flush=True)
from s2c2.cli import main
main()
"""


def built(kind: str, tree: Path, dist: Path) -> Path:
    """Build a wheel or an sdist of a folder; return the file."""
    call = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(dist)]
    done = subprocess.run(call, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = dist.iterdir()
    return file


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("sdist", ROOT, tmp_path_factory.mktemp("sdist") / "dist")


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of the sdist without its tests and records, which a wheel has no use for."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        parts = [each for each in archive if each.name.split("/")[1] not in ("tests", "results", "docs")]
        archive.extractall(folder, members=parts, filter="data")
    (tree,) = folder.iterdir()
    return built("wheel", tree, folder / "dist")


def test_the_sdist_holds_what_the_repository_does(sdist: Path) -> None:
    """Sources with their tests, documentation and records, so that tests run; nothing that git ignores."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    kept = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert names - kept == {"PKG-INFO"}
    assert kept <= names
    assert {"src/s2c2/py.typed", "tests/test_wheel.py", "results/mutants.md"} <= names
    assert [name for name in names if "/runs/" in name or name.startswith((".venv", "demo/", "crash-"))] == []


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    inside = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert names == {path.relative_to(PACKAGE.parent).as_posix() for path in inside}
    assert {name.rpartition(".")[2] for name in names} > {"py", "typed", "mjs", "html"}


def test_the_wheel_runs_from_a_clean_folder(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    call = [sys.executable, "-I", "-c", RUN, str(tmp_path / "site"), "--help"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, _, rest = done.stdout.partition("\n")
    assert Path(first) == tmp_path / "site/s2c2/__init__.py"
    assert "annotate" in rest


def test_the_wheel_has_the_command_and_the_license(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        facts = {name.partition(".dist-info/")[2]: name for name in archive.namelist()}
        assert "s2c2 = s2c2.cli:main" in archive.read(facts["entry_points.txt"]).decode()
        assert archive.read(facts["licenses/LICENSE"]) == (ROOT / "LICENSE").read_bytes()
