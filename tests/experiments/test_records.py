from pathlib import Path

from s2c2.experiments.records import BEGIN, END, placed, read_records, table

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_the_readme_is_that_of_the_records() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert placed(page, table(read_records(ROOT / "results" / "cifar10h"))) == page


def test_records_hold_no_path() -> None:
    for path in (ROOT / "results").rglob("*.json"):
        assert '"/' not in path.read_text(encoding="utf-8")


def test_placed_leaves_the_rest_alone() -> None:
    page = f"a\n{BEGIN}\nold\n{END}\nb\n"
    assert placed(page, "new\n") == f"a\n{BEGIN}\nnew\n{END}\nb\n"
