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
from PIL import Image

from s2c2.data.logs import EXPORTERS, IMPORTERS, Extras, Given, Log
from s2c2.data.logs.saving import save
from s2c2.data.synthetic import synthetic
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


def test_hugging_face_loads_an_image_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every image with its row, also where the first rows hold nothing that tells a column's type."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    data = synthetic(tmp_path / "data", images=12, seed=0, size=16)
    first, second = data.classes[:2]
    rows = [
        (data.images[5], "ann", first, None, None),
        (data.images[5], "bob", second, None, 2.5),
        (data.images[7], "ann", second, None, 0.5),
    ]
    spread = (data.images[9], "ann", None, [0.5, 0.5, *[0.0] * (len(data.classes) - 2)], None)
    names: Any = {"image": pl.String, "annotator": pl.String, "label": pl.String}
    names |= {"distribution": pl.List(pl.Float64), "seconds": pl.Float64}
    made = Log.build(pl.DataFrame([*rows, spread], schema=names, orient="row"), data.classes)
    save(EXPORTERS["imagefolder"](made, Extras(data)), tmp_path / "out")
    load = tool("datasets").load_dataset
    found = load(
        "imagefolder", data_dir=str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert len(found) == 12
    by_label = [found[at]["label"] for at in (0, 5, 7, 9)]
    assert by_label == [None, first, second, first]
    assert found[0]["soft_label"] is None
    assert found[5]["soft_label"] == [0.5, 0.5, *[0.0] * (len(data.classes) - 2)]
    said = [(one["worker"], one["label"], one["seconds"]) for one in found[5]["annotations"]]
    assert said == [("ann", first, None), ("bob", second, 2.5)]
    assert found[9]["annotations"][0]["distribution"][:2] == [0.5, 0.5]
    with Image.open(data.path(data.images[5])) as there:
        assert np.array_equal(np.asarray(found[5]["image"].convert("RGB")), np.asarray(there.convert("RGB")))
