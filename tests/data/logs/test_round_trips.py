"""Export, then import: the same answers, less what docs/howto/formats.md says that a format cannot carry."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2c2.data import dataset
from s2c2.data.logs import ENDINGS, EXPORTERS, IMPORTERS, Extras, Given, Log
from s2c2.data.logs.saving import save
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError

CLASSES = ("cat", "dog", "great owl, brown")
FULL = ("parquet", "csv")
"""Formats that carry everything."""
LOST: dict[str, tuple[str, ...]] = {
    "imagefolder": (),
    "fiftyone": (),
    "label-studio": ("arm",),
    "crowd-kit": ("round", "arm", "seconds", "distribution"),
    "cleanlab": ("round", "arm", "seconds", "distribution"),
    "dcic": ("annotator", "round", "arm", "seconds", "distribution"),
}
"""What each other format does not carry of image, annotator, round, arm, label, distribution and seconds."""
CORE = ("image", "annotator", "round", "arm", "label", "distribution", "seconds")


def made(rows: list[dict[str, Any]]) -> Log:
    """A log of rows that name only what differs."""
    table = pl.DataFrame(
        rows, infer_schema_length=None, schema_overrides={"distribution": pl.List(pl.Float64)}
    )
    return Log.build(table, CLASSES)


def example() -> Log:
    """Two people, two images, a change of mind, an ambiguous image, a skip, a flag and an undone answer."""
    common = {"round": 1, "arm": "s2c2", "proposal": "cat", "shown": True, "seconds": 1.5}
    return made(
        [
            common | {"image": "a/1.png", "annotator": "ann", "label": "dog", "distribution": None},
            common | {"image": "a/1.png", "annotator": "ann", "label": "cat", "key": "k1", "selected": 3},
            common | {"image": "a/1.png", "annotator": "bob", "label": "great owl, brown", "strength": 0.5},
            common | {"image": "2.png", "annotator": "ann", "distribution": [0.5, 0.25, 0.25], "label": None},
            common
            | {"image": "2.png", "annotator": "bob", "label": "dog", "server_time": "2026-11-24T10:00:01"},
            common | {"image": "3.png", "annotator": "bob", "kind": "skip"},
            common | {"image": "4.png", "annotator": "bob", "kind": "flag", "group": "cluster-3"},
            common | {"image": "5.png", "annotator": "bob", "label": "dog", "live": False},
        ]
    )


def there_and_back(
    log: Log, name: str, folder: Path, extras: Extras | None = None, known: Given | None = None
) -> Log:
    """What comes back after an export and an import."""
    place = folder / f"out{ENDINGS.get(name, '')}"
    save(EXPORTERS[name](log, extras or Extras()), place)
    return IMPORTERS[name](place, known or Given())


def essence(log: Log, lost: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    """The answers as rows that can be compared, without the columns that a format loses."""
    table = log.answers().table
    if "round" in lost:
        table = table.filter(pl.col("label").is_not_null())
        if "annotator" not in lost:
            table = table.group_by("image", "annotator", maintain_order=True).last()
    kept = table.select(name for name in CORE if name not in lost)
    return sorted(kept.rows(), key=repr)


@pytest.mark.parametrize("name", FULL)
def test_the_plain_formats_carry_everything(name: str, tmp_path: Path) -> None:
    log = example()
    found = there_and_back(log, name, tmp_path)
    assert found.classes == log.classes
    assert found.table.equals(log.table)


@pytest.mark.parametrize("name", LOST)
def test_answers_come_back(name: str, tmp_path: Path) -> None:
    found = there_and_back(example(), name, tmp_path)
    assert set(found.classes) <= set(CLASSES)
    expected = essence(example(), LOST[name])
    assert expected
    assert essence(found, LOST[name]) == expected


answer = st.fixed_dictionaries(
    {
        "image": st.sampled_from(["a.png", "b/a.png", "b/ö &.png", "c.jpg"]),
        "annotator": st.sampled_from(["ann", "bob@x.org", 'q"uote, r']),
        "round": st.integers(1, 2),
        "arm": st.sampled_from(["none", "s2c2"]),
        "label": st.sampled_from(CLASSES),
        "seconds": st.one_of(st.none(), st.floats(0, 100, allow_nan=False)),
    }
)


@given(rows=st.lists(answer, min_size=1, max_size=12), name=st.sampled_from(sorted({*LOST, *FULL})))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_answers_come_back(
    rows: list[dict[str, Any]], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = Log.build(
        pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"seconds": pl.Float64}), CLASSES
    )
    if name in ("label-studio",):  # rounds are counted there, and arms are not kept
        log = Log.build(log.table.with_columns(round=1, arm=pl.lit("none")), CLASSES).answers()
    if name == "cleanlab":
        twice = log.table.group_by("image").agg(pl.col("annotator").n_unique())["annotator"].max()
        if twice == 1:
            return
    lost = LOST.get(name, ())
    found = there_and_back(log, name, tmp_path_factory.mktemp("trip"))
    assert essence(found, lost) == essence(log, lost)


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> dataset.Dataset:
    """A dataset of eight images in three classes."""
    return synthetic(tmp_path_factory.mktemp("data") / "pets", images=8, classes=3, size=16, votes=2)


@pytest.mark.parametrize("name", ["imagefolder", "fiftyone", "label-studio", "dcic"])
def test_exports_with_a_dataset_hold_every_image(name: str, pets: dataset.Dataset, tmp_path: Path) -> None:
    frame = pl.DataFrame({"image": pets.images[:3], "annotator": "ann", "label": pets.classes[0]})
    log = Log.build(frame, pets.classes)
    found = there_and_back(log, name, tmp_path, Extras(pets), Given(pets.classes, pets.images))
    assert essence(found, LOST[name]) == essence(log, LOST[name])
    files = list((tmp_path / "out").rglob("*.png"))
    assert len(files) == 8
    first = pets.path(pets.images[0]).read_bytes()
    assert first in [path.read_bytes() for path in files]


def test_every_image_has_a_row_of_metadata(pets: dataset.Dataset, tmp_path: Path) -> None:
    log = Log.build(pl.DataFrame({"image": pets.images[:1], "label": pets.classes[1]}), pets.classes)
    save(EXPORTERS["imagefolder"](log, Extras(pets)), tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out/metadata.jsonl").read_text().splitlines()]
    assert [row["file_name"] for row in rows] == list(pets.images)
    assert [row["label"] for row in rows] == [pets.classes[1], *[None] * 7]
    assert rows[0]["soft_label"] == [0.0, 1.0, 0.0]
    assert len({tuple(row) for row in rows}) == 1


def predictions(images: tuple[str, ...]) -> pl.DataFrame:
    """What a network could say of images."""
    n = len(images)
    return pl.DataFrame(
        {
            "image": images,
            "class": ["cat"] * n,
            "confidence": np.full(n, 0.8, dtype=np.float32),
            "ambiguity": np.linspace(0, 1, n, dtype=np.float32),
            "clusters": np.arange(n, dtype=np.int32),
            "probabilities": np.full((n, 3), 1 / 3, dtype=np.float32),
        }
    )


def test_label_studio_tasks_hold_predictions(tmp_path: Path) -> None:
    log = example()
    images = tuple(sorted(set(log.table["image"])))
    save(EXPORTERS["label-studio"](log, Extras(predictions=predictions(images), model="m")), tmp_path / "ls")
    tasks = json.loads((tmp_path / "ls/tasks.json").read_text())
    assert [task["data"]["s2c2_image"] for task in tasks] == list(images)
    first, last = tasks[0]["predictions"][0], tasks[-1]["predictions"][0]
    assert first["model_version"] == "m"
    assert first["score"] == pytest.approx(0.8)
    assert first["result"][0]["value"] == {"choices": ["cat"]}
    assert [one["from_name"] for one in last["result"]] == ["label", "ambiguous"]
    assert tasks[2]["data"]["s2c2_cluster"] == 2


def test_cleanlab_gets_numbers_gaps_and_probabilities(tmp_path: Path) -> None:
    images = ("1.png", "2.png", "3.png")
    rows: list[dict[str, Any]] = [
        {"image": "1.png", "annotator": "ann", "label": "cat", "distribution": None},
        {"image": "1.png", "annotator": "bob", "label": "dog"},
        {"image": "3.png", "annotator": "bob", "label": "great owl, brown"},
    ]
    export = EXPORTERS["cleanlab"](made(rows), Extras(predictions=predictions(images)))
    assert export.files["labels.csv"].decode() == "image,ann,bob\n1.png,0,1\n3.png,,2\n"
    save(export, tmp_path / "out")
    assert np.load(tmp_path / "out/pred_probs.npy").shape == (2, 3)


def test_fiftyone_labels_have_the_fields_that_its_importer_reads() -> None:
    """A target is null, a number of a class, one label, or a list of labels with confidences."""
    found = json.loads(EXPORTERS["fiftyone"](example(), Extras()).files["labels.json"])
    assert found.keys() == {"classes", "labels"}
    assert all(isinstance(name, str) for name in found["classes"])
    for stem, target in found["labels"].items():
        assert not stem.endswith(".png")
        several = target if isinstance(target, list) else [] if target is None else [target]
        for one in several:
            fields = {"label": one} if isinstance(one, int) else one
            assert fields.keys() <= {"label", "confidence", "attributes"}
            assert fields["label"] in range(len(found["classes"]))
            assert 0 <= fields.get("confidence", 1.0) <= 1


def test_dcic_annotations_have_the_fields_that_its_classes_read() -> None:
    found = json.loads(EXPORTERS["dcic"](example(), Extras()).files["annotations.json"])
    for one in found:
        assert one.keys() == {"name", "dataset_name", "user_mail", "annotation_time", "annotations"}
        for answer in one["annotations"]:
            assert answer.keys() - {"created_at"} == {"image_path", "class_label"}
            dataset_name, fold, *rest = answer["image_path"].split("/")
            assert (dataset_name, len(rest)) == (one["dataset_name"], 1)
            assert fold in {f"fold{number}" for number in range(1, 6)}
            if "created_at" in answer:
                datetime.strptime(answer["created_at"], "%d-%m-%Y-%H-%M-%S")


def test_dcic_names_nobody(tmp_path: Path) -> None:
    export = EXPORTERS["dcic"](example(), Extras())
    text = export.files["annotations.json"].decode()
    assert "ann" not in text.replace("annotation", "")
    assert "bob" not in text
    sets = json.loads(text)
    assert [one["name"] for one in sets] == ["INVALID1", "INVALID2"]
    assert {one["user_mail"] for one in sets} == {"INVALID"}
    paths = [item["image_path"] for one in sets for item in one["annotations"]]
    assert all(path.startswith("log/fold") for path in paths)
    times = [item.get("created_at") for one in sets for item in one["annotations"]]
    assert "24-11-2026-10-00-01" in times


def test_fiftyone_labels_are_numbers_until_somebody_disagrees() -> None:
    rows: list[dict[str, Any]] = [
        {"image": "1.png", "annotator": "ann", "label": "dog", "distribution": None}
    ]
    rows.append({"image": "2.png", "annotator": "ann", "kind": "skip"})
    labels = json.loads(EXPORTERS["fiftyone"](made(rows), Extras()).files["labels.json"])
    assert labels == {"classes": list(CLASSES), "labels": {"1": 1, "2": None}}
    rows.append({"image": "1.png", "annotator": "bob", "label": "cat"})
    labels = json.loads(EXPORTERS["fiftyone"](made(rows), Extras()).files["labels.json"])
    expected = [{"label": 0, "confidence": 0.5}, {"label": 1, "confidence": 0.5}]
    assert labels["labels"] == {"1": expected, "2": None}


def test_fiftyone_labels_alone_are_read(tmp_path: Path) -> None:
    save(EXPORTERS["fiftyone"](example(), Extras()), tmp_path / "out")
    (tmp_path / "out/labels.csv").unlink()
    found = IMPORTERS["fiftyone"](
        tmp_path / "out", Given(images=("a/1.png", "2.png", "3.png", "4.png", "5.png"))
    )
    spread = dict(found.table.select("image", "distribution").iter_rows())
    assert spread["a/1.png"] == [0.5, 0.0, 0.5]
    assert "3.png" not in spread


def test_crowd_kit_takes_the_last_answer() -> None:
    text = EXPORTERS["crowd-kit"](example(), Extras()).files[""].decode()
    lines = ["task,worker,label", "a/1.png,ann,cat", 'a/1.png,bob,"great owl, brown"', "2.png,bob,dog"]
    assert text.splitlines() == lines


@pytest.mark.parametrize("column", ["client_time", "server_time"])
@pytest.mark.parametrize("given", ["yesterday", "24.11.2026 10:00", "2026-13-01"])
def test_what_is_no_time_is_refused_with_its_row(column: str, given: str) -> None:
    rows = [{"image": "1.png", "label": "cat", column: time} for time in ("2026-11-24T10:00:01Z", given)]
    with pytest.raises(UserError, match=f"row 2: {column} '{given}' is not like 2026-12-31T23:59:59"):
        made(rows)


def test_an_answer_without_a_time_has_none_in_dcic(tmp_path: Path) -> None:
    times = ("2026-11-24T10:00:01.123Z", "2026-11-24", "", None)
    log = made([{"image": f"{i}.png", "label": "cat", "client_time": time} for i, time in enumerate(times)])
    save(EXPORTERS["dcic"](log, Extras()), tmp_path / "out")
    (found,) = json.loads((tmp_path / "out/annotations.json").read_text())
    given = [one.get("created_at") for one in found["annotations"]]
    assert given == ["24-11-2026-10-00-01", "24-11-2026-00-00-00", None, None]
