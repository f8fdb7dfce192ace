"""Tables of the page as plain values: facts of the runs, scores, comparison, confusion."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2c2.errors import UserError
from s2c2.metrics.bootstrap import Interval
from s2c2.metrics.captions import CAPTIONS, Caption
from s2c2.metrics.classification import confusion
from s2c2.metrics.comparison import Comparison, Distance, Row, verdict
from s2c2.report.subject import Subject

HEADLINE = ("f1_certain", "f1_all", "accuracy", "distance", "score", "share_ambiguous", "auroc")
"""Scores that stand first."""

UNEQUAL = frozenset(("f1_certain", "distance", "distance_size", "score", "purity", "nmi"))
"""Scores that depend on how many images are set aside or grouped: no best one is marked among runs."""


@dataclass(frozen=True)
class ScoreRow:
    """One score of all runs."""

    caption: Caption
    """Name and meaning."""
    values: tuple[str, ...]
    """Value of each run."""
    best: tuple[bool, ...]
    """The best value, where one way is better, the runs differ, and the score compares among runs."""


@dataclass(frozen=True)
class Compared:
    """The equal-coverage comparison of one run."""

    title: str
    """The run with S2C2."""
    against: str
    """The vanilla run."""
    verdict: str
    """Which one is better under the same terms, in one line."""
    rows: tuple[Row, ...]
    """The lines against the strongest partner of each kind."""
    others: tuple[Row, ...]
    """All other lines."""


@dataclass(frozen=True)
class Confusion:
    """Counts of predicted class (column) for each class of people (row)."""

    classes: tuple[str, ...]
    """Names of rows and columns."""
    counts: tuple[tuple[int, ...], ...]
    """Number of images in each cell."""
    shares: tuple[tuple[float, ...], ...]
    """Each row divided by its sum."""


def facts(subject: Subject) -> dict[str, str]:
    """Return what was trained on what, in the order of a list."""
    config, dataset, train = subject.run.config, subject.run.dataset, subject.run.config.get("train", {})
    losses = subject.run.losses()
    done = losses[-1].get("step") if losses else None
    steps = f"{done} of {train.get('steps', '?')}" if done is not None else str(train.get("steps", ""))
    backbone = config.get("network", {}).get("backbone", {})
    shape = [f"{name} {backbone[name]}" for name in ("depth", "width") if backbone.get(name)]
    size = f" at {dataset['size']} px" if dataset.get("size") else ""
    read = (config.get("predict", {}).get(key, "head") for key in ("classes", "ambiguity", "clusters"))
    found = {
        "run": subject.run.name,
        "steps": steps,
        "labeled images a step": train.get("batch"),
        "network": ", ".join([str(backbone.get("name", "")), *shape]) + size,
        "read by": ", ".join(name for name in read if name != "head"),
        "seed": config.get("seed"),
        "date": _date(subject.run.environment.get("date")),
        "device": subject.run.environment.get("device"),
    }
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def _date(recorded: Any) -> str:
    """Return a recorded time for people, to the minute."""
    found = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)", str(recorded or ""))
    zone = " UTC" if str(recorded).endswith("+00:00") else ""
    return f"{found[1]} {found[2]}{zone}" if found else str(recorded or "")


def split_sizes(subject: Subject) -> dict[str, int]:
    """Return the number of images of each split."""
    splits = list(subject.run.splits().values())
    names = dict.fromkeys(("labeled", "unlabeled", "validation", "selection", *splits))
    return {name or "in no split": count for name in names if (count := splits.count(name))}


def alarms(subjects: Sequence[Subject]) -> list[str]:
    """Return why runs are degenerate or collapsed."""
    found = ((subject.title, subject.scores.get("scores", {})) for subject in subjects)
    return [
        f"{title}: {', '.join(scores.get('reasons') or ['the alarm has no reason recorded'])}."
        for title, scores in found
        if scores.get("degenerate") or scores.get("collapsed")
    ]


def score_rows(subjects: Sequence[Subject]) -> tuple[list[ScoreRow], list[ScoreRow]]:
    """Return the headline scores and the others; empty when no run has scores."""
    scores = [subject.scores.get("scores", {}) for subject in subjects]
    known = [name for name in CAPTIONS if any(name in entry for entry in scores)]
    first = [name for name in HEADLINE if name in known]
    rest = [name for name in known if name not in first]
    return [_score_row(name, scores) for name in first], [_score_row(name, scores) for name in rest]


def _score_row(name: str, scores: Sequence[Mapping[str, Any]]) -> ScoreRow:
    values, caption = [entry.get(name) for entry in scores], CAPTIONS[name]
    numbers = [value for value in values if isinstance(value, int | float)]
    top: float | None = None
    if caption.better and name not in UNEQUAL and len(set(numbers)) > 1:
        top = max(numbers) if caption.better == "higher" else min(numbers)
    best = tuple(top is not None and value == top for value in values)
    return ScoreRow(caption, tuple(number(value) for value in values), best)


def number(value: Any) -> str:
    """Return a score as text: three digits, whole numbers as they are, a dash where undefined.

    Example:
        >>> number(0.12345), number(12), number(None), number(True)
        ('0.123', '12', '–', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".replace("-", "−") if np.isfinite(value) else "–"
    return "–" if value is None else str(value)


def compared(subject: Subject, subjects: Sequence[Subject]) -> Compared | None:
    """Return the comparison at equal coverage; None when the run was not compared.

    Raises:
        UserError: when ``scores.json`` was written by another version.
    """
    recorded = subject.scores.get("comparison")
    if recorded is None:
        return None
    try:
        comparison = _comparison(recorded)
        rows, line = comparison.rows(), verdict(comparison)
    except (KeyError, TypeError) as error:
        place = subject.run.path / "scores.json"
        raise UserError(f"{place} is of another version: run 's2c2 evaluate' again") from error
    name = str(subject.scores.get("against", "vanilla"))
    titles = {other.run.name: other.title for other in subjects}
    strongest = comparison.strongest
    first = tuple(row for row in rows if row.name in strongest)
    others = tuple(row for row in rows if row.name not in strongest)
    return Compared(subject.title, titles.get(name, name), line, first, others)


def _comparison(recorded: Mapping[str, Any]) -> Comparison:
    """Return the comparison for its recorded values; ``null`` is NaN."""
    fields = {name: _undefined(recorded[name]) for name in Comparison.__dataclass_fields__}
    fields["distance"] = {name: Distance(**value) for name, value in fields["distance"].items()}
    fields["intervals"] = {name: Interval(**value) for name, value in fields["intervals"].items()}
    return Comparison(**fields)


def _undefined(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _undefined(item) for name, item in value.items()}
    return float("nan") if value is None else value


def confused(subject: Subject) -> Confusion | None:
    """Return the confusion matrix of all annotated images; None without any."""
    rated = subject.judged
    if rated is None:
        return None
    said = rated.predictions
    counts = confusion(rated.target, said.predicted.astype(np.int64), len(said.classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return Confusion(said.classes, _rows(counts), _rows(shares))


def _rows(array: np.ndarray) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in array.tolist())
