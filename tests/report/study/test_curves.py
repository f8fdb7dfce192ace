"""The table and the figure of errors among the images kept."""

from s2c2.report.study import curves
from s2c2.report.study.spread import Spread
from s2c2.studies import Entry, Outcome, Study

SHARES = [0.25, 0.5, 0.75, 1.0]


def outcome(arm: str, seed: int, ways: dict[str, list[float]]) -> Outcome:
    entry = Entry(f"small-mean-teacher-{arm}-{seed}", "small", "mean-teacher", arm, seed, None)
    area = {name: sum(errors) / 4 for name, errors in ways.items()}
    risk = {"settings": {"coverages": SHARES}, "at": ways, "area": area}
    return Outcome(entry, {"run": entry.name, "scores": {}, "risk": risk})


KNOWN = [
    outcome("vanilla", 0, {"random": [0.4] * 4, "confidence": [0.0, 0.1, 0.2, 0.4]}),
    outcome("vanilla", 1, {"random": [0.2] * 4, "confidence": [0.0, 0.1, 0.1, 0.2]}),
    outcome("s2c2", 0, {"p_a": [0.5, 0.5, 0.4, 0.4]}),
    Outcome(Entry("failed", "small", "mean-teacher", "s2c2", 1, None), {"run": "failed", "failed": "lost"}),
]


def test_each_curve_is_a_row_over_its_seeds() -> None:
    sheet = curves.table(KNOWN)
    assert [row[:4] for row in sheet.rows] == [
        ("small", "mean-teacher", "random", 2),
        ("small", "mean-teacher", "plain, by confidence", 2),
        ("small", "mean-teacher", "S2C2, by p_a", 1),
    ]
    means = [[one.mean for one in row[4:] if isinstance(one, Spread)] for row in sheet.rows]
    assert [[round(mean, 6) for mean in row] for row in means] == [
        [0.3, 0.3, 0.3, 0.3, 0.3],
        [0.0, 0.1, 0.15, 0.3, 0.1375],
        [0.5, 0.5, 0.4, 0.4, 0.45],
    ]
    assert all(len(row) == len(sheet.columns) for row in sheet.rows)


def test_what_failed_is_a_table_of_its_own() -> None:
    study = Study("curves", "errors", tuple(one.entry for one in KNOWN))
    assert [sheet.name for sheet in curves.sheets(study, KNOWN)] == ["curves", "missing"]


def test_an_algorithm_is_a_figure_and_a_dataset_a_panel_of_it() -> None:
    other = [outcome("vanilla", 0, {"random": [0.4] * 4})]
    other = [Outcome(Entry("x", "large <1>", "mean-teacher", "vanilla", 0, None), other[0].record)]
    study = Study("curves", "errors", ())
    found = curves.figures(study, KNOWN + other)
    assert list(found) == ["curves-mean-teacher"]
    for text in ("small", "large &lt;1&gt;", "plain, by confidence", "S2C2, by p_a"):
        assert text in found["curves-mean-teacher"]
    assert curves.figures(study, KNOWN[3:]) == {}
