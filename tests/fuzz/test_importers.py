"""The short form of ``make fuzz``: the same target, driven by hypothesis."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2c2.data.formats import FORMATS
from s2c2.data.logs import IMPORTERS
from tests.data.formats.test_fuzz import VALID
from tests.fuzz.targets import CASES, LOG_FILES, damaged, one, tree


@pytest.mark.parametrize("case", range(len(CASES)))
def test_undamaged_sources_are_imported(case: int) -> None:
    assert one(bytes([case, 0])) == ""


def test_every_importer_is_fuzzed() -> None:
    assert {name for name, _, _ in VALID.values()} == FORMATS.keys()
    assert LOG_FILES.keys() == IMPORTERS.keys()


def test_names_stay_below_the_folder() -> None:
    assert list(tree(b"../a/./1.png\n\n/b//\xff.png\n..")) == ["a/1.png", "b/\udcff.png"]


def test_damage_by_hand() -> None:
    assert damaged(b"abcdef", bytes([0, 0, 1, 90])) == b"aZcdef"
    assert damaged(b"abcdef", bytes([120, 0, 1, 90])) == b"aZbcdef"
    assert damaged(b"abcdef", bytes([180, 0, 1, 2])) == b"aef"
    assert damaged(b"abcdef", bytes([240, 0, 2, 0])) == b"ab"


FOUND = ["1a0001000000", "1a1818180808"]
"""What ``make fuzz`` found once: a table of places without one of its columns."""


@pytest.mark.parametrize("data", FOUND)
def test_what_was_found_stays_mended(data: str) -> None:
    one(bytes.fromhex(data))


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(case=st.integers(0, len(CASES) - 1), raw=st.sampled_from([0, 0, 0, 1]), edits=st.binary(max_size=24))
def test_no_import_gives_a_traceback_or_writes_elsewhere(case: int, raw: int, edits: bytes) -> None:
    one(bytes([case, raw]) + edits)
