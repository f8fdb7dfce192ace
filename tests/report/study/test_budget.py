from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from s2c2.relabeling import ARMS
from s2c2.report.study.budget import curve, interpolated, sheets, steps
from s2c2.report.study.budget_plot import figures
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import Spread
from s2c2.studies import Entry, Outcome, Study

MINUTES = {"random": 10.0, "entropy": 12.0, "ambiguity": 11.0, "ambiguous-clusters": 5.0}
"""Minutes of a round of each arm."""


def made(arm: str, number: int, seed: int, rng: np.random.Generator) -> Outcome:
    start = ARMS[arm].learner if not number else arm
    name = f"pets-fixmatch-{start}-round{number}-{seed}"
    entry = Entry(name, "pets", "fixmatch", start, seed, round=number)
    spent = {
        "images": 20 + 10 * number,
        "votes": 20 + 30 * number,
        "label_kl": 0.2,
        "f1_covered": rng.random(),
    }
    spent["minutes"] = 2.0 + number * MINUTES.get(arm, 9.0)
    scores: dict[str, Any] = {name: float(rng.random()) for name in ("f1_all", "accuracy", "kl")}
    return Outcome(entry, {"run": name, "scores": scores | {"reasons": []}, "budget": spent})


def outcomes() -> list[Outcome]:
    rng = np.random.default_rng(0)
    starts = [made(arm, 0, seed, rng) for arm in ("random", "plain-random") for seed in range(3)]
    later = [made(arm, number, seed, rng) for seed in range(3) for arm in ARMS for number in (1, 2)]
    return starts + later


KNOWN = outcomes()


def study(known: list[Outcome]) -> Study:
    return Study("budget", "A question", tuple(o.entry for o in known))


def sheet(name: str, known: list[Outcome]) -> Sheet:
    return next(one for one in sheets(study(known), known) if one.name == name)


def cell(found: Sheet, column: str, *key: Any) -> Any:
    (row,) = (row for row in found.rows if set(key) <= set(row[:5]))
    return row[found.columns.index(column)]


def of(arm: str, number: int, seed: int) -> dict[str, Any]:
    start = ARMS[arm].learner if not number else arm
    (one,) = (
        o.record
        for o in KNOWN
        if o.record is not None and (o.entry.arm, o.entry.round, o.entry.seed) == (start, number, seed)
    )
    return dict(one)


def test_every_arm_starts_where_its_learner_does() -> None:
    found = {(step.arm, step.round): step for step in steps(KNOWN)}
    assert set(found) == {(arm, number) for arm in ARMS for number in (0, 1, 2)}
    for arm in ARMS:
        assert (
            found[arm, 0].outcomes
            == found[{"s2c2": "random", "vanilla": "plain-random"}[ARMS[arm].learner], 0].outcomes
        )


def test_rows_are_means_over_seeds() -> None:
    for arm in ARMS:
        for number in (0, 1, 2):
            values = [of(arm, number, seed)["scores"]["f1_all"] for seed in range(3)]
            found = cell(curve(steps(KNOWN)), "F1, all images", arm, number)
            assert found.mean == pytest.approx(np.mean(values))
            assert found.deviation == pytest.approx(np.std(values, ddof=1))
    assert cell(curve(steps(KNOWN)), "votes", "entropy", 2) == 80


def test_differences_at_equal_votes_are_paired_by_seed() -> None:
    found = cell(sheet("votes", KNOWN), "Δ accuracy", "entropy", "random", 2)
    pairs = [
        of("entropy", 2, seed)["scores"]["accuracy"] - of("random", 2, seed)["scores"]["accuracy"]
        for seed in range(3)
    ]
    assert (found.mean, found.count) == (pytest.approx(np.mean(pairs)), 3)
    plain = cell(sheet("votes", KNOWN), "Δ KL", "plain-entropy", "plain-random", 1)
    assert plain.mean == pytest.approx(
        np.mean(
            [
                of("plain-entropy", 1, s)["scores"]["kl"] - of("plain-random", 1, s)["scores"]["kl"]
                for s in range(3)
            ]
        )
    )


def test_differences_at_equal_minutes_are_on_the_line_between_rounds() -> None:
    # Two rounds of clusters take 12 minutes in all, as long as one of random; one takes 7, half of the way.
    found = sheet("minutes", KNOWN)
    for number, share in ((1, 0.5), (2, 1.0)):
        pairs = []
        for seed in range(3):
            before, after = (of("random", i, seed)["scores"]["kl"] for i in (0, 1))
            there = before + share * (after - before)
            pairs.append(of("ambiguous-clusters", number, seed)["scores"]["kl"] - there)
        assert cell(found, "Δ KL", "ambiguous-clusters", number).mean == pytest.approx(np.mean(pairs))
    # Two rounds by entropy take longer than random's two, so nothing is there to compare with.
    assert cell(found, "Δ KL", "entropy", 2).count == 0
    assert cell(found, "Δ KL", "entropy", 1).count == 3


def test_nothing_is_read_beyond_the_line() -> None:
    line = [
        o for o in KNOWN if o.entry.seed == 0 and (o.entry.arm, o.entry.round) in (("s2c2", 0), ("random", 1))
    ]
    assert interpolated(line, "kl", 1.9) is None
    assert interpolated(line, "kl", 12.1) is None
    assert interpolated(line, "kl", 2.0) == of("random", 0, 0)["scores"]["kl"]
    assert interpolated(line, "kl", None) is None
    assert interpolated([], "kl", 2.0) is None


def test_missing_runs_are_counted_and_listed() -> None:
    lost = KNOWN[-1]
    known = [
        *KNOWN[:-2],
        Outcome(KNOWN[-2].entry, None),
        Outcome(lost.entry, {"run": "x", "failed": "no space"}),
    ]
    assert cell(curve(steps(known)), "runs", lost.entry.arm, 2) == "2 of 3"
    assert cell(curve(steps(known)), "F1, all images", lost.entry.arm, 2).count == 2
    missing = sheet("missing", known)
    assert missing.rows == ((KNOWN[-2].entry.name, "not run yet"), (lost.entry.name, "no space"))
    assert cell(sheet("votes", known), "Δ KL", lost.entry.arm, 2).count == 2


def test_without_a_record_the_tables_are_empty_and_nothing_is_drawn() -> None:
    known = [Outcome(o.entry, None) for o in KNOWN]
    assert figures(study(known), known) == {}
    assert isinstance(cell(curve(steps(known)), "votes", "entropy", 1), Spread)


def test_the_figure_names_every_arm_and_both_budgets() -> None:
    (name, drawn) = next(iter(figures(study(KNOWN), KNOWN).items()))
    assert name == "pets-fixmatch"
    text = "".join(ElementTree.fromstring(drawn).itertext())
    assert all(arm in text for arm in ARMS)
    assert "votes" in text
    assert "minutes of people" in text
