"""The wheel holds the whole package and nothing else, and runs from a folder of its own."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="builds a wheel with the hatchling that is installed")

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/s2c2"
PARTS = ("pyproject.toml", "README.md", "LICENSE", "src/s2c2")
RUN = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import s2c2
print(s2c2.__file__, flush=True)
from s2c2.cli import main
main()
"""


def copied(tree: Path) -> None:
    """Copy the parts of the project that a wheel is made of."""
    for part in PARTS:
        path = tree / part
        path.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, path, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / part, path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    copied(folder / "tree")
    call = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    done = subprocess.run(call, cwd=folder / "tree", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = (folder / "dist").iterdir()
    return built


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
