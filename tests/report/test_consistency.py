import csv
import io
import json

import numpy as np
import pytest

from s2c2.metrics.bootstrap import Interval
from s2c2.metrics.consistency import Arm, Kappa
from s2c2.report.consistency import contents

NAN = float("nan")
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


def test_every_row_has_a_cell_for_each_heading() -> None:
    lines = [line for line in contents(ARMS, {})["consistency.md"].splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {11}
    assert np.isnan(ARMS[0].offset)
    assert pytest.approx(0.25) == ARMS[1].offset
