import csv
import io
import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from s2c2.errors import UserError
from s2c2.metrics.bootstrap import Interval
from s2c2.metrics.consistency import Arm, Kappa
from s2c2.report.consistency import contents, read, summary, verdict, write
from s2c2.report.consistency_plot import figure

NAN = float("nan")
ROOT = Path(__file__).resolve().parents[2]
NOTHING = Kappa(NAN, Interval(NAN, NAN))
ARMS = (
    Arm("none", 9, 1, Kappa(0.5, Interval(-0.25, 0.75)), NOTHING, 0.5, 2.0, NAN, NAN, 0.125, 0.125, 0.0625),
    Arm("s2c2", 9, 1, Kappa(0.75, Interval(0.5, 1.0)), NOTHING, 0.5, 1.0, 0.875, 0.25, 0.25, 0.2, 0.1),
)


def test_files_hold_the_numbers() -> None:
    made = contents(ARMS, {"seed": 0, "costs": {"alone": 1.5}})
    rows = list(csv.DictReader(io.StringIO(made["consistency.csv"])))
    assert [float(row["intra_interval_low"]) for row in rows] == [-0.25, 0.5]
    assert rows[0]["acceptance"] == ""
    record = json.loads(made["consistency.json"])
    assert record["settings"]["costs"] == {"alone": 1.5}
    assert record["arms"][1]["intra"] == {"value": 0.75, "interval": {"low": 0.5, "high": 1.0}}
    assert record["arms"][0]["inter"]["value"] is None
    page = made["consistency.md"]
    assert page.startswith("# Consistency of labels: seed 0\n")
    assert "| none | 0.500 [−0.250, 0.750] | – | 0.500 | 2.000 | – | – | 0.125 | 0.125 | 0.062 |" in page


def test_a_record_is_read_as_it_was(tmp_path: Path) -> None:
    write(ARMS, {"offset": 0.25}, tmp_path)
    arms, settings = read(tmp_path / "consistency.json")
    assert repr(arms) == repr(ARMS)
    assert settings == {"offset": 0.25}
    (tmp_path / "other.json").write_text('{"arms": [{}], "settings": {}}')
    with pytest.raises(UserError, match=r"other\.json is no record"):
        read(tmp_path / "other.json")


def test_the_summary_takes_studies_together_by_hand() -> None:
    other = (replace(ARMS[0], minutes=4.0), ARMS[1])
    table = summary([(ARMS, {"offset": 0.2}), (other, {"offset": 0.2}), (ARMS, {"offset": 0.0})])
    keys = [row[:3] for row in table.rows]
    assert keys == [("0.2", "none", 2), ("0.2", "s2c2", 2), ("0", "none", 1), ("0", "s2c2", 1)]
    minutes = table.rows[0][table.columns.index("minutes")]
    assert (minutes.mean, minutes.deviation) == (3.0, pytest.approx(2**0.5))


def test_the_figure_names_each_arm_and_bears_what_is_not_known() -> None:
    drawn = figure(ARMS)
    assert "none</text>" in drawn
    assert "s2c2</text>" in drawn
    assert drawn == figure(ARMS)
    nothing = replace(ARMS[1], minutes=NAN, intra=NOTHING, kl=NAN, kl_unbiased=NAN, kl_blended=NAN)
    assert figure([nothing]).startswith("<svg")


def test_what_is_worth_its_time_is_said() -> None:
    none, worth = ARMS[0], replace(ARMS[1], kl_alone=0.5)
    harmful = replace(worth, name="vanilla", kl_alone=0.125)
    assert verdict([none]) is None
    assert verdict([none, worth, harmful]) == (
        "In the same time answers without proposals would be further from the truth than those of s2c2, "
        "and nearer to the truth than those of vanilla."
    )
    unknown = replace(worth, name="untold", kl=NAN)
    assert verdict([unknown, replace(worth, kl_alone=worth.kl)]) == (
        "In the same time answers without proposals would be about as near to the truth as those of s2c2."
    )


def test_committed_summary_figure_and_page_are_those_of_the_records() -> None:
    found = runpy.run_path(str(ROOT / "results" / "consistency.py"))["contents"]()
    assert len(found) == 4
    for path, text in found.items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_every_row_has_a_cell_for_each_heading() -> None:
    lines = [line for line in contents(ARMS, {})["consistency.md"].splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {12}
    assert np.isnan(ARMS[0].offset)
    assert pytest.approx(0.25) == ARMS[1].offset
