"""The page: runs in, one HTML file out that opens without a network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from s2c2 import files
from s2c2.errors import UserError
from s2c2.metrics.aligned import judged, same_images
from s2c2.metrics.coverage import RiskCoverage, least_confidence, risk_coverage
from s2c2.report import examples, figures, tables
from s2c2.report.relabeled import changes
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import signed
from s2c2.report.subject import Subject, subjects
from s2c2.runs import Run

TEMPLATES = Path(__file__).parent / "templates"
LOOKED = 20_000
"""Characters at the beginning of a file that are looked at."""
MARKS = ('<meta name="generator" content="s2c2">', '<ul class="chips">')
"""What such a page holds there: since it names what made it, and before."""


def report(runs: Sequence[Run], out: Path, before: Run | None = None) -> Path:
    """Write one self-contained page about runs and return its path.

    Images are those of the first run with an ambiguity head, or of the first run. What is missing
    (annotations, scores, image files, the dataset folder) is left out with a sentence.

    Args:
        runs: at least one run.
        out: the HTML file to write.
        before: a run before relabeling, which the first run is held against.

    Raises:
        UserError: without a run, and for a run folder that is damaged.
    """
    if not runs:
        raise UserError("a report needs at least one run folder")
    changed = () if before is None else changes(runs[0], before)
    files.write_text(out, html(subjects(runs), changed))
    return out


def own(path: Path) -> bool:
    """Return whether a file is such a page, also of a version that did not say so in it."""
    try:
        with path.open(encoding="utf-8") as stream:
            begin = stream.read(LOOKED)
    except (OSError, ValueError):
        return False
    return begin.startswith("<!doctype html>") and any(mark in begin for mark in MARKS)


def html(shown: Sequence[Subject], changed: Sequence[Sheet] = ()) -> str:
    """Return the page about some runs; names of classes, images and runs are escaped."""
    loader = FileSystemLoader(TEMPLATES)
    settings: Any = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=loader, undefined=StrictUndefined, **settings)
    environment.filters.update(number=tables.number, signed=signed)
    return environment.get_template("report.html").render(_content(shown), changed=changed)


def _content(shown: Sequence[Subject]) -> dict[str, Any]:
    main = next((subject for subject in shown if subject.extended), shown[0])
    partner = _partner(main, shown)
    headline, others = tables.score_rows(shown)
    return {
        "main": main,
        "dataset": main.run.dataset,
        "splits": tables.split_sizes(main),
        "titles": [subject.title for subject in shown],
        "facts": [(subject.title, tables.facts(subject)) for subject in shown],
        "comparisons": [found for subject in shown if (found := tables.compared(subject, shown))],
        "alarms": tables.alarms(shown),
        "headline": headline,
        "others": others,
        "confusion": tables.confused(main),
        "figures": _figures(main, partner, shown),
        "grid": examples.grid(main),
        "by_class": list(examples.by_class(main)),
        "clusters": list(examples.clusters(main)),
    }


def _partner(main: Subject, shown: Sequence[Subject]) -> Subject | None:
    """Return the vanilla run beside the main one: that of its evaluation, else the first."""
    root = main.run.dataset.get("root")
    plain = [one for one in shown if not one.extended and one.run.dataset.get("root") == root]
    named = [one for one in plain if one.run.name == main.scores.get("against")]
    return next(iter(named + plain), None) if main.extended else None


def _figures(main: Subject, partner: Subject | None, shown: Sequence[Subject]) -> dict[str, Any]:
    """Return the figures by name; empty where there are no data for one."""
    curves = [one for one in (main, partner) if one is not None and one.run.losses()]
    found: dict[str, Any] = {
        "histogram": _histogram(main),
        "risk": _risk(main, partner),
        "scatter": _scatter(shown),
        "training": [
            (one.title, Markup(figures.training_curves(one.run.losses(), one.title))) for one in curves
        ],
    }
    return {name: Markup(value) if isinstance(value, str) else value for name, value in found.items()}


def _histogram(main: Subject) -> str:
    rated = main.judged
    if rated is None or rated.predictions.ambiguity is None:
        return ""
    return figures.ambiguity_histogram(rated.predictions.ambiguity, main.disputed(rated))


def _risk(main: Subject, partner: Subject | None) -> str:
    curves = _own_curves(main) | _partner_curve(main, partner)
    return figures.risk_coverage_curves(curves) if curves else ""


def _own_curves(main: Subject) -> dict[str, RiskCoverage]:
    rated = main.judged
    if rated is None:
        return {}
    said, wrong = rated.predictions, rated.predictions.predicted != rated.target
    curves = {} if said.ambiguity is None else {f"{main.title}, by p_a": risk_coverage(said.ambiguity, wrong)}
    confidence = risk_coverage(least_confidence(said.probabilities), wrong)
    return curves | {f"{main.title}, by confidence": confidence}


def _partner_curve(main: Subject, partner: Subject | None) -> dict[str, RiskCoverage]:
    """Return the curve of the vanilla run; nothing when it was predicted on other images."""
    if partner is None or partner.predictions is None or main.predictions is None or main.soft_labels is None:
        return {}
    try:
        rated = judged(same_images(main.predictions, partner.predictions), main.soft_labels)
    except UserError:
        return {}
    wrong = rated.predictions.predicted != rated.target
    scores = least_confidence(rated.predictions.probabilities)
    return {f"{partner.title}, by confidence": risk_coverage(scores, wrong)}


def _scatter(shown: Sequence[Subject]) -> str:
    points = []
    for subject in shown:
        scores = subject.scores.get("scores", {})
        f1, distance = scores.get("f1_certain"), scores.get("distance")
        if f1 is not None and distance is not None:
            group = f"{subject.run.dataset.get('name', '')}, {subject.run.config['algorithm']['name']}"
            points.append(figures.Point(f1, distance, group, subject.extended))
    return figures.f1_distance(points) if len(points) > 1 else ""
