"""For all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.forked import Forked, forked

# How long an example takes depends on the machine and on what else it does: a timing is a benchmark.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def s2c2() -> Iterator[Forked]:
    """Run the command line in a process of its own that is forked, so that it imports nothing heavy."""
    with forked() as call:
        yield call
