"""Small records of runs that are committed, and the table that is made from them alone."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from s2c2 import files
from s2c2.runs import open_run

BEGIN, END = "<!-- table:begin -->", "<!-- table:end -->"
"""Marks around a table in a page."""

COLUMNS = ("", "F1 ↑", "d ↓", "d by size ↓", "d − F1 ↓", "set aside", "AUROC ↑")


def _doubt(config: Mapping[str, Any]) -> bool:
    return bool(config.get("predict", {}).get("ambiguity") == "doubt")


ARMS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "S2C2": lambda config: not _doubt(config) and config["objective"]["evidence"] == "own",
    "S2C2, `objective.evidence=confidence`": lambda config: config["objective"]["evidence"] == "confidence",
    "S2C2, read by doubt and prototypes": _doubt,
}
"""Rows of the table: a title and which configurations belong to it."""


def record(run: Path) -> dict[str, Any]:
    """Return what is kept of a scored run: configuration, environment, scores, the last losses. No path."""
    opened = open_run(run)
    environment = files.read_json(run / "environment.json")
    last = opened.losses()[-100:]
    terms = [name for name in last[0] if name not in ("step", "progress", "rate")]
    return {
        "run": run.name,
        "config": yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8")),
        "environment": environment,
        "losses": {name: statistics.fmean(line[name] for line in last) for name in terms},
        **(opened.scores() or {}),
    }


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a folder, in the order of their names."""
    return [files.read_json(path) for path in sorted(folder.glob("*.json"))]


def datasets_of(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the datasets of records, each once, in their order."""
    return list(dict.fromkeys(record["dataset"] for record in records))


def rebuild(
    folder: Path,
    cases: Iterable[tuple[Path, int]],
    made: Callable[[Path, int], Any],
    contents: Callable[[], Mapping[Path, str]],
) -> None:
    """Write a record for each dataset and seed, and then what follows from all records.

    Args:
        folder: of the records.
        cases: dataset folder and seed of each record that is to be made; none where only the rest is.
        made: returns the record of a case.
        contents: returns what follows from the records, by the file that holds it.
    """
    for dataset, seed in cases:
        files.write_json(folder / f"{dataset.name}-{seed}.json", made(dataset, seed))
    for path, text in contents().items():
        files.write_text(path, text)


def table(records: Iterable[Mapping[str, Any]]) -> str:
    """Return a Markdown table: each algorithm plain, extended, and the plain one at equal coverage."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|" + "--:|" * (len(COLUMNS) - 1)]
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for one in records:
        grouped.setdefault(one["config"]["algorithm"]["name"], []).append(one)
    for name in sorted(grouped, reverse=True):
        lines += _rows(name, grouped[name])
    return "\n".join(lines) + "\n"


def _rows(name: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    plain = [one["scores"] for one in records if "comparison" not in one]
    lines = [_row(f"**{name}** ({_seeds(plain)}), all images", *_paper(plain))]
    extended = [one for one in records if "comparison" in one]
    for title, belongs in ARMS.items():
        chosen = [one for one in extended if belongs(one["config"])]
        if chosen:
            lines += [_row(f"{name} + {title}", *_paper([one["scores"] for one in chosen])), _fair(chosen)]
    return lines


def _fair(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the plain network's scores on the same number of images, and k-means on the same images."""
    compared = [one["comparison"] for one in records]
    detectors = ("max-softmax", "entropy", "margin")
    return _row(
        "– best plain opponent",
        _spread([one["f1"][one["rejection"]] for one in compared]),
        _spread([_closest(one, "macro") for one in compared]),
        _spread([_closest(one, "size") for one in compared]),
        "",
        _spread([1 - one["coverage"] for one in compared]),
        _spread([max(one["auroc"][detector] for detector in detectors) for one in compared]),
    )


def _closest(comparison: Mapping[str, Any], mean: str) -> float:
    """Return the lowest d of a plain clustering of the same images into as many groups."""
    ours = ("s2c2", "classes", "random")
    return min(float(d[mean]) for name, d in comparison["distance"].items() if name not in ours)


def _seeds(records: Sequence[object]) -> str:
    return f"{len(records)} seed{'s' if len(records) > 1 else ''}"


def _paper(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    names = ("f1_certain", "distance", "distance_size", "score", "share_ambiguous", "auroc")
    return [_spread([one[name] for one in scores]) for name in names]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _spread(values: Sequence[float]) -> str:
    mean = f"{statistics.fmean(values):.3f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values):.3f}"


def placed(page: str, content: str, name: str = "table") -> str:
    """Return a page with the content between the marks of that name replaced."""
    begin, end = (mark.replace("table", name) for mark in (BEGIN, END))
    before, rest = page.split(begin)
    return f"{before}{begin}\n{content}{end}{rest.split(end)[1]}"
