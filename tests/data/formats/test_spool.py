import gc
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.data.formats.spool import Spool
from s2c2.errors import UserError


@given(st.lists(st.binary(max_size=50)), st.integers(0, 200))
def test_what_was_added_is_read_again_in_any_order(items: list[bytes], memory: int) -> None:
    spool = Spool(memory)
    reads = [spool.add(item) for item in items]
    assert [read() for read in reversed(reads)] == items[::-1]


def test_the_file_goes_with_the_last_image() -> None:
    read = Spool(0).add(b"abc")
    assert read() == b"abc"
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        del read
        gc.collect()


def test_a_full_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    full = Path("/dev/full")
    monkeypatch.setattr("s2c2.data.formats.spool.SpooledTemporaryFile", lambda max_size: full.open("wb", 0))
    with pytest.raises(UserError, match="temporary folder: No space left"):
        Spool(0).add(b"abc")
