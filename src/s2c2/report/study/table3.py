"""The table and the figure of the simulated consistency study over datasets, algorithms and seeds."""

from collections.abc import Sequence

from s2c2.metrics.consistency import Arm
from s2c2.report.consistency import COLUMNS, read_arm, spreads
from s2c2.report.consistency_plot import figure
from s2c2.report.study.sheets import Sheet, problems
from s2c2.studies import Outcome, Study


def arms(outcome: Outcome) -> tuple[Arm, ...]:
    """Return what each arm of the study after a run shows; empty where there was none."""
    found = (outcome.record or {}).get("consistency") or {}
    return tuple(read_arm(values) for values in found.get("arms", ()))


def sheets(study: Study, outcomes: Sequence[Outcome]) -> tuple[Sheet, ...]:
    """Return the tables of the experiment; those without a row are left out."""
    return tuple(sheet for sheet in (consistency(outcomes), problems(outcomes)) if sheet.rows)


def consistency(outcomes: Sequence[Outcome]) -> Sheet:
    """Return each arm by dataset and algorithm: mean ± deviation over the seeds."""
    found: dict[tuple[str, str, str], list[Arm]] = {}
    for outcome in outcomes:
        for arm in arms(outcome):
            found.setdefault((outcome.entry.dataset, outcome.entry.algorithm, arm.name), []).append(arm)
    rows = tuple((*key, len(group), *spreads(group)) for key, group in found.items())
    title = "Mean ± standard deviation over seeds; KL to the truth"
    return Sheet("consistency", title, ("dataset", "algorithm", "arm", "studies", *COLUMNS[1:]), rows)


def figures(study: Study, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return a figure for each dataset and algorithm by its name: the study after the first seed."""
    found: dict[str, str] = {}
    for outcome in outcomes:
        name = f"{outcome.entry.dataset}-{outcome.entry.algorithm}"
        if name not in found and (shown := arms(outcome)):
            found[name] = figure(shown)
    return found
