import pytest


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers of Ray have their share: by default they give way to everything else, as other tests."""
    monkeypatch.setenv("RAY_worker_niceness", "0")
