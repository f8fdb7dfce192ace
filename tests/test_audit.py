"""What the audit says of answers as pip-audit gives them, and of none."""

import json
import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from bench.audit import PINNED, audit, pins, question
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
OF_A_CARD = r"nvidia-|cuda-|triton"
"""What torch needs for graphics cards comes with the build of torch that one chooses."""
PINS = {"numpy": "2.0.0", "PyYAML": "6.0"}
NUMPY: dict[str, Any] = {"name": "numpy", "version": "2.0.0", "vulns": []}
YAML: dict[str, Any] = {"name": "pyyaml", "version": "6.0", "vulns": []}
FLAW = {"id": "PYSEC-1", "fix_versions": ["6.0.1"], "aliases": [], "description": "it runs what it reads"}
UNREACHED = "Traceback (most recent call last):\n  …\nrequests.exceptions.ConnectionError: no such host"


def answer(*entries: dict[str, Any], error: str = "") -> "subprocess.CompletedProcess[str]":
    output = json.dumps({"dependencies": entries, "fixes": []}) if entries else ""
    return subprocess.CompletedProcess([], int(not entries), output, error)


def audited(**answers: "subprocess.CompletedProcess[str]") -> tuple[int, list[str]]:
    said: list[str] = []
    return audit(PINS, answers.__getitem__, said.append, tuple(answers)), said


def test_a_database_that_knows_all_versions_is_enough() -> None:
    assert audited(pypi=answer(NUMPY, YAML)) == (0, ["2 versions, no known weakness (pypi)"])


def test_a_weakness_is_named_and_fails() -> None:
    code, said = audited(pypi=answer(NUMPY, YAML | {"vulns": [FLAW]}))
    assert code == 1
    assert len(said) == 1
    assert "PYSEC-1, mended in 6.0.1" in said[0]


def test_a_database_that_cannot_be_asked_is_no_weakness_and_no_traceback() -> None:
    skipped = {"name": "pyyaml", "skip_reason": "Dependency not found on PyPI"}
    code, said = audited(pypi=answer(NUMPY, skipped), osv=answer(error=UNREACHED))
    assert code == 2
    assert said[0] == "pypi: 1 of 2 versions could not be looked up: Dependency not found on PyPI"
    assert said[1].startswith("osv: 2 of 2 versions could not be looked up: requests.exceptions.Connection")
    assert said[2].startswith("Not audited")
    assert len(said) == 3


def test_the_second_database_is_asked_where_the_first_does_not_answer() -> None:
    assert audited(pypi=answer(error=UNREACHED), osv=answer(NUMPY, YAML))[0] == 0


def test_a_weakness_counts_also_where_another_version_could_not_be_looked_up() -> None:
    assert audited(pypi=answer(YAML | {"vulns": [FLAW]}))[0] == 1


@pytest.mark.parametrize("output", ["", "No known vulnerabilities found", "[]", '{"fixes": []}'])
def test_an_output_that_says_nothing_is_no_verdict(output: str) -> None:
    assert audited(pypi=subprocess.CompletedProcess([], 0, output, ""))[0] == 2


def test_the_pins_are_exported_as_a_question() -> None:
    versions = pins("# a comment\nnumpy==2.0.0\n\npyyaml==6.0  # why\n")
    assert versions == {"numpy": "2.0.0", "pyyaml": "6.0"}
    asked = question(versions)["queries"]
    assert asked[0] == {"package": {"ecosystem": "PyPI", "name": "numpy"}, "version": "2.0.0"}
    lines = [line for line in PINNED.read_text().splitlines() if "==" in line]
    assert len(pins(PINNED.read_text())) == len(lines)


def needed(requirement: Requirement) -> list[Requirement]:
    """Return what an installed distribution needs here, with the extras that are asked for."""
    extras = requirement.extras or {""}
    below = map(Requirement, distribution(requirement.name).requires or ())
    return [
        each
        for each in below
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def closure(requirements: list[Requirement]) -> set[str]:
    """Return the names of all that is installed of some requirements and of what they need."""
    found, seen = set[str](), set[str]()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen or re.match(OF_A_CARD, requirement.name):
            continue
        seen.add(str(requirement))
        try:
            waiting += needed(requirement)
        except PackageNotFoundError:
            continue
        found.add(canonicalize_name(requirement.name))
    return found


def test_every_installed_dependency_is_pinned() -> None:
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    texts = chain(project["dependencies"], *project["optional-dependencies"].values())
    installed = closure([Requirement(text) for text in texts])
    assert {"torch", "numpy", "pytest", "pluggy", "typing-extensions", "markupsafe"} <= installed
    assert installed <= {canonicalize_name(name) for name in pins(PINNED.read_text(encoding="utf-8"))}


def test_pins_have_the_names_that_the_databases_answer_with() -> None:
    names = list(pins(PINNED.read_text(encoding="utf-8")))
    assert names == [canonicalize_name(name) for name in names]
    assert len(names) == len(set(names)) > 100
