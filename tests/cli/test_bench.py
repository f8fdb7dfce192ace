import json
from pathlib import Path

from tests.cli.conftest import Command

TINY = ("--network", "wrn-10-1", "--batch", "1", "--size", "16", "--rounds", "1", "--precision", "float32")


def test_figures_are_shown_and_added_to_the_history(s2c2: Command, tmp_path: Path) -> None:
    asked = ("step", *TINY, "--algorithm", "fixmatch", "--objective", "vanilla", "--passes", "joined")
    for _ in range(2):
        done = s2c2("bench", *asked, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "times_plain" in done.stdout
    lines = (tmp_path / "bench/history.jsonl").read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line) for line in lines)
    assert first["section"] == second["section"] == "step"
    assert first["machine"]["cores"] >= 1
    assert [row["case"] for row in first["rows"]] == [
        "plain",
        "fixmatch vanilla joined float32 channels_last",
    ]
    assert first["rows"][0]["times_plain"] == [1.0, 1.0, 1.0]
    assert second["date"] in (tmp_path / "bench/summary.md").read_text(encoding="utf-8")
    assert (tmp_path / "bench/summary.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_what_does_not_exist_is_named_before_anything_is_measured(s2c2: Command, tmp_path: Path) -> None:
    for given, hint in (("stp", "did you mean 'step'"), ("--network=wrn-28", "wrn-28-2")):
        done = s2c2("bench", given, cwd=tmp_path)
        assert done.returncode == 2
        assert hint in done.stderr
    assert not (tmp_path / "bench").exists()
