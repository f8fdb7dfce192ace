"""The newest figures as bars."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from s2c2 import files
from s2c2.benchmarks.history import Entry, latest

STEPS, SCALE = "step", "scale"


def plot(entries: Sequence[Entry], path: Path) -> None:
    """Write the newest steps on a processor and, where measured, how the cost grows, as an SVG file."""
    shown = [entry for entry in latest(entries) if "card" not in entry["machine"]]
    drawn = [
        (entry, draw) for section, draw in DRAW.items() for entry in shown if entry["section"] == section
    ]
    if not drawn:
        return
    with mpl.rc_context({"svg.hashsalt": "s2c2", "font.size": 9}):
        figure = Figure(figsize=(9, 3.6 * len(drawn)), layout="constrained")
        for place, (entry, draw) in enumerate(drawn, start=1):
            draw(figure.add_subplot(len(drawn), 1, place), entry)
        with files.atomic(path) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None})


def steps(axes: Axes, entry: Entry) -> None:
    """Draw a bar for each case, as long as a step takes, with its quartiles."""
    rows = list(reversed(entry["rows"]))
    medians = [row["seconds"][0] for row in rows]
    spreads = [[abs(row["seconds"][side] - row["seconds"][0]) for row in rows] for side in (1, 2)]
    axes.barh([row["case"] for row in rows], medians, xerr=spreads, color="#4878a8", height=0.6)
    first: Mapping[str, Any] = rows[0]
    where = f"{entry['machine']['processor']}, {entry['date'][:10]}"
    what = f"{first['network']}, {first['batch']} labeled images"
    axes.set_xlabel(f"processor seconds a step, {what}, {where}")


def growth(axes: Axes, entry: Entry) -> None:
    """Draw the seconds of each part against the number of images, both by powers of ten."""
    rows = entry["rows"]
    images = [row["images"] for row in rows]
    for part in [name for name in rows[0] if name.endswith("_cpu_s")]:
        axes.plot(images, [row[part] for row in rows], marker="o", label=part.removesuffix("_cpu_s"))
    axes.set(xscale="log", yscale="log", xlabel="images", ylabel="processor seconds")
    axes.legend()


DRAW = {STEPS: steps, SCALE: growth}
"""What draws a section."""
