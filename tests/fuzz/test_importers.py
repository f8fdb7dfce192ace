"""The short form of ``make fuzz``: the same target, driven by hypothesis."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import CASES, damaged, one


@pytest.mark.parametrize("case", range(len(CASES)))
def test_undamaged_sources_are_imported(case: int) -> None:
    assert one(bytes([case, 0])) == ""


def test_damage_by_hand() -> None:
    assert damaged(b"abcdef", bytes([0, 0, 1, 90])) == b"aZcdef"
    assert damaged(b"abcdef", bytes([120, 0, 1, 90])) == b"aZbcdef"
    assert damaged(b"abcdef", bytes([180, 0, 1, 2])) == b"aef"
    assert damaged(b"abcdef", bytes([240, 0, 2, 0])) == b"ab"


FOUND = ["180001000000", "181818180808"]
"""What ``make fuzz`` found once: a table of places without one of its columns."""


@pytest.mark.parametrize("data", FOUND)
def test_what_was_found_stays_mended(data: str) -> None:
    one(bytes.fromhex(data))


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(case=st.integers(0, len(CASES) - 1), raw=st.sampled_from([0, 0, 0, 1]), edits=st.binary(max_size=24))
def test_no_import_gives_a_traceback_or_writes_elsewhere(case: int, raw: int, edits: bytes) -> None:
    one(bytes([case, raw]) + edits)
