"""The figures of a study."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from s2c2.report.figures import PALETTE, STYLE, Point, f1_distance, svg
from s2c2.report.study.spread import Spread, spread
from s2c2.studies import Outcome, Study

EXTENDED = ("vanilla", "s2c2")
"""The arms of the scatter."""


def figures(study: Study, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return the figures of a study as SVG by name: a sweep's curves, or its runs by F1 and d."""
    if study.variable is not None:
        return {"sweep": sweep(study.variable, outcomes)} if _points(study.variable, outcomes) else {}
    points = scatter(outcomes)
    return {"figure": f1_distance(points)} if points else {}


def scatter(outcomes: Sequence[Outcome]) -> list[Point]:
    """Return each plain and each extended run as a point; with several datasets these are the colours."""
    datasets = {o.entry.dataset for o in outcomes}
    found = []
    for o in outcomes:
        f1, distance = ((o.scores or {}).get(name) for name in ("f1_certain", "distance"))
        if o.entry.arm in EXTENDED and f1 is not None and distance is not None:
            group = o.entry.algorithm if len(datasets) == 1 else o.entry.dataset
            found.append(Point(f1, distance, group, o.entry.arm == "s2c2"))
    return found


def value(variable: str, outcome: Outcome) -> float | None:
    """Return where a run stands on the axis of a sweep; None for a plain one."""
    record = outcome.record or {}
    if outcome.entry.arm == "vanilla" or "config" not in record:
        return None
    found: Any = record["config"]
    for part in variable.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if found is None and variable == "network.clusters":
        return 5.0 * record["classes"] if "classes" in record else None
    return None if found is None else float(found)


def _points(variable: str, outcomes: Sequence[Outcome]) -> dict[tuple[str, str], dict[float, list[Outcome]]]:
    """Return the scored runs by dataset and algorithm and by their place on the axis."""
    found: dict[tuple[str, str], dict[float, list[Outcome]]] = {}
    for o in outcomes:
        if (place := value(variable, o)) is not None and o.scores is not None:
            found.setdefault((o.entry.dataset, o.entry.algorithm), {}).setdefault(place, []).append(o)
    return found


PANELS = (
    ("f1_certain", "F1, certain images ↑"),
    ("distance", "inner distance d ↓"),
    ("auroc", "AUROC ↑"),
)
"""Scores that a sweep shows."""


@mpl.rc_context(STYLE)
def sweep(variable: str, outcomes: Sequence[Outcome]) -> str:
    """Return three panels over the swept value: mean and deviation over seeds, and the plain mean."""
    figure = Figure(figsize=(7.5, 2.9), layout="constrained")
    points = _points(variable, outcomes)
    for axes, (name, title) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for i, (key, places) in enumerate(points.items()):
            colour = PALETTE[i % len(PALETTE)]
            _line(axes, {x: _over(runs, name) for x, runs in sorted(places.items())}, ", ".join(key), colour)
            plain = _over([o for o in outcomes if _plain(o, key)], name)
            if plain.count:
                axes.axhline(plain.mean, color=colour, linewidth=0.8, linestyle=":")
        axes.set_title(title, loc="left")
        _axis(axes, sorted({place for places in points.values() for place in places}))
    figure.supxlabel(f"{variable} (dotted: plain algorithm)", fontsize=10)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left")
    return svg(figure, f"Scores by {variable}")


def _plain(outcome: Outcome, key: tuple[str, str]) -> bool:
    return outcome.entry.arm == "vanilla" and (outcome.entry.dataset, outcome.entry.algorithm) == key


def _over(outcomes: Sequence[Outcome], name: str) -> Spread:
    return spread((o.scores or {}).get(name) for o in outcomes)


def _axis(axes: Any, places: Sequence[float]) -> None:
    """Mark each value that was tried, on a logarithmic axis where they span more than a factor of five."""
    if min(places) > 0 and max(places) > 5 * min(places):
        axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xticks(places, [f"{place:g}" for place in places])


def _line(axes: Any, found: dict[float, Spread], label: str, colour: str) -> None:
    known = {x: one for x, one in found.items() if one.count}
    errors = [one.deviation if one.count > 1 else 0.0 for one in known.values()]
    means = [one.mean for one in known.values()]
    axes.errorbar(list(known), means, errors, color=colour, marker="o", markersize=4, capsize=2, label=label)
