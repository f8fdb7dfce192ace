"""``label-studio`` out: labelling configuration, tasks with predictions, and answers as its own export."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from s2c2.data.logs.exchange import Export, Extras
from s2c2.data.logs.log import Log
from s2c2.data.logs.plain import named

CONTROLS = {"label": "choices", "ambiguous": "choices", "distribution": "textarea"}
"""Name and type of each control of the configuration."""
AMBIGUOUS = "ambiguous"
"""The one choice of the control of that name."""
ROOT = "/data/local-files/?d="
"""How Label Studio addresses files of its local storage."""


def write(log: Log, extras: Extras) -> Export:
    """Return ``config.xml``, ``tasks.json`` and ``annotations.json``.

    ``tasks.json`` is for import: all images, with the predictions of a run where one is given.
    ``annotations.json`` holds the answers as Label Studio exports them; it can be imported where the
    annotators are members with these names. A skipped or flagged image is a cancelled annotation.
    """
    images = extras.images(log)
    predicted = extras.predicted()
    tasks = [task(image, predicted.get(image), extras.model) for image in images]
    answers = _answers(log)
    given = [
        {"id": number, "data": one["data"], "annotations": answers[image], "predictions": one["predictions"]}
        for number, (image, one) in enumerate(zip(images, tasks, strict=True), start=1)
        if image in answers
    ]
    return Export(
        {
            "config.xml": config(log.classes).encode(),
            "tasks.json": _json(tasks),
            "annotations.json": _json(given),
        },
        extras.copies({image: f"images/{image}" for image in images}),
    )


def config(classes: Sequence[str]) -> str:
    """Return the labelling configuration: one class, or truly ambiguous with a distribution as text."""
    keys = [f' hotkey="{number}"' if number < 10 else "" for number in range(1, len(classes) + 1)]
    choices = [
        f"    <Choice value={quoteattr(name)}{key}/>\n" for name, key in zip(classes, keys, strict=True)
    ]
    return (
        '<View>\n  <Image name="image" value="$image"/>\n'
        '  <Choices name="label" toName="image" choice="single" showInLine="true">\n'
        + "".join(choices)
        + '  </Choices>\n  <Choices name="ambiguous" toName="image" choice="single" required="false">\n'
        '    <Choice value="ambiguous"/>\n  </Choices>\n'
        '  <TextArea name="distribution" toName="image" required="false" maxSubmissions="1"/>\n</View>\n'
    )


def task(image: str, predicted: dict[str, Any] | None, model: str) -> dict[str, Any]:
    """Return one image to label, with what a run says of it."""
    data: dict[str, Any] = {"image": f"{ROOT}images/{quote(image)}", "s2c2_image": image}
    if predicted is None:
        return {"data": data, "predictions": []}
    ambiguity = predicted.get("ambiguity")
    facts = {"cluster": predicted.get("cluster"), "group": predicted.get("group"), "p_a": ambiguity}
    data |= {f"s2c2_{name}": value for name, value in facts.items() if value is not None}
    results = [result("label", predicted["class"], 1)]
    if ambiguity is not None and ambiguity >= 0.5:
        results.append(result("ambiguous", AMBIGUOUS, 2))
    score = min(max(float(predicted["confidence"]), 0.0), 1.0)
    return {"data": data, "predictions": [{"model_version": model, "score": score, "result": results}]}


def result(control: str, value: str, number: int) -> dict[str, Any]:
    """Return what one control of the configuration says."""
    kind = CONTROLS[control]
    content = {"choices" if kind == "choices" else "text": [value]}
    return {"id": f"r{number}", "from_name": control, "to_name": "image", "type": kind, "value": content}


def _answers(log: Log) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for number, row in enumerate(log.answers().table.iter_rows(named=True), start=1):
        found.setdefault(row["image"], []).append(_annotation(row, number, log.classes))
    return found


def _annotation(row: dict[str, Any], number: int, classes: Sequence[str]) -> dict[str, Any]:
    spread = row["distribution"]
    said = {
        "label": row["label"],
        "ambiguous": AMBIGUOUS if spread is not None or row["kind"] == "ambiguous" else None,
        "distribution": None if spread is None else named(spread, classes),
    }
    results = [result(name, value, i) for i, (name, value) in enumerate(said.items(), start=1) if value]
    made = row["server_time"] or row["client_time"]
    times = {"created_at": row["client_time"] or made, "updated_at": made, "lead_time": row["seconds"]}
    known = {name: value for name, value in times.items() if value is not None}
    return {
        "id": number,
        "completed_by": {"email": row["annotator"]},
        "result": results,
        "result_count": len(results),
        "was_cancelled": not results,
        "ground_truth": row["kind"] == "decide",
    } | known


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
