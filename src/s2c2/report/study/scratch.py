"""The table of runs from scratch: each algorithm plain, extended, and the plain one at equal coverage."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from s2c2.report.study.groups import Group, detector, groups, macro, rejection, size
from s2c2.report.study.rendering import text
from s2c2.report.study.spread import spread
from s2c2.studies import Record, outcomes, study_of

COLUMNS = ("", "F1 ↑", "d ↓", "d by size ↓", "d − F1 ↓", "set aside", "AUROC ↑")
SCORES = ("f1_certain", "distance", "distance_size", "score", "share_ambiguous", "auroc")
"""What the columns show of a network, on all validation images."""
EXTENDED: Mapping[str, str] = {
    "s2c2": "S2C2",
    "doubt": "S2C2, `objective.evidence=confidence`",
    "s2c2-readout": "S2C2, read by doubt and prototypes",
}
"""The arms that are shown beside the plain one, as the table calls them."""


def table(records: Sequence[Record]) -> str:
    """Return a Markdown table of the runs of one dataset; a score that is not defined is in no mean."""
    found = groups(outcomes(study_of(records, ""), records))
    lines = [_row(COLUMNS), "|---|" + "--:|" * (len(COLUMNS) - 1)]
    for algorithm in sorted({group.algorithm for group in found}, reverse=True):
        arms = {group.arm: group for group in found if group.algorithm == algorithm}
        lines += map(_row, _rows(algorithm, arms))
    return "\n".join(lines) + "\n"


def _rows(algorithm: str, arms: Mapping[str, Group]) -> Iterator[Sequence[Any]]:
    if plain := arms.get("vanilla"):
        seeds = f"{len(plain.outcomes)} seed{'s' if len(plain.outcomes) > 1 else ''}"
        yield f"**{algorithm}** ({seeds}), all images", *map(plain.score, SCORES)
    for arm, title in EXTENDED.items():
        if group := arms.get(arm):
            yield f"{algorithm} + {title}", *map(group.score, SCORES)
            yield _opponent(group)


def _opponent(group: Group) -> Sequence[Any]:
    """Return the plain network's scores with as many set aside, and as many groups of the same ones."""
    f1, d, by_size, auroc = (
        spread(plain for _, plain in group.compared(measure))
        for measure in (rejection, macro, size, detector)
    )
    aside = spread(1 - one.comparison["coverage"] for one in group.outcomes if one.comparison is not None)
    return "– best plain opponent", f1, d, by_size, "", aside, auroc


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(map(text, cells)) + " |"
