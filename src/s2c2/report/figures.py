"""Figures as SVG text that works on light and dark pages: transparent, axes in the colour of the text."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from itertools import cycle, product
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure

from s2c2.metrics.coverage import RiskCoverage

PALETTE = (
    *("#3d84c6", "#d9772b", "#3f9a5f", "#9a6bc0", "#c9567a"),
    *("#8a8f98", "#2aa6ad", "#a39a2f", "#92654a", "#d38cc4"),
)
"""Mid-tone colours, readable on white and on near-black: one for each algorithm."""

LEGEND = 44
"""Letters of a line of a legend; a browser draws them wider than is reckoned with."""

INK = "#010203"
"""Stands for the colour of the text until the SVG is written."""

XLINK = "http://www.w3.org/1999/xlink"
SVG = "http://www.w3.org/2000/svg"

INKS = "<style>:root{color:#1f2328}@media(prefers-color-scheme:dark){:root{color:#e6edf3}}</style>"
"""Colours of the text where no page around a figure gives one."""

KINDS = ("plain", "with S2C2")
"""Runs without and with an ambiguity head."""

STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.titlesize": 10,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Point:
    """One run in the plane of F1 and d."""

    f1: float
    """Weighted F1 on the images predicted certain."""
    distance: float
    """Inner distance d."""
    group: str
    """Dataset and algorithm: decides the colour."""
    extended: bool
    """Whether it has an ambiguity head: decides the marker."""


@mpl.rc_context(STYLE)
def ambiguity_histogram(ambiguity: Float[np.ndarray, " n"], disputed: Bool[np.ndarray, " n"]) -> str:
    """Return the histogram of p_a, apart for images people agree on and images they disagree about."""
    figure, axes = _canvas(5.2, 3.0)
    edges = np.linspace(0, 1, 21)
    for rows, name, colour in ((~disputed, "people agree", 0), (disputed, "people disagree", 1)):
        share = np.histogram(ambiguity[rows], edges)[0] / max(int(rows.sum()), 1)
        label = f"{name} ({int(rows.sum())} images)"
        axes.stairs(share, edges, fill=True, alpha=0.3, color=PALETTE[colour])
        axes.stairs(share, edges, color=PALETTE[colour], linewidth=1.6, label=label)
    axes.axvline(0.5, color=INK, linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, 1), xlabel="ambiguity p_a", ylabel="share of each kind")
    _legend(axes)
    return svg(figure, "Histogram of p_a for images people agree on and images they disagree about")


@mpl.rc_context(STYLE)
def risk_coverage_curves(curves: Mapping[str, RiskCoverage]) -> str:
    """Return risk–coverage curves by name, from 2 % coverage on: below, single images decide."""
    figure, axes = _canvas(5.2, 3.0)
    for i, (name, curve) in enumerate(curves.items()):
        rows = np.unique(np.linspace(len(curve.risk) // 50, len(curve.risk) - 1, 400).astype(int))
        label = f"{name} (AURC {curve.area:.3f})"
        axes.plot(curve.coverage[rows], curve.risk[rows], color=PALETTE[i % len(PALETTE)], label=label)
    axes.set(xlim=(0, 1), xlabel="coverage: share of images kept", ylabel="risk: errors among these")
    axes.set_ylim(bottom=0)
    _legend(axes)
    return svg(figure, "Risk against coverage")


@mpl.rc_context(STYLE)
def training_curves(losses: Sequence[Mapping[str, Any]], name: str) -> str:
    """Return the curve of each recorded term of a run over the steps, the running mean drawn bold."""
    terms = sorted({key for row in losses for key in row} - {"step", "progress", "rate", "total"})
    shown = ["total", *terms]
    height = (len(shown) + 1) // 2
    figure = Figure(figsize=(5.2, 1.5 * height + 0.3), layout="constrained")
    grid = figure.subplots(height, 2, sharex=True, squeeze=False).ravel()
    for axes, term in zip(grid, shown, strict=False):
        pairs = [(row["step"], row[term]) for row in losses if _number(row.get(term)) and "step" in row]
        _curve(axes, np.array(pairs, dtype=np.float64).reshape(-1, 2))
        axes.set_title(term, loc="left")
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    figure.supxlabel("step", fontsize=10)
    return svg(figure, f"Losses of {name} over the steps")


@mpl.rc_context(STYLE)
def f1_distance(points: Sequence[Point]) -> str:
    """Return runs as points of F1 and inner distance (paper Fig. 4): better is right and down."""
    groups = list(dict.fromkeys(point.group for point in points))
    figure, axes = _canvas(6.4, max(3.4, 0.22 * (len(groups) + 4)))
    colours = dict(zip(groups, cycle(PALETTE), strict=False))
    for group, extended in product(groups, (False, True)):
        chosen = [point for point in points if (point.group, point.extended) == (group, extended)]
        place = [point.f1 for point in chosen], [point.distance for point in chosen]
        axes.scatter(*place, **_marker(extended, colours[group]))
    for extended in sorted({point.extended for point in points}):
        axes.scatter([], [], label=KINDS[extended], **_marker(extended, INK))
    for group, colour in colours.items():
        axes.plot([], [], color=colour, linewidth=5, label=group)
    axes.set(xlabel="F1 on certain images (right is better)", ylabel="inner distance d (down is better)")
    axes.margins(0.15)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), borderaxespad=0.2)
    return svg(figure, "Runs by F1 and inner distance")


def svg(figure: Figure, description: str) -> str:
    """Return a figure as an ``<svg>`` element for a page.

    Args:
        figure: the figure.
        description: what it shows, for those who cannot see it.
    """
    stream = StringIO()
    salt: Any = {"svg.hashsalt": description}
    with mpl.rc_context(STYLE | salt), warnings.catch_warnings():
        # A name in a script that Matplotlib's font lacks is drawn by the browser's font.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return _embedded(stream.getvalue(), description)


def _embedded(text: str, description: str) -> str:
    """Keep the element only, scale with the page, and take the colour of the text around it."""
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r"<g id=\"[^\"]*\"", "<g", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL).replace(INK, "currentColor")
    box = re.search(r"viewBox=\"[^\"]*\"", text)
    assert box is not None
    label = f'role="img" aria-label="{escape(description)}"'
    head = f'<svg {box[0]} fill="currentColor" {label} xmlns:xlink="{XLINK}">'
    return head + text[text.index(">") + 1 :]


def standalone(element: str) -> str:
    """Return an ``<svg>`` element of a page as the content of a file that is shown by itself."""
    head, rest = element.split(">", 1)
    space = "" if f'xmlns="{SVG}"' in head else f' xmlns="{SVG}"'
    return f"{head}{space}>{INKS}{rest}\n"


def _canvas(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _marker(extended: bool, colour: str) -> dict[str, Any]:
    shape = {"marker": "^" if extended else "o", "s": 46, "edgecolors": colour}
    return shape | {"facecolors": colour if extended else "none"}


def _legend(axes: Any) -> None:
    handles, names = axes.get_legend_handles_labels()
    wrapped = [fill(name, LEGEND) for name in names]
    axes.legend(handles, wrapped, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)


def _curve(axes: Any, points: Float[np.ndarray, "s 2"]) -> None:
    if not len(points):
        return
    window = max(len(points) // 40, 1)
    smooth = np.convolve(points[:, 1], np.ones(window) / window, "valid")
    thin = np.unique(np.linspace(0, len(points) - 1, 250).astype(int))
    axes.plot(*points[thin].T, color=PALETTE[0], alpha=0.3, linewidth=0.7)
    centre = points[(window - 1) // 2 :][: len(smooth), 0]
    few = np.unique(np.linspace(0, len(smooth) - 1, 250).astype(int))
    axes.plot(centre[few], smooth[few], color=PALETTE[0], linewidth=1.5)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and bool(np.isfinite(value))
