"""What SECURITY.md promises of the code, held against every line of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
UNPICKLERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
"""Modules by which reading runs code."""
GUARDED = {
    "src/s2c2/data/formats/cifar10h.py": {"pickle"},
    "src/s2c2/experiments/slurm.py": {"pickle"},
    "src/s2c2/experiments/failures.py": {"pickle"},
}
"""Files that import one nevertheless: a reader that takes nothing but arrays, see its tests; jobs of a
grid, which it writes itself into a folder that only its own user can open; and how these jobs ended."""
RUNNING = ("eval", "exec", "compile", "__import__")
"""Functions that run text."""
UNPACKING = ("extractall", "unpack_archive")
"""Functions and methods that unpack what they are given."""


def name_of(node: ast.expr) -> str:
    """Return the dotted name of what is called."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each call with the keywords that it is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield name_of(node.func), {word.arg or "**": ast.unparse(word.value) for word in node.keywords}


def imports(tree: ast.AST) -> set[str]:
    """Return the packages that a file imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def problems(source: str, allowed: set[str]) -> list[str]:
    """Return what in a source could run or unpack what comes from outside."""
    tree = ast.parse(source)
    found = [f"imports {name}" for name in sorted(imports(tree) & set(UNPICKLERS) - allowed)]
    for name, words in calls(tree):
        if name in RUNNING or name.rpartition(".")[2] in UNPACKING:
            found.append(f"calls {name}")
        if name == "torch.load" and words.get("weights_only") != "True":
            found.append("torch.load without weights_only=True")
        if name in ("np.load", "numpy.load") and words.get("allow_pickle", "False") != "False":
            found.append("numpy.load with pickles")
        if words.get("shell") == "True":
            found.append(f"{name} through a shell")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_from_outside_is_run_or_unpacked(path: Path) -> None:
    allowed = GUARDED.get(path.relative_to(ROOT).as_posix(), set())
    assert problems(path.read_text(encoding="utf-8"), allowed) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import torch\ntorch.load(path)",
        "import torch\ntorch.load(path, weights_only=False)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "archive.extractall(folder)",
        "eval(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_what_is_looked_for_is_found(source: str) -> None:
    assert len(problems(source, set())) == 1


def test_the_yaml_loader_is_a_safe_one() -> None:
    loads = [
        (path.name, ast.unparse(node))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and re.search(r"yaml\.(unsafe_|full_)?load(_all)?$", name_of(node.func))
    ]
    assert loads == [("config.py", "yaml.load(text, _Loader)")]


def test_every_promise_names_tests_or_commands_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 8
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for row in rows:
        proofs = re.findall(r"`([^`]+)`", row.rstrip("| ").rpartition("|")[2])
        assert proofs, row
        for proof in proofs:
            make = proof.startswith("make ")
            assert f"\n{proof[5:]}:" in targets if make else (ROOT / proof).exists(), proof
