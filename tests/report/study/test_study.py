import csv
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from s2c2 import files
from s2c2.errors import UserError
from s2c2.report.study.groups import groups, macro, ratio, rejection, size
from s2c2.report.study.sheets import Sheet, sheets
from s2c2.report.study.spread import Difference, Spread, difference, spread
from s2c2.report.study.writing import contents, write
from s2c2.studies import Entry, Outcome, Study, outcomes, read_study, study_of, write_study

F1 = {"vanilla": (0.5, 0.52, 0.48), "s2c2": (0.6, 0.58, 0.71)}
D = {"vanilla": (0.7, 0.72, 0.75), "s2c2": (0.65, 0.6, 0.9)}


def scored(arm: str, seed: int, **more: Any) -> dict[str, Any]:
    f1, d = F1[arm][seed], D[arm][seed]
    return {
        "f1_certain": f1,
        "distance": d,
        "score": d - f1,
        "macro_f1": f1 - 0.1,
        "accuracy": f1,
        "share_ambiguous": 0.6 if arm == "s2c2" else 0.0,
        "auroc": 0.55,
        "degenerate": False,
        "collapsed": False,
        "reasons": [],
    } | more


COMPARISON = {
    "coverage": 0.4,
    "f1": {"s2c2": 0.6, "max-softmax": 0.68, "entropy": 0.7, "margin": 0.69, "oracle": 0.99, "random": 0.5},
    "distance": {
        "s2c2": {"clusters": 9, "macro": 0.6, "size": 0.7},
        "k-means": {"clusters": 9, "macro": 0.65, "size": 0.6},
        "hdbscan": {"clusters": 9, "macro": 0.5, "size": 0.8},
        "classes": {"clusters": 4, "macro": 0.1, "size": 0.1},
        "random": {"clusters": 9, "macro": 0.1, "size": 0.9},
    },
    "auroc": {"s2c2": 0.56, "max-softmax": 0.57, "entropy": 0.5, "margin": 0.51},
    "aurc": {"s2c2": 0.3, "max-softmax": 0.21, "entropy": 0.2, "margin": 0.22, "oracle": 0.1, "random": 0.4},
}


def made(arm: str, seed: int, dataset: str = "pets", algorithm: str = "fixmatch") -> Outcome:
    plain = f"{dataset}-{algorithm}-vanilla-{seed}"
    entry = Entry(
        f"{dataset}-{algorithm}-{arm}-{seed}",
        dataset,
        algorithm,
        arm,
        seed,
        plain if arm != "vanilla" else None,
    )
    record = {"run": entry.name, "config": {"objective": {"prior": 0.6}}, "scores": scored(arm, seed)}
    return Outcome(entry, record | ({"comparison": COMPARISON} if arm == "s2c2" else {}))


def changed(outcome: Outcome, **scores: Any) -> Outcome:
    record = dict(outcome.record or {})
    return Outcome(outcome.entry, record | {"scores": dict(outcome.scores or {}) | scores})


def study(known: list[Outcome], experiment: str = "table2", variable: str | None = None) -> Study:
    return Study(experiment, "A question", tuple(o.entry for o in known), variable)


def sheet(known: list[Outcome], name: str, experiment: str = "table2") -> Sheet:
    return next(one for one in sheets(study(known, experiment), known) if one.name == name)


def cell(found: Sheet, row: Mapping[str, str], column: str) -> Any:
    (one,) = (r for r in found.rows if all(r[found.columns.index(k)] == v for k, v in row.items()))
    return one[found.columns.index(column)]


ALL = [made(arm, seed) for seed in range(3) for arm in ("vanilla", "s2c2")]


def test_mean_and_deviation_are_over_seeds() -> None:
    found = cell(sheet(ALL, "scores"), {"arm": "S2C2"}, "d")
    assert (found.mean, found.count) == (pytest.approx(np.mean(D["s2c2"])), 3)
    assert found.deviation == pytest.approx(np.std(D["s2c2"], ddof=1))


def test_the_best_run_is_that_of_the_least_d_minus_f1() -> None:
    scores = sheet(ALL, "scores")
    # Seed 1 has −0.02 … 0.02; the highest F1 is of seed 2, which is not the best.
    assert cell(scores, {"arm": "S2C2"}, "best F1") == 0.58
    assert cell(scores, {"arm": "S2C2"}, "best d") == 0.6
    assert cell(scores, {"arm": "S2C2"}, "best d − F1") == pytest.approx(0.02)


def test_differences_are_paired_by_seed() -> None:
    shuffled = [ALL[i] for i in (5, 0, 3, 2, 1, 4)]
    found = cell(sheet(shuffled, "gains"), {"arm": "S2C2"}, "Δ F1")
    pairs = np.array(F1["s2c2"]) - np.array(F1["vanilla"])
    assert found.mean == pytest.approx(pairs.mean())
    # Tables of Student's t: 4.302653 for two degrees of freedom and 95 %.
    half = 4.302653 * pairs.std(ddof=1) / np.sqrt(3)
    assert found.interval.low == pytest.approx(pairs.mean() - half)
    assert found.interval.high == pytest.approx(pairs.mean() + half)


@pytest.mark.parametrize("pairs", [3, 9])
def test_the_interval_holds_the_true_difference_as_often_as_it_says(pairs: int) -> None:
    drawn = np.random.default_rng(0).normal(0.1, 1.0, (2000, pairs))
    found = [difference((value, 0.0) for value in row.tolist()).interval for row in drawn]
    held = np.mean([interval.low <= 0.1 <= interval.high for interval in found])
    assert held == pytest.approx(0.95, abs=0.015)


def test_differences_are_to_the_run_that_each_arm_is_held_against() -> None:
    def named(outcome: Outcome, arm: str, against: str | None) -> Outcome:
        seed = outcome.entry.seed
        partner = against and f"{against}-{seed}"
        return replace(outcome, entry=replace(outcome.entry, arm=arm, name=f"{arm}-{seed}", against=partner))

    given = [changed(named(one, "vanilla-probe", None), macro_f1=0.9) for one in ALL[::2]]
    same = [named(one, "readout-probe-same", "vanilla-probe") for one in ALL[1::2]]
    gains = sheet([*ALL, *given, *same], "gains")
    name = "readout, probe, against plain with probe"
    assert cell(gains, {"arm": "S2C2"}, "minus") == "plain"
    assert cell(gains, {"arm": name}, "minus") == "plain, probe"
    assert cell(gains, {"arm": "plain, probe"}, "minus") == "plain", "no partner was planned"
    expected = np.mean([scored("s2c2", seed)["macro_f1"] - 0.9 for seed in range(3)])
    assert cell(gains, {"arm": name}, "Δ macro F1").mean == pytest.approx(expected)
    assert cell(gains, {"arm": "plain, probe"}, "Δ macro F1").mean > 0.3


def test_a_run_without_its_partner_is_in_the_mean_but_in_no_pair() -> None:
    known = [o for o in ALL if o.entry.name != "pets-fixmatch-vanilla-2"]
    assert cell(sheet(known, "scores"), {"arm": "S2C2"}, "F1").count == 3
    assert cell(sheet(known, "gains"), {"arm": "S2C2"}, "pairs") == 2


def test_alarmed_runs_stay_in_the_mean_and_are_counted_and_listed() -> None:
    reasons = {"collapsed": True, "reasons": ["all images get the same class"]}
    known = [*ALL[:-1], changed(ALL[-1], **reasons)]
    scores = sheet(known, "scores")
    assert cell(scores, {"arm": "S2C2"}, "F1").count == 3
    assert (cell(scores, {"arm": "S2C2"}, "collapsed"), cell(scores, {"arm": "S2C2"}, "degenerate")) == (1, 0)
    assert sheet(known, "alarms").rows == (("pets-fixmatch-s2c2-2", "all images get the same class"),)
    overall = sheet(known, "overall")
    assert cell(overall, {"arm": "S2C2"}, "degenerate or collapsed (< 5 %)") == "1 of 3"
    assert cell(overall, {"arm": "S2C2"}, "Δ F1 (≥ +0.076)").count == 3
    assert cell(overall, {"arm": "S2C2, without these"}, "Δ F1 (≥ +0.076)").count == 2
    assert cell(overall, {"arm": "S2C2, without these"}, "reached") is None


SHARE = "degenerate or collapsed (< 5 %)"


def test_runs_that_were_not_made_are_not_counted_as_healthy() -> None:
    lost = [Outcome(one.entry, None) for one in ALL[2:]]
    alarmed = changed(ALL[1], collapsed=True, reasons=["one class"])
    found = sheet([ALL[0], alarmed, *lost], "overall")
    assert cell(found, {"arm": "S2C2"}, SHARE) == "1 of 1"
    found = sheet([ALL[0], Outcome(ALL[1].entry, None)], "overall")
    assert cell(found, {"arm": "S2C2"}, "degenerate or collapsed") is None


def test_the_share_of_alarms_that_is_asked_for_is_that_of_the_runs_made() -> None:
    good = {"f1_certain": 0.7, "distance": 0.3, "score": -0.4}
    alarmed = changed(ALL[1], **good, collapsed=True, reasons=["one class"])
    planned = [Outcome(made("s2c2", 0, f"other-{i}").entry, None) for i in range(30)]
    found = sheet([ALL[0], alarmed, *planned], "overall")
    assert cell(found, {"arm": "S2C2"}, "reached") == "3 of 4"


def test_where_every_run_is_alarmed_there_is_no_row_without_these() -> None:
    known = [changed(one, reasons=["one class"]) if one.entry.arm == "s2c2" else one for one in ALL]
    assert [row[0] for row in sheet(known, "overall").rows] == ["S2C2"]


def test_missing_and_failed_runs_are_listed() -> None:
    lost = Outcome(ALL[0].entry, None)
    failed = Outcome(ALL[1].entry, {"run": ALL[1].entry.name, "failed": "no space"})
    known = [lost, failed, *ALL[2:]]
    rows = ((lost.entry.name, "not run yet"), (failed.entry.name, "no space"))
    assert sheet(known, "missing").rows == rows
    assert cell(sheet(known, "scores"), {"arm": "S2C2"}, "runs") == "2 of 3"


def test_what_failed_of_a_scored_run_is_listed_and_its_scores_count() -> None:
    record = {**(ALL[1].record or {}), "failed_later": {"figure5": "no space"}}
    others = [ALL[0], Outcome(ALL[1].entry, record, "table2"), *ALL[2:]]
    known = [ALL[0], Outcome(ALL[1].entry, record, "figure5"), *ALL[2:]]
    assert all(one.name != "missing" for one in sheets(study(others), others))
    listed = ((ALL[1].entry.name, "scored before; what was asked later failed: no space"),)
    assert sheet(known, "missing").rows == listed
    assert cell(sheet(known, "scores"), {"arm": "S2C2"}, "runs") == "3 of 3"


def test_scores_that_are_not_defined_are_left_out_of_the_mean_but_not_of_the_runs() -> None:
    known = [*ALL[:-1], changed(ALL[-1], distance=None, score=None)]
    scores = sheet(known, "scores")
    assert cell(scores, {"arm": "S2C2"}, "runs") == "3 of 3"
    assert cell(scores, {"arm": "S2C2"}, "d").count == 2


def test_the_fair_partner_is_the_best_of_its_kind() -> None:
    extended = ALL[1]
    assert rejection(extended) == (0.6, 0.7)
    assert macro(extended) == (0.6, 0.5)
    assert size(extended) == (0.7, 0.6)
    found = sheet(ALL, "targets")
    assert cell(found, {"arm": "S2C2"}, "d / best clustering (≤ 0.9)").mean == pytest.approx(1.2)
    assert cell(found, {"arm": "S2C2"}, "F1 − best rejection (≥ +0.01)").mean == pytest.approx(-0.1)
    assert cell(found, {"arm": "S2C2"}, "reached") == "0 of 4"


def test_the_share_of_pairs_that_are_better_is_over_datasets_and_algorithms() -> None:
    other = [changed(made(arm, 0, "toys"), score={"vanilla": 0.1, "s2c2": 0.2}[arm]) for arm in F1]
    found = sheet([*ALL, *other], "overall")
    assert cell(found, {"arm": "S2C2"}, "of these better in d − F1 (≥ 84 %)") == "1 of 2"
    assert cell(found, {"arm": "S2C2"}, "Δ F1 (≥ +0.076)").count == 4


PAPER: dict[str, tuple[dict[str, Any], str]] = {
    "all": ({}, "4 of 4"),
    "better in no pair": ({"score": 0.2}, "3 of 4"),
    "too small a gain": ({"f1_certain": 0.67}, "3 of 4"),
    "too little less d": ({"distance": 0.43}, "3 of 4"),
    "an alarm": ({"collapsed": True, "reasons": ["one class"]}, "3 of 4"),
}
"""Scores of a run with S2C2 that reaches all else, and what it then reaches."""


@pytest.mark.parametrize("case", PAPER)
def test_what_the_paper_reports_is_reached_or_not(case: str) -> None:
    scores, expected = PAPER[case]
    plain = changed(ALL[0], f1_certain=0.6, distance=0.5, score=-0.1)
    extended = changed(ALL[1], **{"f1_certain": 0.68, "distance": 0.42, "score": -0.26} | scores)
    assert cell(sheet([plain, extended], "overall"), {"arm": "S2C2"}, "reached") == expected


def test_nothing_is_asked_of_runs_that_call_no_image_ambiguous() -> None:
    known = [Outcome(one.entry, {**(one.record or {}), "comparison": None}) for one in ALL]
    found = sheet(known, "overall")
    assert "reached" not in found.columns
    assert cell(found, {"arm": "S2C2"}, "Δ F1").count == 3


def test_rejections_stand_between_a_random_one_and_that_by_human_entropy() -> None:
    found = sheet(ALL, "bounds")
    for score, expected in (("F1", [0.5, 0.6, 0.7, 0.99]), ("AURC", [0.4, 0.3, 0.2, 0.1])):
        names = (f"{score}, random", score, f"best plain {score}", f"{score}, human entropy")
        assert [cell(found, {"arm": "S2C2"}, name).mean for name in names] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["table5", "precision"])
def test_plain_runs_show_scores_of_all_images(name: str) -> None:
    found = sheet(ALL, "scores", name)
    assert cell(found, {"arm": "plain"}, "macro F1").mean == pytest.approx(np.mean(F1["vanilla"]) - 0.1)
    assert "d" not in found.columns


def test_spread_and_difference_without_values() -> None:
    assert str(spread([])) == str(spread([None, float("nan")])) == str(difference([])) == "–"
    assert (str(spread([0.5])), str(difference([(0.5, 0.6)]))) == ("0.500", "−0.100")
    assert ratio([(1.0, 0.0), (None, 1.0), (1.0, 2.0)]).mean == 0.5


def test_groups_keep_the_order_of_the_plan() -> None:
    assert [group.arm for group in groups(ALL)] == ["vanilla", "s2c2"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for outcome in ALL:
        files.write_json(tmp_path / "records" / f"{outcome.entry.name}.json", outcome.record)
    write_study(study(ALL), tmp_path / "table2")
    return tmp_path


def test_a_study_is_read_back(folder: Path) -> None:
    again = read_study(folder / "table2")
    assert again == study(ALL)
    known = outcomes(again, [outcome.record for outcome in ALL if outcome.record is not None])
    assert known == tuple(replace(one, experiment="table2") for one in ALL)


def test_records_without_a_plan_find_their_arm() -> None:
    config = {"algorithm": {"name": "fixmatch"}, "objective": {"name": "s2c2"}, "seed": 3}
    doubt = config | {"objective": {"name": "s2c2", "evidence": "confidence"}}
    read = config | {"predict": {"ambiguity": "doubt", "clusters": "head"}}
    plain = config | {"objective": {"name": "vanilla"}, "predict": {"ambiguity": "head", "clusters": "head"}}
    records = [
        {"run": name, "config": value}
        for name, value in {"a": read, "b": doubt, "c": config, "d": plain}.items()
    ]
    found = study_of(records, "pets").entries
    assert [(entry.name, entry.arm) for entry in found] == [
        ("d", "vanilla"),
        ("c", "s2c2"),
        ("b", "doubt"),
        ("a", "s2c2-readout"),
    ]
    assert {(entry.dataset, entry.algorithm, entry.seed) for entry in found} == {("pets", "fixmatch", 3)}


def test_csv_holds_the_numbers_of_the_table(folder: Path) -> None:
    made = contents(folder / "table2", folder / "records")
    rows = list(csv.DictReader(StringIO(made["scores.csv"])))
    assert [row["arm"] for row in rows] == ["plain", "S2C2"]
    assert float(rows[1]["F1 mean"]) == pytest.approx(np.mean(F1["s2c2"]))
    assert rows[1]["F1 count"] == "3"
    runs = list(csv.DictReader(StringIO(made["runs.csv"])))
    assert [(row["run"], float(row["f1_certain"])) for row in runs] == [
        (outcome.entry.name, (outcome.scores or {})["f1_certain"]) for outcome in ALL
    ]


def test_markdown_and_html_hold_every_table_and_escape_names(folder: Path) -> None:
    evil = "<b>|pets"
    known = [made(arm, 0, evil) for arm in F1]
    for outcome in known:
        files.write_json(folder / "records" / f"{outcome.entry.name}.json", outcome.record)
    write_study(study(known), folder / "table2")
    made_ = contents(folder / "table2", folder / "records")
    for name in ("table.md", "table.html"):
        assert "<b>" not in made_[name]
    assert "&lt;b>\\|pets" in made_["table.md"]
    for heading in ("Scores", "Minus the plain run", "At equal coverage", "Targets"):
        assert heading in made_["table.md"]
        assert heading in made_["table.html"]
    for line in made_["table.md"].splitlines():
        assert not line.startswith("|") or line.endswith("|")


def test_the_scatter_has_a_mark_for_each_run(folder: Path) -> None:
    picture = ElementTree.fromstring(contents(folder / "table2", folder / "records")["figure.svg"])
    assert "F1 on certain images" in "".join(picture.itertext())
    assert sum(node.tag.endswith("use") for node in picture.iter()) >= len(ALL)


def test_a_sweep_is_drawn_over_its_values(tmp_path: Path) -> None:
    known = [made("vanilla", 0)]
    for prior in (0.01, 0.1, 1.0):
        one = made("s2c2", 0)
        entry = Entry(f"x-{prior}", "pets", "fixmatch", f"prior-{prior}", 0, one.entry.against)
        record = dict(one.record or {}) | {"run": entry.name, "config": {"objective": {"prior": prior}}}
        known.append(Outcome(entry, record))
    for outcome in known:
        files.write_json(tmp_path / "records" / f"{outcome.entry.name}.json", outcome.record)
    write_study(study(known, "sweep-prior", "objective.prior"), tmp_path / "sweep")
    made_ = contents(tmp_path / "sweep", tmp_path / "records")
    assert "objective.prior (dotted: plain algorithm)" in made_["sweep.svg"]
    assert "figure.svg" not in made_
    assert "mathdefault" not in made_["sweep.svg"]
    ElementTree.fromstring(made_["sweep.svg"])


def test_the_same_records_give_the_same_bytes(folder: Path) -> None:
    page = write(folder / "table2", folder / "records")
    before = {path.name: path.read_bytes() for path in page.parent.iterdir()}
    write(folder / "table2", folder / "records")
    assert {path.name: path.read_bytes() for path in page.parent.iterdir()} == before


def test_nothing_trained_yet_is_a_table_too(tmp_path: Path) -> None:
    write_study(study(ALL), tmp_path / "table2")
    made_ = contents(tmp_path / "table2", tmp_path / "records")
    assert made_["table.md"].count("not run yet") == len(ALL)
    assert "figure.svg" not in made_


@pytest.mark.parametrize("text", ["{}", "[]", '{"entries": [{"name": 1}]}', '{"entries": 3}'])
def test_a_damaged_plan_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(UserError, match="another version"):
        read_study(tmp_path)


def test_no_plan_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="without --rebuild"):
        read_study(tmp_path)


@pytest.mark.parametrize("module", ["s2c2.studies", "s2c2.report.study"])
def test_no_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_values_show_themselves() -> None:
    assert str(Spread(-0.1, 0.05, 3)) == "−0.100 ± 0.050"
    assert isinstance(difference([(1.0, 0.0)]), Difference)
    assert json.dumps(files.finite(spread([]).mean)) == "null"
