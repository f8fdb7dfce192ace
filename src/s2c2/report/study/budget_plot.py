"""The figure of the budget experiment: score against annotation budget, in votes and in minutes."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from s2c2.report.figures import PALETTE, STYLE, svg
from s2c2.report.study.budget import Step, steps
from s2c2.studies import Outcome, Study

BUDGETS = (("votes", "votes"), ("minutes", "minutes of people"))
"""What is on the horizontal axis, a row of panels each."""
PANELS = (
    ("f1_all", "F1, all images ↑"),
    ("f1_covered", "F1, most confident 40 % ↑"),
    ("kl", "KL ↓"),
)
"""Scores that are shown, a column each."""
LEARNERS = ("-", ":")
"""Lines of arms that train S2C2, and of those that train the plain algorithm."""


def figures(study: Study, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return a figure for each dataset and algorithm with scores, by its name."""
    found = [step for step in steps(outcomes) if step.over("votes").count]
    places = dict.fromkeys((step.dataset, step.algorithm) for step in found)
    return {
        "-".join(place): curves([step for step in found if (step.dataset, step.algorithm) == place])
        for place in places
    }


@mpl.rc_context(STYLE)
def curves(found: Sequence[Step]) -> str:
    """Return the panels as SVG: mean and deviation over seeds at the mean of what was spent."""
    figure = Figure(figsize=(7.5, 5.2), layout="constrained")
    grid = figure.subplots(len(BUDGETS), len(PANELS), sharex="row", sharey="col")
    arms = list(dict.fromkeys(step.arm for step in found))
    for row, (budget, label) in zip(grid, BUDGETS, strict=True):
        for axes, (name, title) in zip(row, PANELS, strict=True):
            for i, arm in enumerate(arms):
                _line(axes, [step for step in found if step.arm == arm], (budget, name), PALETTE[i])
            axes.set_title(title, loc="left")
        row[1].set_xlabel(label)
    handles, names = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=3)
    return svg(figure, f"Scores by votes and by minutes: {found[0].dataset}, {found[0].algorithm}")


def _line(axes: Any, arm: Sequence[Step], names: tuple[str, str], colour: str) -> None:
    budget, score = ([step.over(name) for step in arm] for name in names)
    known = [(x, y) for x, y in zip(budget, score, strict=True) if x.count and y.count]
    errors = [y.deviation if y.count > 1 else 0.0 for _, y in known]
    axes.errorbar(
        [x.mean for x, _ in known],
        [y.mean for _, y in known],
        errors,
        color=colour,
        linestyle=LEARNERS[arm[0].arm.startswith("plain")],
        marker="o",
        markersize=3.5,
        capsize=2,
        linewidth=1.2,
        label=arm[0].arm,
    )
