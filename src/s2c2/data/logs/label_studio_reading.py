"""``label-studio`` in: its exports as JSON, JSON_MIN or CSV, with lead times."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from s2c2.data.dataset import SUFFIXES
from s2c2.data.formats.names import UNSUPPORTED
from s2c2.data.formats.tabular import read_json, read_table
from s2c2.data.logs.exchange import Given, built, needed
from s2c2.data.logs.label_studio import AMBIGUOUS, CONTROLS
from s2c2.data.logs.log import Log
from s2c2.data.logs.plain import shares
from s2c2.errors import UserError

Row = dict[str, Any]
Said = Mapping[str, list[str]]
"""What each control says, by its name."""
TIMES = ("created_at", "updated_at", "lead_time")
FIXED = {"id", "annotation_id", "annotator", "sentiment", "agreement", *TIMES}
"""Columns of a flat export that are neither data of a task nor a control."""


def read(source: Path, given: Given) -> Log:
    """Read the answers of an export, or of the folder that ``write`` made.

    A cancelled annotation is a skip. The second annotation of one task by one person is round 2, and so on.
    Several classes at once are a distribution, alike for each.

    Raises:
        UserError: names task and annotation of what is wrong.
    """
    path = source / "annotations.json" if source.is_dir() else source
    if path.suffix.lower() == ".json":
        content = read_json(path)
        if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
            raise UserError(f"{path} must be a list of tasks, as Label Studio exports them")
        nested = any("annotations" in item or "completions" in item for item in content)
        found = _nested(content, path) if nested else _flat(content, _numbered(content, path))
    else:
        table = read_table(path)
        names = table.columns
        rows = [{name: names[name][i] for name in names} for i in range(len(table))]
        found = _flat(rows, [table.at(i) for i in range(len(table))])
    return _log(list(found), given, path)


def _nested(tasks: list[Row], path: Path) -> Iterator[Row]:
    for number, task in enumerate(tasks, start=1):
        data = task.get("data")
        if not isinstance(data, dict):
            raise UserError(f"{path}, task {number}: lacks 'data'")
        listed = task.get("annotations", task.get("completions")) or []
        if not isinstance(listed, list):
            raise UserError(f"{path}, task {number}: 'annotations' must be a list")
        for index, one in enumerate(listed, start=1):
            at = f"{path}, task {number}, annotation {index}"
            if not isinstance(one, dict) or not isinstance(one.get("result", []), list):
                raise UserError(f"{at}: is not an annotation")
            results = [] if one.get("was_cancelled") else one.get("result") or []
            said = _controls(results, at)
            decided = bool(one.get("ground_truth")) and bool(said)
            yield {"at": at, "data": data, "who": one.get("completed_by"), "said": said} | {
                "decided": decided,
                "other": bool(results) and not any(said.values()),
                **{name: one.get(name) for name in TIMES},
            }


def _controls(results: list[Any], at: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in results:
        value = one.get("value") if isinstance(one, dict) else None
        if not isinstance(value, dict) or "from_name" not in one:
            raise UserError(f"{at}: a result needs 'from_name' and 'value'")
        content = value.get("choices", value.get("text", []))
        found.setdefault(str(one["from_name"]), []).extend(
            str(item).strip() for item in (content if isinstance(content, list) else [content])
        )
    return found


def _numbered(rows: list[Row], path: Path) -> list[str]:
    return [f"{path}, annotation {number}" for number in range(1, len(rows) + 1)]


def _flat(rows: list[Row], places: list[str]) -> Iterator[Row]:
    """Yield the annotations of a CSV or JSON_MIN export, one a row, given where each stands."""
    for row, at in zip(rows, places, strict=True):
        said = {name: _values(value) for name, value in row.items() if name not in FIXED and value}
        data = {name: value for name, value in row.items() if name not in FIXED and name not in CONTROLS}
        yield {"at": at, "data": data, "who": row.get("annotator")} | {
            "said": said,
            "decided": False,
            **{name: row.get(name) for name in TIMES},
        }


def _values(value: Any) -> list[str]:
    """Return what a control says: one choice is plain text, several are JSON."""
    if isinstance(value, str) and value.startswith('{"choices"'):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    if isinstance(value, dict):
        value = value.get("choices", [])
    return [str(item).strip() for item in (value if isinstance(value, list) else [value])]


def _log(found: list[Row], given: Given, path: Path) -> Log:
    column = _image_column(found, path)
    control = _label_control(found, column, path)
    names = {name for row in found for name in row["said"].get(control, ())}
    classes = given.classes or tuple(sorted(names | _spread_names(found)))
    turns: Counter[tuple[str, str]] = Counter()
    rows = []
    for one in found:
        image, who = _image(one, column, given), _annotator(one["who"])
        turns[image, who] += 1
        rows.append(
            {"image": image, "annotator": who, "round": turns[image, who], "at": one["at"]}
            | _row(one, control, classes)
        )
    return replace(built(rows, classes, path), notes=tuple(_notes(found, column)))


def _notes(found: list[Row], column: str) -> Iterator[str]:
    """Yield what was not taken as it stands."""
    if column.casefold() != "image" and not all(one["data"].get("s2c2_image") for one in found):
        yield f"images are taken from '{column}', as the tasks have no 'image'"
    if other := [one["at"] for one in found if one.get("other")]:
        yield (
            f"{len(other)} annotations hold neither choices nor text, such as boxes alone, and are taken as "
            f"skipped; the first is {other[0]}"
        )


def _image_column(found: list[Row], path: Path) -> str:
    """Return what the data of tasks call the image: ``image``, else the only text that can be one.

    That is the only one whose values end as image files do, else the only one there is.
    """
    texts: dict[str, list[str]] = {}
    for row in found:
        for name, value in row["data"].items():
            if isinstance(value, str) and name not in CONTROLS and not name.startswith("s2c2_"):
                texts.setdefault(name, []).append(value)
    exact = [name for name in texts if name.casefold() == "image"]
    if exact or any("image" in row["data"] for row in found) or not texts:
        return min(exact, key=lambda name: name != "image", default="image")
    files = [name for name, values in texts.items() if all(map(_is_file, values))]
    possible = files or [*texts]
    if len(possible) > 1 and not all(row["data"].get("s2c2_image") for row in found):
        raise UserError(
            f"{path}: the tasks have no 'image', and which of {', '.join(possible)} names the image file "
            "cannot be told: call it 'image'"
        )
    return possible[0]


def _is_file(address: str) -> bool:
    return PurePosixPath(_place(address)).suffix.lower() in (*SUFFIXES, *UNSUPPORTED)


def _label_control(found: list[Row], image: str, path: Path) -> str:
    """Return the control that names the class: ``label``, else the only one there is."""
    names = {name for row in found for name in row["said"]}
    if "label" in names or not names - set(CONTROLS):
        return "label"
    possible = sorted(
        name
        for name in names - set(CONTROLS)
        if name not in (image, "image") and not name.startswith("s2c2_")
    )
    if len(possible) != 1:
        raise UserError(
            f"{path}: which of {', '.join(possible) or 'no controls'} names the class? Call it 'label'"
        )
    return str(possible[0])


def _spread_names(found: list[Row]) -> set[str]:
    """Return the classes that distributions written by hand or by an export name."""
    names: set[str] = set()
    for row in found:
        for value in row["said"].get("distribution", ()):
            if value.lstrip().startswith("{"):
                content = _object(value, row["at"])
                names |= set(content)
    return names


def _object(value: str, at: str) -> dict[str, Any]:
    try:
        return dict(json.loads(value))
    except (ValueError, TypeError) as error:
        raise UserError(f"{at}: the distribution {value[:80]!r} is not JSON") from error


def _row(one: Row, control: str, classes: tuple[str, ...]) -> Row:
    said: Said = one["said"]
    labels = said.get(control, [])
    spread = _spread(said.get("distribution", []), labels, classes, one["at"])
    label = labels[0] if len(labels) == 1 else None
    marked = spread is not None or AMBIGUOUS in said.get("ambiguous", ())
    kind = "ambiguous" if marked else "label" if label else "skip"
    return {
        "label": label,
        "distribution": spread,
        "kind": "decide" if one["decided"] and (label or spread) else kind,
        "seconds": _seconds(one["lead_time"], one["at"]),
        "client_time": _time(one["created_at"]),
        "server_time": _time(one["updated_at"] or one["created_at"]),
    }


def _spread(texts: list[str], labels: list[str], classes: tuple[str, ...], at: str) -> list[float] | None:
    if len(labels) > 1:
        return [labels.count(name) / len(labels) for name in classes]
    try:
        return shares(texts[0], classes) if texts else None
    except UserError as error:
        raise UserError(f"{at}: {error}") from error


def _seconds(value: Any, at: str) -> float | None:
    try:
        return None if value in (None, "") else float(value)
    except (TypeError, ValueError) as error:
        raise UserError(f"{at}: lead_time {value!r} is no number of seconds") from error


def _time(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _annotator(who: Any) -> str:
    """Return the e-mail address of an annotator, else the number."""
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    return "" if who is None else str(who)


def _image(one: Row, column: str, given: Given) -> str:
    data = one["data"]
    if data.get("s2c2_image"):
        return str(data["s2c2_image"])
    if column not in data:
        found = ", ".join(data) or "nothing"
        raise UserError(f"{one['at']}: its data name no image: no '{column}' (found: {found})")
    place = _place(needed(data[column], column, one["at"]))
    found = given.matched(place)
    bare = _UPLOADED.sub("", place)
    if bare != place and given.images is not None and found not in given.images:
        other = given.matched(bare)
        return other if other in given.images else found
    return found


_UPLOADED = re.compile("(?<=/)[0-9a-f]{8}-(?=[^/]+$)")
"""What Label Studio puts before the name of a file that was uploaded."""


def _place(address: str) -> str:
    """Return the path in an address, or what ``d`` names of an address of local files."""
    parts = urlsplit(address)
    local = parse_qs(parts.query).get("d")
    return local[0] if local else unquote(parts.path)
