from pathlib import Path

from tests.cli.conftest import QUICK, Command


def test_a_failed_run_says_how_it_is_repeated(small: Path, s2c2: Command, tmp_path: Path) -> None:
    settings = (*QUICK, "optimizer.rate=1.0e+30", "train.precision=float32", "train.checkpoint=1")
    failed = s2c2("train", small, "--out", tmp_path / "run", *settings)
    assert failed.returncode == 2
    assert f"s2c2 replay {tmp_path / 'run'}" in failed.stderr
    done = s2c2("replay", tmp_path / "run", "--images", 3)
    assert done.returncode == 0, done.stderr
    assert "bit for bit" in done.stdout
    assert "the 3 worst of " in done.stdout
    refused = s2c2("replay", tmp_path / "nowhere")
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
