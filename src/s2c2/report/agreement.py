"""An annotation log as tables and a page: agreement, time, proposals, and how well each person answers."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from s2c2 import files
from s2c2.metrics.ambiguity import entropy
from s2c2.metrics.annotation_study import Agreement, Line, Person
from s2c2.metrics.pooling import Pooled
from s2c2.report import consistency
from s2c2.report.consistency_plot import figure
from s2c2.report.study.rendering import as_csv, as_html
from s2c2.report.study.sheets import Sheet

TITLE = "Agreement of annotators"
MORE = ("answers", "minutes / 100", "by the clock", "accepted", "chosen when hidden", "δ of the control")
"""Headings beside those of a consistency study."""


def sheets(found: Agreement) -> tuple[Sheet, ...]:
    """Return the tables for people."""
    return (
        _arms(found),
        _proposals("proposals", "Time and proposals, by arm", found.arms),
        _proposals("each", "Agreement, time and proposals, by annotator", found.each),
        _people(found.people),
        _labels(found),
    )


def contents(found: Agreement, settings: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of a report by name.

    Args:
        found: what the log shows.
        settings: where the log came from, by name; kept beside the numbers.
    """
    tables = sheets(found)
    arms = [line.arm for line in found.arms]
    pages = [*tables, *_confusions(found)]
    title = ", ".join([TITLE, *(str(value) for value in settings.values() if value)])
    texts = {f"{sheet.name}.csv": as_csv(sheet) for sheet in tables}
    texts["agreement.html"] = as_html(title, pages, [figure(arms)])
    texts["agreement.json"] = json.dumps(_record(found, settings), indent=2, ensure_ascii=False) + "\n"
    if found.pooling is not None:
        texts["ask-again.csv"] = ask_again(found, found.pooling)
    done = {name: text.encode() for name, text in texts.items()}
    return done | {"soft-labels.parquet": soft_labels(found)}


def write(found: Agreement, settings: Mapping[str, Any], folder: Path) -> None:
    """Write the files of a report into a folder, each whole or not at all."""
    for name, content in contents(found, settings).items():
        with files.atomic(folder / name) as partial:
            partial.write_bytes(content)


def soft_labels(found: Agreement) -> bytes:
    """Return the soft labels as Parquet: ``image`` and a column for each way; class names as metadata."""
    columns = {name.replace("-", "_"): labels for name, labels in found.soft_labels.items()}
    stream = BytesIO()
    table = pl.DataFrame({"image": pl.Series(found.images, dtype=pl.String)} | columns)
    table.write_parquet(stream, metadata={"classes": json.dumps(found.classes)})
    return stream.getvalue()


def ask_again(found: Agreement, pooling: Pooled) -> str:
    """Return the images as CSV, first those of which one more answer is expected to tell most."""
    first = np.argsort(-pooling.gain, kind="stable")
    columns = {
        "image": [found.images[i] for i in first],
        "answers": found.counts[first],
        "expected_error": pooling.error[first],
        "expected_gain": pooling.gain[first],
    }
    return pl.DataFrame(columns).write_csv()


def _arms(found: Agreement) -> Sheet:
    drawn = consistency.sheet([line.arm for line in found.arms])
    return Sheet("arms", drawn.title, drawn.columns, drawn.rows)


def _proposals(name: str, title: str, lines: tuple[Line, ...]) -> Sheet:
    rows = []
    for line in lines:
        control = line.control
        who = () if line.annotator is None else (line.annotator,)
        more = (line.hundred, line.elapsed, control.accepted, control.chosen, control.offset)
        kappas = () if line.annotator is None else consistency.kappas(line.arm)
        rows.append((line.arm.name, *who, *kappas, line.answers, *more))
    own = ("annotator", "κ intra", "κ with the others") if lines and lines[0].annotator is not None else ()
    return Sheet(name, title, ("arm", *own, *MORE), tuple(rows))


def _people(people: tuple[Person, ...]) -> Sheet:
    title = "How well each answers: by Dawid–Skene, and beside the others"
    rows = tuple((one.annotator, one.answers, one.quality, one.others) for one in people)
    return Sheet("people", title, ("annotator", "answers", "quality", "share of the others who agree"), rows)


def _labels(found: Agreement) -> Sheet:
    rows = []
    for name, labels in found.soft_labels.items():
        rows.append((name, mean_entropy(labels), found.divergence.get(name)))
    title = "Soft labels" if found.pooling is None else f"Soft labels; pooled: {pooling(found.pooling)}"
    return Sheet("labels", title, ("from", "mean entropy in nats", "KL to the truth"), tuple(rows))


def mean_entropy(labels: np.ndarray) -> float:
    """Return the mean entropy of soft labels in nats; rows that are NaN do not count, NaN without any.

    Example:
        >>> round(mean_entropy(np.array([[0.5, 0.5], [1.0, 0.0], [np.nan, np.nan]])), 4)
        0.3466
    """
    known = labels[~np.isnan(labels[:, 0])]
    return float(entropy(known).mean()) if len(known) else float("nan")


def pooling(made: Pooled) -> str:
    """Return how pooled labels came about, in a sentence.

    Example:
        >>> pooling(Pooled(np.eye(2), 1.4142, 0.75, np.zeros(2), np.zeros(2)))
        'what is known beforehand counts as 1.4 answers, 75 % of it by the network, the rest by alike images'
    """
    network = f"{100 * made.weight:g} % of it by the network, the rest by alike images"
    return f"what is known beforehand counts as {made.concentration:.2g} answers, {network}"


def _confusions(found: Agreement) -> list[Sheet]:
    return [
        Sheet(
            f"confusion-{number}",
            f"{one.annotator}: answers (columns) where Dawid–Skene says (rows)",
            ("", *found.classes),
            tuple((name, *map(float, row)) for name, row in zip(found.classes, one.confusion, strict=True)),
        )
        for number, one in enumerate(found.people, start=1)
    ]


def _record(found: Agreement, settings: Mapping[str, Any]) -> Any:
    people = [asdict(one) | {"confusion": one.confusion.tolist()} for one in found.people]
    lines = {"arms": found.arms, "each": found.each}
    record = {"settings": dict(settings), "classes": list(found.classes), "people": people}
    record |= {name: [_line(one) for one in some] for name, some in lines.items()}
    entropies = {name: mean_entropy(labels) for name, labels in found.soft_labels.items()}
    record |= {"entropy": entropies, "divergence": found.divergence}
    if (made := found.pooling) is not None:
        record |= {"pooling": {"concentration": made.concentration, "weight": made.weight}}
    return files.finite(record)


def _line(line: Line) -> dict[str, Any]:
    values = asdict(line)
    control = values["control"] | {"pull": line.control.pull, "offset": line.control.offset}
    return values | {"control": control}
