"""The committed study of scripted annotators: tables are those of the record, and it is that of the log."""

import json
import runpy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from s2c2.cli.annotations import open_log
from s2c2.metrics.annotation_study import agreement

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "results" / "annotation_study"


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PLACE / "summary.json").read_text(encoding="utf-8"))
    return found


def test_tables_and_page_are_those_of_the_record() -> None:
    found = runpy.run_path(str(ROOT / "results" / "annotation_study.py"))["contents"]()
    assert len(found) == 7
    for path, text in found.items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_the_log_is_complete() -> None:
    study = yaml.safe_load((PLACE / "study.yaml").read_text(encoding="utf-8"))
    log = pl.read_parquet(PLACE / "log.parquet").filter(pl.col("live"))
    boards = log.group_by("annotator", "round", "arm").agg(pl.col("image").n_unique(), pl.len())
    assert len(boards) == len(study["annotators"]) * study["rounds"] * len(study["arms"])
    assert set(boards["image"]) == {study["images"]}
    assert set(boards["len"]) == {study["images"]}


def test_the_record_is_that_of_the_log(record: dict[str, Any]) -> None:
    found = agreement(open_log(str(PLACE / "log.parquet"), tuple(record["classes"])), repeats=1)
    for line, kept in zip(found.arms, record["arms"], strict=True):
        values = (line.arm.intra.value, line.arm.inter.value, line.arm.alpha, line.arm.minutes, line.hundred)
        arm = kept["arm"]
        expected = (
            arm["intra"]["value"],
            arm["inter"]["value"],
            arm["alpha"],
            arm["minutes"],
            kept["hundred"],
        )
        assert values == pytest.approx(expected)
        assert line.arm.offset == pytest.approx(arm["offset"], nan_ok=True) or arm["offset"] is None
        assert line.control.shown == kept["control"]["shown"]


def test_minutes_by_hand(record: dict[str, Any]) -> None:
    log = pl.read_parquet(PLACE / "log.parquet")
    for kept in record["arms"]:
        rows = log.filter(pl.col("arm") == kept["arm"]["name"])
        answers = rows.filter(pl.col("live"))
        assert kept["hundred"] == pytest.approx(rows["seconds"].sum() / 60 / len(answers) * 100)
