"""The demo, with fewer images and steps."""

from functools import partial
from pathlib import Path

import pytest

from s2c2 import config
from s2c2.cli.demo import demo
from s2c2.data import synthetic
from s2c2.errors import UserError
from s2c2.files import read_json
from s2c2.runs import open_run


@pytest.mark.slow
def test_the_demo_reads_the_network_as_in_the_paper_and_by_its_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(synthetic, "synthetic", partial(synthetic.synthetic, images=160, size=16))
    quick = {"train": {"steps": 6, "batch": 8, "threads": 1}}
    monkeypatch.setitem(config.PRESETS, "demo", config.merged(config.preset("demo"), quick))
    demo(tmp_path / "demo", seed=3)
    said = capsys.readouterr().out
    assert said.index("S2C2 as in the paper") < said.index("the same network, read by its doubt")
    assert said.count("at equal coverage (") == 2
    paper, read = (open_run(tmp_path / "demo" / f"mean-teacher-{name}") for name in ("s2c2", "readout"))
    assert [run.config["predict"]["ambiguity"] for run in (paper, read)] == ["head", "doubt"]
    assert (read.path / "proposals.parquet").is_file()
    comparisons = [read_json(run.path / "scores.json")["comparison"] for run in (paper, read)]
    assert comparisons[0]["f1_all"] == comparisons[1]["f1_all"]
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert "mean-teacher-readout" in page
    assert "doubt, prototypes" in page


def test_the_demo_leaves_a_folder_with_files_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_demo_refuses_a_file_in_the_place_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is a file"):
        demo(tmp_path / "notes.txt")
