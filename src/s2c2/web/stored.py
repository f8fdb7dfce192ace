"""Starting groups as rows of the database."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from s2c2.web.start import Start, StartGroup


def row(arm: str, position: int, group: StartGroup) -> dict[str, Any]:
    """Return the row of a starting group."""
    return {
        "arm": arm,
        "position": position,
        "name": group.group,
        "kind": group.kind,
        "title": group.name,
        "distribution": None if group.distribution is None else json.dumps(group.distribution),
        "ambiguity": _or_null(group.ambiguity),
        "coherence": _or_null(group.coherence),
        "images": np.array(group.images, dtype="<i4").tobytes(),
        "typicality": np.array(group.typicality, dtype="<f8").tobytes(),
        "extreme": np.array(group.extreme, dtype="?").tobytes(),
    }


def grouped(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[StartGroup, ...]]:
    """Return the groups of each arm; rows come in their order."""
    found: dict[str, list[StartGroup]] = {}
    for row in rows:
        found.setdefault(row["arm"], []).append(_group(row))
    return {arm: tuple(groups) for arm, groups in found.items()}


def study_row(start: Start) -> dict[str, Any]:
    """Return the row of the study of a start that has one."""
    hidden = {arm: sorted(classes.items()) for arm, classes in start.hidden.items()}
    return {"id": 1, "plan": start.study, "hidden": json.dumps(hidden)}


def hidden(text: str) -> dict[str, dict[int, int]]:
    """Return the hidden classes of a study's row, by arm and image number."""
    return {arm: dict(pairs) for arm, pairs in json.loads(text).items()}


def _group(row: Mapping[str, Any]) -> StartGroup:
    return StartGroup(
        group=row["name"],
        kind=row["kind"],
        name=row["title"],
        images=tuple(np.frombuffer(row["images"], dtype="<i4").tolist()),
        distribution=None if row["distribution"] is None else tuple(json.loads(row["distribution"])),
        ambiguity=_or_nan(row["ambiguity"]),
        coherence=_or_nan(row["coherence"]),
        typicality=tuple(np.frombuffer(row["typicality"], dtype="<f8").tolist()),
        extreme=tuple(np.frombuffer(row["extreme"], dtype="?").tolist()),
    )


def _or_null(number: float) -> float | None:
    return None if np.isnan(number) else number


def _or_nan(number: float | None) -> float:
    return float("nan") if number is None else number
