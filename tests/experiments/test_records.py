from pathlib import Path
from statistics import fmean

import polars as pl
import pytest

from s2c2 import files
from s2c2.experiments.records import BEGIN, END, placed, read_records
from s2c2.report.study.evidence import parts, probed
from s2c2.report.study.groups import groups
from s2c2.report.study.scratch import table
from s2c2.report.study.writing import contents
from s2c2.studies import known_outcomes

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_from_scratch_is_that_of_the_records() -> None:
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert placed(page, table(read_records(ROOT / "results" / "cifar10h"))) == page


def test_a_run_without_a_score_is_in_no_mean_and_breaks_no_table() -> None:
    records = read_records(ROOT / "results" / "cifar10h")
    lost = [
        {
            **one,
            "scores": {**one["scores"], "f1_certain": None, "score": None},
            "comparison": {
                **one["comparison"],
                "f1": dict.fromkeys(one["comparison"]["f1"]),
                "auroc": {**one["comparison"]["auroc"], "entropy": None},
                "distance": {name: {"macro": None, "size": None} for name in one["comparison"]["distance"]},
            },
        }
        if one["run"] == "fixmatch-s2c2-0"
        else one
        for one in records
    ]
    found = table([*lost, {"run": "fixmatch-s2c2-1", "failed": "no space"}]).splitlines()
    row = next(number for number, line in enumerate(found) if line.startswith("| fixmatch + S2C2 |"))
    assert found[row] == "| fixmatch + S2C2 | – | 0.622 | 0.804 | – | 0.611 | 0.566 |"
    assert found[row + 1] == "| – best plain opponent | – | – | – |  | 0.611 | 0.556 |"
    assert found[:row] + found[row + 2 :] == [
        line for number, line in enumerate(table(records).splitlines()) if number not in (row, row + 1)
    ]


def test_the_table_of_the_readme_is_that_of_the_records() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    known = known_outcomes(ROOT / "results" / "heldout" / "probe")
    assert placed(page, probed(known, "cifar10h"), "probe") == page


def test_the_tables_of_the_page_are_those_of_the_records() -> None:
    page = (ROOT / "docs" / "does-it-help.md").read_text(encoding="utf-8")
    again = page
    others = known_outcomes(ROOT / "results" / "synthetic" / "table2")
    for name, content in parts(read_records(ROOT / "results" / "cifar10h"), "cifar10h", others).items():
        again = placed(again, content, name)
    assert again == page


@pytest.mark.parametrize("plan", sorted((ROOT / "results").rglob("study.json")), ids=str)
def test_the_tables_of_each_experiment_are_those_of_its_records(plan: Path) -> None:
    folder = plan.parent
    for name, content in contents(folder, folder.parent / "records").items():
        assert (folder / name).read_text(encoding="utf-8") == content, name


CLAIMED = ("features/table2", "generated/table2", "scratch-table2/table2", "scratch-heldout/variants")
"""Studies whose pairs of dataset and algorithm the pages count together."""


def test_the_pairs_that_s2c2_wins_are_those_of_the_tables() -> None:
    won = pairs = 0
    for study in CLAIMED:
        table = pl.read_csv(ROOT / "results" / study / "overall.csv")
        (said,) = table.filter(arm="S2C2")["of these better in d − F1 (≥ 84 %)"]
        won, pairs = won + int(said.split(" of ")[0]), pairs + int(said.split(" of ")[1])
    for page, words in (("results.md", "**{} of {}** here"), ("does-it-help.md", "in {} of {} pairs")):
        assert words.format(won, pairs) in (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_comparisons_with_fewer_groups_of_hdbscan_are_as_many_as_the_page_says() -> None:
    found = [files.read_json(path) for path in (ROOT / "results").rglob("records/*.json")]
    found += [files.read_json(path) for path in (ROOT / "results" / "cifar10h").rglob("*.json")]
    groups = [one["comparison"]["distance"] for one in found if "comparison" in one]
    fewer = [one for one in groups if one["hdbscan"]["clusters"] < one["s2c2"]["clusters"]]
    said = f"in {len(fewer)} of the {len(groups)} committed comparisons"
    assert said in (ROOT / "docs/howto/metrics.md").read_text(encoding="utf-8")


def test_readouts_set_aside_as_much_more_than_asked_as_the_pages_say() -> None:
    more = []
    for plan in (ROOT / "results").rglob("study.json"):
        for group in groups(known_outcomes(plan.parent)):
            asked = [(one.record or {})["config"]["predict"] for one in group.scored]
            if asked and all(one.get("ambiguity") == "doubt" for one in asked):
                aside = [(one.scores or {})["share_ambiguous"] for one in group.scored]
                more.append(fmean(aside) - fmean(one["prior"] for one in asked))
    said = f"{max(0, round(100 * min(more)))} to {round(100 * max(more))} points more"
    for page in ("does-it-help.md", "method.md"):
        assert said in (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_records_hold_no_path() -> None:
    records = [path for path in (ROOT / "results").rglob("*.json") if "runs" not in path.parts]
    assert records
    for path in records:
        assert '"/' not in path.read_text(encoding="utf-8")


def test_placed_leaves_the_rest_alone() -> None:
    page = f"a\n{BEGIN}\nold\n{END}\nb\n"
    assert placed(page, "new\n") == f"a\n{BEGIN}\nnew\n{END}\nb\n"
