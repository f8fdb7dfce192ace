from dataclasses import asdict, replace

from s2c2.metrics.bootstrap import Interval
from s2c2.metrics.consistency import Arm, Kappa
from s2c2.report.study import table3
from s2c2.report.study.spread import Spread
from s2c2.studies import Entry, Outcome, Study

NAN = float("nan")
KAPPA = Kappa(0.5, Interval(0.25, 0.75))
NONE = Arm("none", 9, 3, KAPPA, KAPPA, 0.5, 20.0, NAN, NAN, 0.25, 0.25, 0.125)


def outcome(arm: str, seed: int, minutes: float) -> Outcome:
    """A run whose study has all arms; those of its own proposals take the given minutes."""
    own = [replace(NONE, name=name, minutes=minutes, kl_alone=0.5) for name in ("s2c2", "s2c2-groups")]
    plain = [replace(NONE, name=name, minutes=8.0 + seed) for name in ("vanilla", "vanilla-groups")]
    arms = [NONE, plain[0], own[0], plain[1], own[1]]
    name = f"small-mean-teacher-{arm}-{seed}"
    entry = Entry(name, "small", "mean-teacher", arm, seed, f"small-mean-teacher-vanilla-{seed}")
    record = {"run": name, "scores": {}, "consistency": {"arms": [asdict(one) for one in arms]}}
    return Outcome(entry, record)


KNOWN = [outcome("s2c2", 0, 6.0), outcome("readout-probe", 0, 4.0), outcome("s2c2", 1, 7.0)]


def test_what_the_runs_of_a_seed_share_counts_once() -> None:
    sheet = table3.consistency(KNOWN)
    keys = [row[:5] for row in sheet.rows]
    assert keys == [
        ("small", "mean-teacher", "nobody", "one by one", 2),
        ("small", "mean-teacher", "plain", "one by one", 2),
        ("small", "mean-teacher", "S2C2", "clusters at once", 2),
        ("small", "mean-teacher", "plain", "all at once", 2),
        ("small", "mean-teacher", "S2C2", "all at once", 2),
        ("small", "mean-teacher", "readout, probe", "clusters at once", 1),
        ("small", "mean-teacher", "readout, probe", "all at once", 1),
    ]
    minutes = [row[sheet.columns.index("minutes")] for row in sheet.rows]
    assert [one.mean for one in minutes if isinstance(one, Spread)] == [20, 8.5, 6.5, 8.5, 6.5, 4, 4]
    alone = [row[sheet.columns.index("KL alone, same time")] for row in sheet.rows]
    assert [one.mean for one in alone[2:3] if isinstance(one, Spread)] == [0.5]
    assert all(len(row) == len(sheet.columns) for row in sheet.rows)


def test_a_figure_for_each_that_proposes() -> None:
    study = Study("proposals", "who proposes", tuple(one.entry for one in KNOWN))
    found = table3.figures(study, KNOWN)
    assert list(found) == ["small-mean-teacher", "small-mean-teacher-readout-probe"]
    assert "vanilla-groups</text>" in found["small-mean-teacher"]
