"""The consistency study as files: one table, from a real or a simulated annotation log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from s2c2 import files
from s2c2.metrics.consistency import Arm, Kappa
from s2c2.report.study.rendering import as_csv, as_markdown
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import signless

COLUMNS = (
    "arm",
    "κ intra",
    "κ inter",
    "α",
    "minutes",
    "accepted",
    "δ",
    "KL",
    "KL, bias removed",
    "KL, and blended",
)
"""Headings of the table."""
SCORES = ("alpha", "minutes", "acceptance", "offset", "kl", "kl_unbiased", "kl_blended")
"""Scores under the headings after the kappas."""
TITLE = "Consistency of labels"


def sheet(arms: Sequence[Arm]) -> Sheet:
    """Return the table for people: kappas with their 95 % intervals."""
    rows = [
        (arm.name, _text(arm.intra), _text(arm.inter), *(getattr(arm, name) for name in SCORES))
        for arm in arms
    ]
    return Sheet(
        "consistency", "κ with 95 % bootstrap intervals over images; KL to the truth", COLUMNS, tuple(rows)
    )


def numbers(arms: Sequence[Arm]) -> Sheet:
    """Return the table for machines: each number in a column of its own."""
    rows = [_flat(asdict(arm)) for arm in arms]
    columns = tuple(rows[0]) if rows else ()
    return Sheet("consistency", TITLE, columns, tuple(tuple(row.values()) for row in rows))


def contents(arms: Sequence[Arm], settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of a study by name.

    Args:
        arms: what each arm shows.
        settings: how the log came about, by name; kept beside the numbers.
    """
    said = ", ".join(f"{name} {value}" for name, value in settings.items() if not isinstance(value, Mapping))
    record = files.finite({"settings": dict(settings), "arms": [asdict(arm) for arm in arms]})
    return {
        "consistency.csv": as_csv(numbers(arms)),
        "consistency.md": as_markdown(f"{TITLE}: {said}" if said else TITLE, [sheet(arms)]),
        "consistency.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n",
    }


def write(arms: Sequence[Arm], settings: Mapping[str, Any], folder: Path) -> None:
    """Write the files of a study into a folder, each whole or not at all."""
    for name, text in contents(arms, settings).items():
        files.write_text(folder / name, text)


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested values side by side, as ``intra_value`` or ``intra_interval_low``."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{before}{name}_") if isinstance(value, Mapping) else {before + name: value}
    return flat


def _text(kappa: Kappa) -> str:
    if kappa.value != kappa.value:
        return "–"
    return f"{signless(kappa.value)} [{signless(kappa.interval.low)}, {signless(kappa.interval.high)}]"
