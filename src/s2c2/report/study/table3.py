"""The table and the figure of the simulated consistency study over datasets, algorithms and seeds."""

from collections.abc import Mapping, Sequence

from s2c2.metrics.consistency import Arm
from s2c2.report.consistency import COLUMNS, read_arm, spreads
from s2c2.report.consistency_plot import figure
from s2c2.report.study.names import ARMS
from s2c2.report.study.sheets import Sheet, problems
from s2c2.studies import Outcome, Study

KEYS = ("dataset", "algorithm", "proposals of", "settled")
"""Headings of what is told apart."""
SHOWN: Mapping[str, tuple[str | None, str]] = {
    "none": ("nobody", "one by one"),
    "vanilla": (ARMS["vanilla"], "one by one"),
    "s2c2": (None, "clusters at once"),
    "vanilla-groups": (ARMS["vanilla"], "all at once"),
    "s2c2-groups": (None, "all at once"),
}
"""By arm of a study who proposes, None for the run that it follows, and what people settle at once."""


def arms(outcome: Outcome) -> tuple[Arm, ...]:
    """Return what each arm of the study after a run shows; empty where there was none."""
    found = (outcome.record or {}).get("consistency") or {}
    return tuple(read_arm(values) for values in found.get("arms", ()))


def sheets(study: Study, outcomes: Sequence[Outcome]) -> tuple[Sheet, ...]:
    """Return the tables of the experiment; those without a row are left out."""
    return tuple(sheet for sheet in (consistency(outcomes), problems(outcomes)) if sheet.rows)


def consistency(outcomes: Sequence[Outcome]) -> Sheet:
    """Return each way of asking by dataset, algorithm and who proposes: mean ± deviation over the seeds.

    What the runs of one seed share, no proposals and those of the plain network, counts once.
    """
    found: dict[tuple[str, ...], dict[int, Arm]] = {}
    for outcome in outcomes:
        entry = outcome.entry
        for arm in arms(outcome):
            who, how = SHOWN.get(arm.name, (None, arm.name))
            key = (entry.dataset, entry.algorithm, who or ARMS.get(entry.arm, entry.arm), how)
            found.setdefault(key, {})[entry.seed] = arm
    rows = tuple((*key, len(seeds), *spreads(list(seeds.values()))) for key, seeds in found.items())
    title = "Mean ± standard deviation over seeds; KL to the truth"
    return Sheet("consistency", title, (*KEYS, "studies", *COLUMNS[1:]), rows)


def figures(study: Study, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return a figure for each dataset, algorithm and who proposes, by name: the study of the first seed."""
    found: dict[str, str] = {}
    for outcome in outcomes:
        entry = outcome.entry
        name = "-".join((entry.dataset, entry.algorithm, *((entry.arm,) if entry.arm != "s2c2" else ())))
        if name not in found and (shown := arms(outcome)):
            found[name] = figure(shown)
    return found
