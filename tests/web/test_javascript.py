"""The logic of the page runs under node: one Python test for each file of ``js/``."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.needed import missing

FILES = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))
STATIC = Path(__file__).resolve().parents[2] / "src/s2c2/web/static"
NODE = shutil.which("node")


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    if NODE is None:
        missing("no node: apt-get install nodejs")
    return subprocess.run([NODE, *arguments], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_logic(path: Path) -> None:
    done = node("--test", str(path))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_a_name_is_quoted_as_a_shell_reads_it() -> None:
    names = ["ada", "Bo L.", "o'neill", "a$b", "Zoë", "x@y.org", "*", "~", "a;b", 'say "hi"', "50%", "''"]
    words = (STATIC / "logic" / "words.mjs").as_uri()
    quoting = f"console.log(JSON.stringify({json.dumps(names)}.map(quoted)))"
    done = node("--input-type=module", "--eval", f"import {{ quoted }} from '{words}'; {quoting}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [shlex.quote(name) for name in names]


def test_each_module_of_the_logic_has_a_test() -> None:
    tested = {path.name.split(".")[0] for path in FILES} | {"acts", "tabs"}
    assert {path.stem for path in (STATIC / "logic").glob("*.mjs")} <= tested


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.mjs")), ids=lambda path: path.name)
def test_modules_are_valid(path: Path) -> None:
    done = node("--check", str(path))
    assert done.returncode == 0, done.stderr


def test_the_page_needs_nothing_from_elsewhere() -> None:
    for path in STATIC.rglob("*.*"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name
        assert "innerHTML" not in text, path.name
        assert " style=" not in text, path.name
