"""The parts of the page "Does it really help?" that hold numbers, from records alone."""

from collections.abc import Sequence
from dataclasses import replace

from s2c2.metrics.traps import traps
from s2c2.report.study.groups import groups
from s2c2.report.study.rendering import markdown
from s2c2.report.study.sheets import Sheet, fair, gains, runs_apart, targets
from s2c2.studies import Outcome, Record, outcomes, study_of


def parts(records: Sequence[Record], dataset: str, others: Sequence[Outcome] = ()) -> dict[str, str]:
    """Return Markdown by the name of its place in the page.

    Args:
        records: of runs on one dataset.
        dataset: what tables call it.
        others: runs on other datasets that are shown one by one too.
    """
    known = outcomes(study_of(records, dataset), records)
    found = groups(known)
    shown = {
        "gains": _without(gains(found), "dataset", "minus"),
        "fair": _without(fair(found), "dataset", "compared"),
        "targets": targets(found),
        "runs": runs_apart((*known, *others)),
        "traps": trapped(),
    }
    return {name: markdown(sheet) for name, sheet in shown.items()}


SHOWN = (
    "arm",
    "kept",
    "F1",
    "best plain F1",
    "d by size",
    "best plain d by size",
    "AUROC",
    "best plain AUROC",
)
"""Columns of the comparison that a first page shows."""
PROBED = ("s2c2", "readout", "readout-probe", "readout-probe-votes")
"""Arms that a first page shows."""


def probed(known: Sequence[Outcome], dataset: str) -> str:
    """Return the comparison of S2C2 and of readouts without and with a probe on one dataset, as Markdown."""
    found = groups([one for one in known if one.entry.dataset == dataset])
    whole = fair([group for group in found if group.arm in PROBED])
    return markdown(_only(whole, SHOWN))


def _only(sheet: Sheet, columns: Sequence[str]) -> Sheet:
    places = [sheet.columns.index(name) for name in columns]
    rows = tuple(tuple(row[place] for place in places) for row in sheet.rows)
    return replace(sheet, columns=tuple(columns), rows=rows)


def _without(sheet: Sheet, *columns: str) -> Sheet:
    return _only(sheet, [name for name in sheet.columns if name not in columns])


def trapped() -> Sheet:
    """Return the scores of networks that should lose."""
    names = ("F1 certain ↑", "d ↓", "d − F1 ↓", "macro F1, all images ↑", "groups")
    rows = tuple(
        (trap.name, s.f1_certain, s.distance, s.score, s.macro_f1, s.clusters)
        for trap in traps()
        for s in (trap.scores,)
    )
    return Sheet("traps", "What the paper's score can be won with", ("network", *names), rows)
