import re
from typing import Any

import numpy as np
import polars as pl
import pytest

from s2c2.report import examples
from s2c2.report.subject import Subject, subjects


@pytest.fixture
def subject(made: Any) -> Subject:
    return subjects([made.run("extended")])[0]


def shown_ambiguity(strip: examples.Strip) -> list[float]:
    found = (re.search(r"p_a (\d\.\d\d)", picture.text) for picture in strip.pictures)
    return [float(match[1]) for match in found if match]


def test_certain_images_rise_and_ambiguous_ones_fall_in_ambiguity(subject: Subject) -> None:
    seen = dict(examples.by_class(subject))
    assert seen
    for name, (certain, rest) in seen.items():
        low, high = shown_ambiguity(certain), shown_ambiguity(rest)
        assert low == sorted(low)
        assert high == sorted(high, reverse=True)
        assert max(low, default=0) <= 0.5 <= min(high, default=1)
        assert all(f"predicted {name}" in picture.text for picture in certain.pictures + rest.pictures)


def test_each_row_of_the_grid_keeps_its_rule(subject: Subject) -> None:
    certain, rest, undecided = (shown_ambiguity(row) for row in examples.grid(subject))
    assert certain
    assert max(certain) <= 0.4
    assert min(rest, default=1) >= 0.6
    assert all(0.4 <= value <= 0.6 for value in undecided)


def test_the_grid_counts_its_errors(subject: Subject) -> None:
    said, soft_labels = subject.predictions, subject.soft_labels
    assert said is not None
    assert soft_labels is not None
    assert said.ambiguity is not None
    wrong = known = 0
    for i in range(len(said)):
        if 0.4 < said.ambiguity[i] < 0.6 and not np.isnan(soft_labels[i]).any():
            known += 1
            wrong += int(soft_labels[i].argmax() != said.probabilities[i].argmax())
    assert f"{wrong} of {known} annotated ones wrong" in examples.grid(subject)[2].note


def test_another_seed_draws_other_images(subject: Subject) -> None:
    assert examples.grid(subject) == examples.grid(subject)
    assert examples.grid(subject)[0].pictures != examples.grid(subject, seed=1)[0].pictures


def test_clusters_come_by_size_and_hold_ambiguous_images_only(subject: Subject) -> None:
    said = subject.predictions
    assert said is not None
    assert said.clusters is not None
    strips = list(examples.clusters(subject))
    sizes = [int(strip.note.split()[0]) for strip in strips]
    counted = np.bincount(said.clusters[said.ambiguous])
    assert sizes == sorted(counted[counted > 0].tolist(), reverse=True)
    assert all(min(shown_ambiguity(strip)) >= 0.5 for strip in strips)


def test_a_vanilla_run_has_no_grid_and_no_clusters(made: Any) -> None:
    subject = subjects([made.run("plain", vanilla=True)])[0]
    assert examples.grid(subject) == ()
    assert list(examples.clusters(subject)) == []


def test_only_the_validation_images_are_shown(subject: Subject) -> None:
    validation = {image for image, split in subject.run.splits().items() if split == "validation"}
    strips = [strip for _, pair in examples.by_class(subject) for strip in pair]
    names = {picture.text.split(" · ")[0] for strip in strips for picture in strip.pictures}
    assert names <= validation


def test_without_a_validation_split_all_images_are_shown(made: Any) -> None:
    run = made.run("extended")
    frame = pl.read_parquet(run.path / "predictions.parquet")
    metadata = pl.read_parquet_metadata(run.path / "predictions.parquet")
    path = run.path / "predictions.parquet"
    frame.with_columns(split=pl.lit("")).write_parquet(path, metadata={"classes": metadata["classes"]})
    subject = subjects([run])[0]
    assert subject.split == "all"
    assert subject.predictions is not None
    assert len(subject.predictions) == frame.height
