"""Polars panics on some damaged Parquet files, with an exception of its own kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
import pytest

from s2c2 import proposals
from s2c2.data.tables import read_table
from s2c2.errors import UserError
from s2c2.predictions import Predictions


@pytest.mark.parametrize("read", [Predictions.read, proposals.read, read_table])
def test_a_panic_is_a_user_error(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panics(*_: Any, **__: Any) -> NoReturn:
        raise pl.exceptions.PanicException("called unwrap on None")

    path = tmp_path / "some.parquet"
    pl.DataFrame({"image": ["a"]}).write_parquet(path, metadata={"classes": "[]"})
    monkeypatch.setattr(pl, "read_parquet", panics)
    with pytest.raises(UserError, match="called unwrap on None"):
        read(path)
