"""Programs that tests need and a machine may lack."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test that asks; fail it in ``.ci/run``, which installs all that tests need.

    Args:
        what: what is missing, and how to get it.
    """
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)
    raise AssertionError("neither returns")
