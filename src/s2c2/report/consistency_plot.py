"""The figure of the consistency study: agreement, time and label quality side by side."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from s2c2.metrics.consistency import Arm, Kappa
from s2c2.report.figures import PALETTE, STYLE, svg

LABELS = (
    ("kl", "as answered"),
    ("kl_unbiased", "bias removed"),
    ("kl_blended", "and blended"),
    ("kl_alone", "alone, same time"),
)
"""Divergences that the last panel shows."""
FEW = 3
"""Arms whose names stand beside each other."""


@mpl.rc_context(STYLE)
def figure(arms: Sequence[Arm]) -> str:
    """Return three panels as SVG, an arm beside the other; what is not known is left out."""
    made = Figure(figsize=(9, 2.8), layout="constrained")
    agreement, time, labels = made.subplots(1, 3)
    _kappas(agreement, arms)
    time.bar(range(len(arms)), [arm.minutes for arm in arms], 0.6, color=PALETTE[5])
    for i, (name, title) in enumerate(LABELS):
        values = [getattr(arm, name) for arm in arms]
        labels.plot(values, color=PALETTE[i + 2], marker="osD^"[i], linestyle=":", label=title)
    titles = ("agreement κ ↑", "minutes ↓", "KL to the truth ↓")
    for axes, title in zip((agreement, time, labels), titles, strict=True):
        axes.set_title(title, loc="left")
        turned = {"rotation": 30, "ha": "right"} if len(arms) > FEW else {}
        axes.set_xticks(range(len(arms)), [arm.name for arm in arms], **turned)
        axes.set_xlim(-0.5, len(arms) - 0.5)
    labels.set_ylim(bottom=0)
    agreement.legend()
    labels.legend(loc="upper left", bbox_to_anchor=(1, 1), borderaxespad=0.2)
    return svg(made, "Agreement, minutes and divergence of the labels from the truth by arm")


def _kappas(axes: Axes, arms: Sequence[Arm]) -> None:
    """Draw both kappas of each arm beside each other, with their intervals."""
    for shift, name, colour in ((-0.1, "intra", PALETTE[0]), (0.1, "inter", PALETTE[1])):
        kappas: list[Kappa] = [getattr(arm, name) for arm in arms]
        values = [kappa.value for kappa in kappas]
        below = [max(0.0, kappa.value - kappa.interval.low) for kappa in kappas]
        above = [max(0.0, kappa.interval.high - kappa.value) for kappa in kappas]
        places = [i + shift for i in range(len(arms))]
        axes.errorbar(
            places, values, (below, above), color=colour, marker="o", linestyle="none", capsize=2, label=name
        )
