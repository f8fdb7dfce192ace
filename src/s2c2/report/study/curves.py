"""The table and the figure of errors among the images kept, over datasets, algorithms and seeds."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from s2c2.report.figures import PALETTE, STYLE, svg
from s2c2.report.study.names import ARMS
from s2c2.report.study.sheets import Sheet, problems
from s2c2.report.study.spread import spread
from s2c2.studies import Outcome, Study

SHOWN = (0.25, 0.5, 0.75, 1.0)
"""Shares kept that the table shows."""
LOOKS = {"random": (5, ":"), "plain, by human entropy": (3, "--"), "plain, by confidence": (0, "-")}
"""Colour and line of the curves of a plain network; the others follow."""
OTHERS = ((1, "-"), (2, "-"), (4, "--"), (6, "--"), (7, "-."))

Place = tuple[str, str]
"""Dataset and algorithm."""
Curves = dict[str, list[tuple[list[float], list[float], float]]]
"""By curve for each seed: the shares kept, the errors among these, and the area."""


def sheets(study: Study, outcomes: Sequence[Outcome]) -> tuple[Sheet, ...]:
    """Return the tables of the experiment; those without a row are left out."""
    return tuple(sheet for sheet in (table(outcomes), problems(outcomes)) if sheet.rows)


def curves(outcomes: Sequence[Outcome]) -> dict[Place, Curves]:
    """Return what the runs record, by dataset and algorithm."""
    found: dict[Place, Curves] = {}
    for outcome in outcomes:
        risk = (outcome.record or {}).get("risk")
        if risk is None:
            continue
        own = found.setdefault((outcome.entry.dataset, outcome.entry.algorithm), {})
        for way, errors in risk["at"].items():
            name = way if way == "random" else f"{ARMS.get(outcome.entry.arm, outcome.entry.arm)}, by {way}"
            own.setdefault(name, []).append((risk["settings"]["coverages"], errors, risk["area"][way]))
    return found


def table(outcomes: Sequence[Outcome]) -> Sheet:
    """Return the errors among the images kept, and the area, of each curve."""
    rows = []
    for place, found in curves(outcomes).items():
        for name, seeds in found.items():
            errors = ([at[shares.index(share)] for shares, at, _ in seeds] for share in SHOWN)
            rows.append((*place, name, len(seeds), *map(spread, errors), spread(area for *_, area in seeds)))
    heads = ("dataset", "algorithm", "set aside", "runs", *(f"errors, {share:.0%} kept" for share in SHOWN))
    title = "Errors among the images kept: mean ± standard deviation over seeds"
    return Sheet("curves", title, (*heads, "AURC"), tuple(rows))


def figures(study: Study, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return a figure for each algorithm by name, with a panel for each dataset."""
    found = curves(outcomes)
    algorithms = dict.fromkeys(algorithm for _, algorithm in found)
    chosen = {
        algorithm: {name: own for (name, its), own in found.items() if its == algorithm}
        for algorithm in algorithms
    }
    return {f"curves-{algorithm}": panels(own) for algorithm, own in chosen.items()}


@mpl.rc_context(STYLE)
def panels(found: Mapping[str, Curves]) -> str:
    """Return mean and standard deviation over the seeds as SVG, a panel for each dataset."""
    drawn = Figure(figsize=(2.8 * len(found) + 0.2, 3.6), layout="constrained")
    grid = drawn.subplots(1, len(found), squeeze=False)[0]
    others = cycle(OTHERS)
    looks = LOOKS | {name: next(others) for name in named(found) if name not in LOOKS}
    for axes, (dataset, own) in zip(grid, found.items(), strict=True):
        for name, seeds in own.items():
            shares, risks = seeds[0][0], np.array([at for _, at, _ in seeds])
            mean, around = risks.mean(axis=0), risks.std(axis=0, ddof=min(1, len(seeds) - 1))
            colour, line = looks[name]
            axes.plot(shares, mean, linestyle=line, label=name, color=PALETTE[colour], linewidth=1.6)
            axes.fill_between(shares, mean - around, mean + around, color=PALETTE[colour], alpha=0.15, lw=0)
        axes.set(xlim=(0, 1), xlabel="coverage: share kept")
        axes.set_ylim(bottom=0)
        axes.set_title(dataset, loc="left")
    grid[0].set_ylabel("risk: errors among these")
    drawn.legend(*grid[0].get_legend_handles_labels(), loc="outside upper left", ncols=min(len(found), 3))
    return svg(drawn, f"Risk against coverage: {', '.join(found)}")


def named(found: Mapping[str, Curves]) -> list[str]:
    """Return the names of all curves, each once."""
    return list(dict.fromkeys(name for own in found.values() for name in own))
