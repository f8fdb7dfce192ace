from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from s2c2.benchmarks import history
from s2c2.benchmarks.plot import plot
from s2c2.errors import UserError


def entry(section: str, date: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    machine = {"processor": "P", "cores": 2, "threads": 1, "load": [0.5, 1.0, 2.0]}
    return {"section": section, "date": date, "machine": machine, "options": {}, "rows": rows}


def titles(entries: list[dict[str, Any]]) -> list[str]:
    return [history.titled(each) for each in history.latest(entries)]


BENCH = Path(__file__).parents[2] / "bench"
STEP = {"case": "plain", "network": "wrn-10-1", "batch": 4, "seconds": [2.0, 1.9, 2.2]}
GROWTH = [{"images": 10, "predict_cpu_s": 0.5}, {"images": 100, "predict_cpu_s": 5.0}]


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "deep/history.jsonl"
    given = [entry("step", "2026-01-01", [STEP]), entry("start", "2026-01-02", [{"x": float("inf")}])]
    for each in given:
        history.append(path, each)
    assert [each["date"] for each in history.read(path)] == ["2026-01-01", "2026-01-02"]
    assert history.read(path)[0] == given[0]
    assert history.read(path)[1]["rows"] == [{"x": None}]


def test_the_newest_entry_of_a_section_is_shown(tmp_path: Path) -> None:
    old = STEP | {"seconds": [9.0, 8.9, 9.2]}
    entries = [entry("step", "2026-01-01", [old]), entry("step", "2026-01-02", [STEP])]
    text = history.summary(entries)
    assert "2026-01-02 on P, 2 cores, 1 thread(s); load average 0.5, 1, 2." in text
    assert "| plain | wrn-10-1 | 4 | 2 (1.9 – 2.2) |" in text
    assert "2026-01-01" not in text


def test_fewer_cases_replace_no_table_and_are_put_into_none(tmp_path: Path) -> None:
    full = entry("step", "2026-01-01", [STEP, STEP | {"case": "lean", "seconds": [1.5, 1.4, 1.6]}])
    fewer = entry("step", "2026-01-02", [STEP | {"seconds": [3.0, 2.9, 3.2]}])
    assert history.latest([full, fewer]) == [fewer, full]
    text = history.summary([full, fewer])
    assert text.count("## step of wrn-10-1, batch 4 on 1 thread of P") == 2
    assert text.index("2026-01-02") < text.index("| plain | wrn-10-1 | 4 | 3 (2.9") < text.index("2026-01-01")
    assert text.index("2026-01-01") < text.index("| plain | wrn-10-1 | 4 | 2 (1.9") < text.index("| lean |")
    plot([full, fewer], tmp_path / "two.svg")
    assert all(f"P, {day}" in (tmp_path / "two.svg").read_text() for day in ("2026-01-01", "2026-01-02"))
    later = full | {"date": "2026-01-03"}
    assert history.latest([full, fewer, later]) == [later]


def test_predictions_of_another_size_stand_beside_each_other() -> None:
    small, large = (
        entry("predict", "", [{"network": "wrn-10-1", "images_per_s": 9.0}]) | {"options": {"size": size}}
        for size in (32, 96)
    )
    assert titles([small, large]) == [
        "predict of wrn-10-1, 32 px on 1 thread of P",
        "predict of wrn-10-1, 96 px on 1 thread of P",
    ]
    assert history.latest([small, large, small]) == [small, large]


def test_sizes_are_cases() -> None:
    full, fewer = (entry("scale", "", rows) for rows in (GROWTH, GROWTH[:1]))
    assert history.latest([full, fewer]) == [fewer, full]
    assert history.latest([fewer, full]) == [full]


def test_a_card_stands_beside_the_processor() -> None:
    card = entry("step", "2026-01-02", [STEP | {"case": "joined"}])
    card["machine"]["card"] = "Card 9"
    text = history.summary([entry("step", "2026-01-01", [STEP]), card])
    assert "## step of wrn-10-1, batch 4 on 1 thread of P\n\n2026-01-01" in text
    assert "## step of wrn-10-1, batch 4 on Card 9\n\n2026-01-02" in text


@pytest.mark.parametrize("other", [{"batch": 64}, {"network": "wrn-28-2"}])
def test_another_batch_or_network_replaces_no_table(other: dict[str, Any], tmp_path: Path) -> None:
    entries = [entry("step", "2026-01-01", [STEP]), entry("step", "2026-01-02", [STEP | other])]
    text = history.summary(entries)
    assert "2026-01-01 on P" in text
    assert "2026-01-02 on P" in text
    plot(entries, tmp_path / "two.svg")
    assert 'id="axes_2"' in (tmp_path / "two.svg").read_text()


def test_images_of_another_size_replace_no_table() -> None:
    small, large = (entry("step", "", [STEP]) | {"options": {"size": size}} for size in (32, 96))
    assert titles([small, large]) == [
        "step of wrn-10-1, 32 px, batch 4 on 1 thread of P",
        "step of wrn-10-1, 96 px, batch 4 on 1 thread of P",
    ]


def test_what_has_neither_is_kept_once() -> None:
    assert titles([entry("start", day, [{"command": "--help"}]) for day in ("1", "2")]) == [
        "start on 1 thread of P"
    ]


def test_another_processor_replaces_no_table() -> None:
    ours, theirs = (entry("start", day, [{"command": "--help"}]) for day in ("1", "2"))
    theirs["machine"]["processor"] = "Q"
    assert titles([ours, theirs]) == ["start on 1 thread of P", "start on 1 thread of Q"]


def test_another_number_of_threads_stands_for_no_other() -> None:
    one, two = (entry("start", day, [{"command": "--help"}]) for day in ("1", "2"))
    two["machine"]["threads"] = 2
    assert titles([one, two]) == ["start on 1 thread of P", "start on 2 threads of P"]


def test_the_committed_table_is_that_of_the_committed_history() -> None:
    assert (BENCH / "summary.md").read_text() == history.summary(history.read(BENCH / "history.jsonl"))


def test_a_table_has_a_column_for_all_that_any_row_has() -> None:
    lines = history.table([{"a": 1, "parts": {"x": 0.25}}, {"b": "yes", "a": 2}]).splitlines()
    assert lines == ["| a | parts.x | b |", "|---|---|---|", "| 1 | 0.25 |  |", "| 2 |  | yes |"]


def test_a_screen_shows_medians_and_what_differs() -> None:
    rows = [
        {"case": "a", "batch": 4, "s": [1.0, 0.5, 1.5], "parts": {"x": 1}},
        {"case": "b", "batch": 4, "s": 2.0},
    ]
    assert history.short(rows) == (["case", "s"], [["a", "1"], ["b", "2"]])
    assert history.short(rows[:1]) == (["case", "batch", "s"], [["a", "4", "1"]])


@pytest.mark.parametrize("text", ["{}\n", "half", '{"section": "a", "rows": 3}\n', "[1]\n"])
def test_a_damaged_history_is_named_with_its_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.append(path, entry("step", "", []))
    path.write_text(path.read_text() + text)
    with pytest.raises(UserError, match="line 2"):
        history.read(path)


def test_no_history_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="s2c2 bench"):
        history.read(tmp_path / "none")


def test_the_plot_is_a_function_of_the_history(tmp_path: Path) -> None:
    entries = [entry("step", "", [STEP, STEP | {"case": "ours"}]), entry("scale", "", GROWTH)]
    for name in ("one.svg", "two.svg"):
        plot(entries, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert first == second
    assert ElementTree.fromstring(first).tag.endswith("svg")


def test_nothing_to_draw_is_no_plot(tmp_path: Path) -> None:
    plot([entry("start", "", [{"command": "--help"}])], tmp_path / "none.svg")
    assert not (tmp_path / "none.svg").exists()
