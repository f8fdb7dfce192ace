from pathlib import Path

import pytest
import torch

from s2c2 import config as configuration
from s2c2.experiments import threads as threading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("10000 100000", 1),
        ("max 100000\n", None),
        ("", None),
        ("100000 0", None),
    ],
)
def test_quota_rounds_up(text: str, expected: int | None, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert threading.quota(tmp_path / "cpu.max") == expected


def test_no_file_is_no_quota(tmp_path: Path) -> None:
    assert threading.quota(tmp_path / "cpu.max") is None


def test_threads_are_those_configured_else_the_cores_within_the_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(threading, "QUOTA", tmp_path / "cpu.max")
    free, five = (configuration.resolve({"train": {"threads": count}}) for count in (None, 5))
    assert (threading.threads(free), threading.threads(five)) == (8, 5)
    (tmp_path / "cpu.max").write_text("300000 100000")
    assert (threading.threads(free), threading.threads(five)) == (3, 5)
