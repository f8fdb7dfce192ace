"""What is written about the project is true of it, and no file names the machine it was written on."""

import re
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from s2c2.algorithms import ALGORITHMS
from s2c2.cli import app
from s2c2.config import Config
from s2c2.data.formats import FORMATS
from s2c2.objectives import S2C2

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
FOREIGN = (
    r"(?<![\w.])/(?:work|opt|home|root|mnt|data1|data-ssd)/",
    r"pypi\.(?:org|python\.org)",
    r"pythonhosted\.org",
    r"download\.pytorch\.org",
    r"npmjs\.(?:org|com)",
    r"--(?:extra-)?index-url|--find-links",
    r"\d\+(?:cpu|cu\d+)\b",
)
"""Folders of one machine, registry hosts, and builds of one machine."""


def tracked() -> list[Path]:
    """Return the files that git has or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a git checkout")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def is_local(path: Path) -> bool:
    """Say whether a link may point there: it exists below the root."""
    return path.exists() and path.resolve().is_relative_to(ROOT)


def foreign(text: str) -> list[str]:
    """Return what a text holds of one machine."""
    return [found.group() for pattern in FOREIGN for found in re.finditer(pattern, text)]


@pytest.mark.parametrize("text", ["see " + "/wo" + "rk/main", "torch==2.13.0" + "+cpu", "py" + "pi.org"])
def test_foreign_finds_what_belongs_to_one_machine(text: str) -> None:
    assert foreign(text)


def test_foreign_leaves_relative_paths_alone() -> None:
    assert not foreign("bench/work/main and ../shared/data, torch==2.13.0, /tmp")


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = {}
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        if path != Path(__file__).resolve() and (hits := foreign(text)):
            found[path.relative_to(ROOT).as_posix()] = hits
    assert not found


def test_algorithms_do_not_know_what_extends_them() -> None:
    known = re.compile(r"s2c2|ambigu|cluster", re.IGNORECASE)
    files = sorted((ROOT / "src/s2c2/algorithms").glob("*.py"))
    assert files
    assert not [path.name for path in files if known.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_make_commands_in_texts_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    mentioned = set(re.findall(r"^(?:\$ )?make ([a-z]+)", text, re.MULTILINE))
    mentioned |= set(re.findall(r"`make ([a-z]+)", text))
    assert mentioned <= targets()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_in_texts_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert not [link for link in links if not is_local(path.parent / link)]


def test_readme_and_formats_page_name_every_choice() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    formats = (ROOT / "docs/howto/formats.md").read_text(encoding="utf-8")
    assert not [name for name in ALGORITHMS if f"`{name}`" not in readme]
    assert not [name for name in FORMATS if f"`{name}`" not in formats]


@pytest.mark.parametrize(
    "path", [*TEXTS, ROOT / "CHANGELOG.md"], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_text_has_a_place_that_was_to_be_filled(path: Path) -> None:
    assert not re.findall(r"@@.*?@@|\bTODO\b|\bFIXME\b", path.read_text(encoding="utf-8"))


def commands(command: Any, prefix: str = "s2c2") -> list[str]:
    """Return every command below one, as it is typed."""
    below = getattr(command, "commands", {})
    return [name for key, sub in below.items() for name in commands(sub, f"{prefix} {key}")] or [prefix]


def test_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in commands(typer.main.get_command(app)) if f"`{name}" not in readme]


def deviations() -> list[list[str]]:
    """Return the cells of the deviation table."""
    text = (ROOT / "docs/method.md").read_text(encoding="utf-8").split("(deviations)=")[1]
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_deviation_names_an_option_and_a_test_that_exist() -> None:
    rows = deviations()
    assert {len(row) for row in rows} == {6}
    options = [option.strip("`") for *_, option, _ in rows if option != "–"]
    assert not [option for option in options if not is_key(option)]
    assert not [test for *_, test in rows if not (ROOT / test).is_file()]


def is_key(option: str) -> bool:
    """Say whether a default configuration has a key."""
    value: Any = Config().model_dump()
    for part in option.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def test_every_decision_of_s2c2_has_its_row() -> None:
    weights = {"algorithm", "class_weights", "disputed", "ambiguity", "separation", "similarity"}
    decided = {f"`objective.{field.name}`" for field in fields(S2C2) if field.name not in weights}
    assert decided <= {option for *_, option, _ in deviations()}


def test_method_page_names_every_field_of_every_algorithm() -> None:
    text = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    names = {field.name for algorithm in ALGORITHMS.values() for field in fields(algorithm)}  # type: ignore[arg-type]
    assert not [name for name in names if name not in text]


def test_citation_and_documentation_have_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == version
    assert f'"{version}"' in (ROOT / "docs/conf.py").read_text(encoding="utf-8")


def pinned(name: str) -> list[str]:
    """Return the lines of a file of versions that are no comments."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-tools.txt"])
def test_constraints_are_plain_pins(name: str) -> None:
    plain = r"[a-z0-9-]+==[0-9.]+((a|b|rc)[0-9]+|\.post[0-9]+)?"
    assert not [line for line in pinned(name) if not re.fullmatch(plain, line)]


def test_everything_that_is_needed_is_pinned() -> None:
    pins = pinned("constraints.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[>=<\[ ]", need)[0].lower() for need in project["dependencies"]}
    assert needed <= {line.split("==")[0] for line in pins}
