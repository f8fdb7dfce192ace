"""The consistency study as files: one table and one figure, from a real or a simulated annotation log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from s2c2 import files
from s2c2.errors import UserError
from s2c2.metrics.bootstrap import Interval
from s2c2.metrics.consistency import Arm, Kappa
from s2c2.report.consistency_plot import figure
from s2c2.report.figures import standalone
from s2c2.report.study.rendering import as_csv, as_markdown
from s2c2.report.study.sheets import Sheet
from s2c2.report.study.spread import NAN, Spread, signless, spread

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
    "KL alone, same time",
)
"""Headings of the table."""
SCORES = ("alpha", "minutes", "acceptance", "offset", "kl", "kl_unbiased", "kl_blended", "kl_alone")
"""Scores under the headings after the kappas."""
TITLE = "Consistency of labels"
MARGIN = 0.05
"""Part of a divergence by which another may differ and is about as large."""


def sheet(arms: Sequence[Arm]) -> Sheet:
    """Return the table for people: kappas with their 95 % intervals."""
    rows = [(arm.name, *kappas(arm), *(getattr(arm, name) for name in SCORES)) for arm in arms]
    return Sheet(
        "consistency", "κ with 95 % bootstrap intervals over images; KL to the truth", COLUMNS, tuple(rows)
    )


def verdict(arms: Sequence[Arm]) -> str | None:
    """Return which arms are worth their time, in a sentence; None where no arm can be compared.

    Example:
        >>> from s2c2.metrics.bootstrap import Interval
        >>> kappa = Kappa(0.5, Interval(0.4, 0.6))
        >>> arm = Arm("s2c2", 9, 1, kappa, kappa, 0.5, 2.0, 0.9, 0.2, 0.25, 0.25, 0.2, kl_alone=0.5)
        >>> verdict([arm])
        'In the same time answers without proposals would be further from the truth than those of s2c2.'
    """
    places = ("further from the truth than", "about as near to the truth as", "nearer to the truth than")
    found: dict[str, list[str]] = {place: [] for place in places}
    for arm in arms:
        if arm.kl_alone == arm.kl_alone and arm.kl == arm.kl:
            apart = (arm.kl_alone > (1 + MARGIN) * arm.kl) - (arm.kl_alone < (1 - MARGIN) * arm.kl)
            found[places[1 - apart]].append(arm.name)
    parts = [f"{place} those of {', '.join(names)}" for place, names in found.items() if names]
    said = ", and ".join(parts)
    return f"In the same time answers without proposals would be {said}." if parts else None


def kappas(arm: Arm) -> tuple[str, str]:
    """Return κ intra and κ inter with their intervals, as text."""
    return _text(arm.intra), _text(arm.inter)


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
        "consistency.svg": standalone(figure(arms)),
        "consistency.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n",
    }


def write(arms: Sequence[Arm], settings: Mapping[str, Any], folder: Path) -> None:
    """Write the files of a study into a folder, each whole or not at all."""
    for name, text in contents(arms, settings).items():
        files.write_text(folder / name, text)


def read(path: Path) -> tuple[tuple[Arm, ...], dict[str, Any]]:
    """Return the arms and the settings of a ``consistency.json``.

    Raises:
        UserError: when it is absent, damaged or of another version.
    """
    record = files.read_json(path)
    try:
        return tuple(read_arm(values) for values in record["arms"]), dict(record["settings"])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is no record of a consistency study") from error


def summary(studies: Sequence[tuple[Sequence[Arm], Mapping[str, Any]]]) -> Sheet:
    """Return studies with other seeds as one table: mean ± deviation by true acceptance offset and arm.

    Args:
        studies: the arms and the settings of each, as :func:`read` returns them.
    """
    found: dict[tuple[float, str], list[Arm]] = {}
    for arms, settings in studies:
        for arm in arms:
            found.setdefault((settings["offset"], arm.name), []).append(arm)
    rows = [(f"{offset:g}", name, len(group), *spreads(group)) for (offset, name), group in found.items()]
    title = "Mean ± standard deviation over the studies; KL to the truth"
    return Sheet("summary", title, ("true δ", "arm", "studies", *COLUMNS[1:]), tuple(rows))


def spreads(arms: Sequence[Arm]) -> list[Spread]:
    """Return mean and deviation of what the headings after the first name, over the same arm of studies."""
    kappas = [spread(arm.intra.value for arm in arms), spread(arm.inter.value for arm in arms)]
    return kappas + [spread(getattr(arm, name) for arm in arms) for name in SCORES]


def read_arm(values: Mapping[str, Any]) -> Arm:
    """Return an arm from its plain values, as they are read from a record."""
    known: dict[str, Any] = {name: NAN if value is None else value for name, value in values.items()}
    return Arm(**known | {name: _read_kappa(values[name]) for name in ("intra", "inter")})


def _read_kappa(values: Mapping[str, Any]) -> Kappa:
    ends = (values["value"], values["interval"]["low"], values["interval"]["high"])
    value, low, high = (NAN if end is None else float(end) for end in ends)
    return Kappa(value, Interval(low, high))


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
