"""Threads wait asleep, so that a busy machine does not stop them; a person's own choice holds."""

import os
import subprocess
import sys

import pytest

SHOWN = """
import sys
import s2c2.cli
assert "torch" not in sys.modules
sys.argv = ["s2c2", "config", "show"]
s2c2.cli.main()
"""


def policy(given: dict[str, str]) -> str:
    """Return the waiting policy that the OpenMP library of torch says it has when it is loaded."""
    ours = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    command = [sys.executable, "-c", SHOWN]
    shown = {"OMP_DISPLAY_ENV": "TRUE"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ours | shown | given)
    lines = [line for line in done.stderr.splitlines() if "OMP_WAIT_POLICY" in line]
    if not lines:
        pytest.skip("this build of torch has another OpenMP library")
    return lines[0].split("'")[1]


def test_threads_wait_asleep() -> None:
    assert policy({}) == "PASSIVE"


def test_the_value_of_a_person_holds() -> None:
    assert policy({"OMP_WAIT_POLICY": "ACTIVE"}) == "ACTIVE"
