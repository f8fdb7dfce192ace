from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from tests.report.conftest import CLASSES, Made

from s2c2.data.annotations import Annotations
from s2c2.errors import UserError
from s2c2.metrics.scores import evaluate
from s2c2.report import report
from s2c2.report.relabeled import changes
from s2c2.runs import Run


def relabel(made: Made, run: Run) -> Annotations:
    """Give every validation image of a run three votes for the first class; return its annotations."""
    images = run.predictions().of("validation").images
    own = made.dataset.annotations.table.select("image", "annotator", "label", "votes")
    rows = {"image": images, "annotator": "ann", "label": CLASSES[0], "votes": 3}
    added = pl.DataFrame(rows, schema_overrides={"votes": pl.Int64})
    table = pl.concat([own.filter(~pl.col("image").is_in(images)), added])
    table.write_parquet(run.path / "annotations.parquet")
    return Annotations.build(table, CLASSES)


def test_labels_and_scores_before_and_after(made: Made, tmp_path: Path) -> None:
    before, after = made.run("earlier", seed=1), made.run("later", seed=2)
    new = relabel(made, after)
    labels, scores = changes(after, before)
    said = [run.predictions().of("validation") for run in (before, after)]
    images = said[0].images
    old = made.dataset.annotations
    facts = {row[0]: row[1:] for row in labels.rows}
    assert facts["images with other votes"][2] == len(images)
    moved = int((old.majority(images) > 0).sum())
    assert facts["images whose first class changed"][2] == moved
    assert (
        facts["mean entropy of the soft labels, in nats"][1]
        < facts["mean entropy of the soft labels, in nats"][0]
    )
    accuracy = next(row for row in scores.rows if row[0].lower().startswith("accuracy"))
    known = old.votes(images) > 0
    said = [one.take(known) for one in said]
    images = said[0].images
    expected = [
        evaluate(one, label.soft_labels(images), 0.03).as_dict()["accuracy"]
        for label in (old, new)
        for one in said
    ]
    assert accuracy[1:] == pytest.approx(tuple(expected))
    page = report([after], tmp_path / "page.html", before).read_text()
    assert "Before and after relabeling" in page
    assert "Before and after relabeling" not in report([after], tmp_path / "plain.html").read_text()


def test_a_report_shows_the_labels_that_the_run_learned_from(made: Made) -> None:
    run = made.run("with-log", seed=3)
    relabel(made, run)
    found = run.annotations(CLASSES)
    assert found is not None
    assert np.all(found.majority(run.predictions().of("validation").images) == 0)


def test_a_dataset_with_its_classes_in_another_order_is_refused(made: Made) -> None:
    before, after = made.run("first", seed=1), made.run("second", seed=2)
    description = made.dataset.root / "dataset.yaml"
    kept = description.read_text()
    try:
        description.write_text(yaml.safe_dump(yaml.safe_load(kept) | {"classes": list(CLASSES[::-1])}))
        with pytest.raises(UserError, match=r"are not those that .* was trained on"):
            changes(after, before)
    finally:
        description.write_text(kept)


def test_runs_without_a_shared_image(made: Made) -> None:
    before, after = made.run("left", seed=1), made.run("right", seed=2)
    said = after.predictions()
    keep = np.array([split != "validation" for split in said.splits])
    said.take(keep).write(after.path / "predictions.parquet")
    with pytest.raises(UserError, match="share no validation image"):
        changes(after, before)
