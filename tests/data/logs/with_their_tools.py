"""Exports read by the tools they are for; ``make tools`` installs them apart and runs this."""

import io
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from s2c2.data.logs import EXPORTERS, IMPORTERS, Extras, Given, Log
from s2c2.metrics.aggregation import dawid_skene, votes

CLASSES = ("cat & <dog>", "dog", "owl")
IMAGES = tuple(f"{i}.png" for i in range(6))


def tool(name: str) -> Any:
    """Return the module of a tool, of which mypy need not know."""
    return import_module(name)


def log() -> Log:
    """Three people, six images, one of them ambiguous."""
    rows = [(image, who, CLASSES[(i + (who == "bob" and i % 2)) % 3], None)
            for i, image in enumerate(IMAGES) for who in ("ann", "bob", "cleo")]  # fmt: skip
    spread = (IMAGES[0], "dan", None, [0.5, 0.25, 0.25])
    names: Any = {
        "image": pl.String,
        "annotator": pl.String,
        "label": pl.String,
        "distribution": pl.List(pl.Float64),
    }
    return Log.build(pl.DataFrame([*rows, spread], schema=names, orient="row"), CLASSES)


def extras() -> Extras:
    """What a run could predict."""
    columns: dict[str, Any] = {
        "image": IMAGES,
        "class": [CLASSES[0]] * 6,
        "confidence": np.full(6, 1.0 + 1e-6),
        "ambiguity": np.linspace(0, 1, 6),
        "clusters": np.arange(6),
        "probabilities": np.full((6, 3), 1 / 3),
    }
    return Extras(predictions=pl.DataFrame(columns))


def test_label_studio_accepts_configuration_predictions_and_annotations() -> None:
    interface = tool("label_studio_sdk.label_interface").LabelInterface
    export = EXPORTERS["label-studio"](log(), extras())
    made = interface(export.files["config.xml"].decode())
    made.validate()
    for task in json.loads(export.files["tasks.json"]):
        assert made.validate_task({"data": task["data"]})
        assert not made.validate_prediction(task["predictions"][0], return_errors=True)
    given = [one for task in json.loads(export.files["annotations.json"]) for one in task["annotations"]]
    assert len(given) == 19
    assert all(made.validate_annotation(one) for one in given)


@pytest.mark.parametrize(("format", "name"), [("CSV", "result.csv"), ("JSON_MIN", "result.json")])
@pytest.mark.parametrize("timed", [False, True])
def test_what_the_converter_of_label_studio_writes_is_read(
    format: str, name: str, timed: bool, tmp_path: Path
) -> None:
    """Answers go out, through Label Studio's own converter, and come back, with their seconds."""
    made = log()
    if timed:
        seconds = pl.Series("seconds", [0.5 + one for one in range(len(made.table))])
        when = pl.lit("2026-11-24T10:00:00Z").alias("client_time")
        made = replace(made, table=made.table.with_columns(seconds, when))
    export = EXPORTERS["label-studio"](made, extras())
    tasks = json.loads(export.files["annotations.json"])
    for number, task in enumerate(tasks):
        task["id"] = number
    source = tmp_path / "tasks.json"
    source.write_text(json.dumps(tasks), encoding="utf-8")
    converter = tool("label_studio_sdk.converter.converter").Converter
    theirs = converter(export.files["config.xml"].decode(), str(tmp_path), download_resources=False)
    theirs.convert(str(source), str(tmp_path / "out"), format, is_dir=False)
    back = IMPORTERS["label-studio"](tmp_path / "out" / name, Given(CLASSES))
    columns = ("image", "annotator", "label", "distribution", "seconds")
    rows = [one.table.select(columns).sort("image", "annotator").rows() for one in (made, back)]
    assert rows[0] == rows[1]


def test_crowd_kit_aggregates_to_the_same() -> None:
    aggregation, pandas = tool("crowdkit.aggregation"), tool("pandas")
    plain = log().where(pl.col("label").is_not_null())
    table = pandas.read_csv(io.BytesIO(EXPORTERS["crowd-kit"](plain, Extras()).files[""]))
    theirs = aggregation.DawidSkene(n_iter=3, tol=0).fit_predict_proba(table)[list(CLASSES)]
    ours = dawid_skene(votes(plain), steps=3, tolerance=0.0)
    np.testing.assert_allclose(ours.labels, theirs.loc[list(IMAGES)].to_numpy(), atol=1e-6)


def test_cleanlab_takes_labels_and_probabilities() -> None:
    multiannotator, pandas = tool("cleanlab.multiannotator"), tool("pandas")
    files = EXPORTERS["cleanlab"](log(), extras()).files
    wide = pandas.read_csv(io.BytesIO(files["labels.csv"]), index_col=0)
    probabilities = np.load(io.BytesIO(files["pred_probs.npy"]))
    found = multiannotator.get_label_quality_multiannotator(wide, probabilities, verbose=False)
    assert list(found["label_quality"]["num_annotations"]) == [3] * 6
