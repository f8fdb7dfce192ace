"""What a machine lacks skips a test at home and fails it in the checks."""

from pathlib import Path

import pytest

from tests.needed import missing

REASON = "no browser: apt-get install chromium"


@pytest.mark.parametrize("value", [None, ""])
def test_a_test_without_its_program_is_skipped_at_home(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.skip.Exception, match=REASON):
        missing(REASON)


@pytest.mark.parametrize("value", ["true", "1"])
def test_a_test_without_its_program_fails_in_the_checks(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.fail.Exception, match=REASON):
        missing(REASON)


def test_the_checks_say_that_they_are_the_checks() -> None:
    script = Path(__file__).resolve().parents[1] / ".ci/run"
    lines = script.read_text(encoding="utf-8").splitlines()
    (test,) = (number for number, line in enumerate(lines) if line.startswith("make test"))
    assert lines.index("export CI=true") < test
