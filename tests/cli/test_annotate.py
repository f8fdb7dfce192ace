"""How the server of the app starts."""

import gc
from pathlib import Path

import pytest

from s2c2.cli import annotate
from s2c2.errors import UserError


def test_garbage_is_not_looked_for_before_the_server_listens(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bool] = []

    def opened(*_: object) -> None:
        found.append(gc.isenabled())
        raise UserError("enough")

    monkeypatch.setattr("s2c2.web.opening.open_app", opened)
    monkeypatch.setattr("s2c2.web.serving.listening", lambda *_: None)
    with pytest.raises(UserError, match="enough"):
        annotate.annotate(small, annotator="ann", database=str(tmp_path / "a.sqlite"))
    assert found == [False]
    assert gc.isenabled()


def test_what_was_there_when_the_server_listens_is_not_looked_through_any_more() -> None:
    before = gc.get_freeze_count()
    try:
        with annotate.uncollected():
            kept = [list[int]() for _ in range(1000)]
        assert gc.get_freeze_count() >= before + len(kept)
        assert gc.isenabled()
    finally:
        gc.unfreeze()
