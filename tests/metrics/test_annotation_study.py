import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from s2c2.data.annotations import Annotations
from s2c2.data.logs.log import Log
from s2c2.errors import UserError
from s2c2.metrics.annotation_study import agreement
from s2c2.metrics.consistency import study
from s2c2.metrics.default_effect import biased
from s2c2.metrics.pooling import pooled
from s2c2.predictions import Predictions
from s2c2.report import agreement as page
from s2c2.simulation import draw

CLASSES = ("cat", "dog", "owl")
N = 1500


@cache
def truth() -> Annotations:
    """Ten votes for each of many images, mostly for one class."""
    rng = np.random.default_rng(1)
    counts = rng.multinomial(10, rng.dirichlet([0.6, 0.6, 0.6], N))
    image, label = counts.nonzero()
    rows = {"image": [f"{i:04}.png" for i in image], "label": [CLASSES[c] for c in label]}
    return Annotations.build(pl.DataFrame(rows | {"votes": counts[image, label]}), CLASSES)


@cache
def log(offset: float = 0.4, bare: bool = False) -> Log:
    """Two people answer in two arms; a third of the images of the second keep their proposal back."""
    rng, said = np.random.default_rng(2), truth()
    images = sorted(set(said.table["image"]))
    soft = said.soft_labels(images)
    proposed = rng.integers(3, size=len(images))
    hidden = rng.random(len(images)) < 1 / 3
    parts = []
    for arm, person in [(arm, who) for arm in ("none", "s2c2") for who in ("ann", "bob")]:
        shown = np.where(hidden | (arm == "none"), -1, proposed)
        given = draw(biased(soft, shown, offset), rng)
        columns = {
            "image": images,
            "label": [CLASSES[i] for i in given],
            "proposal": [CLASSES[i] if i >= 0 else None for i in shown],
            "hidden": [
                CLASSES[p] if h and arm == "s2c2" else None for p, h in zip(proposed, hidden, strict=True)
            ],
            "seconds": np.full(len(images), 1.2 if arm == "none" else 0.6),
        }
        text = {"proposal": pl.String, "hidden": pl.String}
        part = pl.DataFrame(columns, schema_overrides=text).with_columns(
            annotator=pl.lit(person), arm=pl.lit(arm), round=pl.lit(1)
        )
        if not (bare and arm == "none"):
            parts.append(part)
    return Log.build(pl.concat(parts), CLASSES)


def of_few_images(count: int = 60) -> Log:
    """The answers for some of the images of such a log."""
    return Log.build(log().table.filter(pl.col("image") < f"{count:04}"), CLASSES)


def test_the_control_share_shows_the_pull_of_proposals() -> None:
    found = {line.arm.name: line for line in agreement(log(0.4), repeats=5).arms}
    control = found["s2c2"].control
    assert control.hidden + control.shown == 2 * N
    assert control.chosen == pytest.approx(1 / 3, abs=0.05)
    assert control.offset == pytest.approx(0.4, abs=0.06)
    assert found["s2c2"].arm.offset == pytest.approx(0.4, abs=0.06)
    assert control.pull > 0.2
    assert np.isnan(found["none"].control.accepted)


def test_the_control_stands_in_for_an_arm_without_proposals() -> None:
    found = agreement(log(0.4, bare=True), truth(), repeats=5)
    (line,) = found.arms
    assert line.arm.offset == line.control.offset
    assert line.arm.kl_unbiased < line.arm.kl
    assert found.divergence["corrected"] < found.divergence["mean"]


def test_without_an_arm_each_person_is_corrected_by_their_own_control() -> None:
    """One follows proposals, the other does not: neither is corrected by what both do together."""
    tables = [log(offset, bare=True).table for offset in (0.7, 0.0)]
    parts = [
        table.filter(pl.col("annotator") == who) for table, who in zip(tables, ("ann", "bob"), strict=True)
    ]
    found = agreement(Log.build(pl.concat(parts), CLASSES), truth(), repeats=5)
    (whole,), (ann, bob) = found.arms, found.each
    assert (whole.annotator, ann.annotator, bob.annotator) == (None, "ann", "bob")
    assert all(line.arm.offset == line.control.offset for line in (whole, ann, bob))
    assert ann.arm.offset == pytest.approx(0.7, abs=0.06)
    assert bob.arm.offset == pytest.approx(0.0, abs=0.06)
    alone = agreement(Log.build(parts[0], CLASSES), truth(), repeats=5).arms[0].arm
    assert (ann.arm.kl_unbiased, ann.arm.kl_blended) == (alone.kl_unbiased, alone.kl_blended)


def test_who_saw_no_hidden_proposal_has_no_offset() -> None:
    table = log(bare=True).table.filter((pl.col("annotator") == "ann") | pl.col("shown"))
    ann, bob = agreement(Log.build(table, CLASSES), repeats=5).each
    assert ann.arm.offset == ann.control.offset > 0
    assert np.isnan(bob.arm.offset)


def test_without_control_and_arm_nothing_is_corrected() -> None:
    table = log(bare=True).table.filter(pl.col("shown"))
    found = agreement(Log.build(table, CLASSES), truth(), repeats=5)
    assert np.isnan(found.arms[0].arm.offset)
    assert set(found.soft_labels) == {"mean", "dawid-skene"}


@pytest.mark.parametrize("proposed", ["cat", "owl"])
def test_proposals_of_a_single_class_need_an_offset_too(proposed: str) -> None:
    frame = pl.DataFrame({"image": ["a", "b"], "label": ["cat", "owl"], "proposal": [proposed] * 2})
    found = agreement(Log.build(frame.with_columns(arm=pl.lit("s2c2")), CLASSES), repeats=5)
    assert set(found.soft_labels) == {"mean", "dawid-skene"}


def test_arms_are_those_of_a_consistency_study() -> None:
    given = log()
    plain = given.table.select("image", "annotator", "round", "arm", "label", "proposal", "seconds")
    expected = study(plain, truth(), repeats=20)
    assert repr(tuple(line.arm for line in agreement(given, truth(), repeats=20).arms)) == repr(expected)


def test_each_person_has_their_own_line() -> None:
    seconds = pl.col("seconds") * pl.when(pl.col("annotator") == "bob").then(2).otherwise(1)
    given = Log.build(of_few_images().table.with_columns(seconds), CLASSES)
    found = agreement(given, repeats=5)
    assert [(line.annotator, line.arm.name) for line in found.each] == [
        (who, arm) for who in ("ann", "bob") for arm in ("none", "s2c2")
    ]
    whole = {line.arm.name: line for line in found.arms}
    for line in found.each:
        rows = given.table.filter(pl.col("annotator") == line.annotator, pl.col("arm") == line.arm.name)
        assert line.answers == len(rows) == 60
        slow = 2 if line.annotator == "bob" else 1
        assert line.hundred == pytest.approx(slow * (2.0 if line.arm.name == "none" else 1.0))
        assert np.isnan(line.elapsed)
        assert line.arm.inter.value == whole[line.arm.name].arm.inter.value
        shown = rows.filter(pl.col("proposal").is_not_null())
        share = float((shown["label"] == shown["proposal"]).mean() or 0)  # type: ignore[arg-type]
        assert line.control.accepted == pytest.approx(share) or not len(shown)


def test_time_of_skips_and_of_what_was_taken_back_counts() -> None:
    rows = [
        ("a", "cat", "label", True, 3.0, 30.0),
        ("a", "dog", "label", False, 2.0, 2.0),
        ("b", None, "skip", True, 4.0, 64.0),
        ("c", "cat", "label", True, 3.0, 3.0),
    ]
    frame = pl.DataFrame(rows, schema=["image", "label", "kind", "live", "seconds", "wall"], orient="row")
    (line,) = agreement(Log.build(frame, CLASSES), repeats=5).arms
    assert line.answers == 2
    assert line.hundred == pytest.approx(12 / 60 / 2 * 100)
    assert line.elapsed == pytest.approx(99 / 60 / 2 * 100)
    assert line.arm.minutes == pytest.approx(12 / 60)


def test_who_shares_no_image_with_another_has_no_quality() -> None:
    rows = [
        ("a", "ann", "cat"),
        ("a", "bob", "cat"),
        ("b", "ann", "dog"),
        ("b", "bob", "dog"),
        ("c", "eve", "cat"),
    ]
    frame = pl.DataFrame(rows, schema=["image", "annotator", "label"], orient="row")
    found = {
        person.annotator: person.quality for person in agreement(Log.build(frame, CLASSES), repeats=5).people
    }
    assert np.isnan(found["eve"])
    assert found["ann"] > 0.5
    assert found["bob"] > 0.5


def test_a_log_without_answers_is_one_sentence() -> None:
    frame = pl.DataFrame({"image": ["a"], "label": [None], "kind": ["skip"]})
    with pytest.raises(UserError, match="holds no answer"):
        agreement(Log.build(frame, CLASSES))


def said(images: tuple[str, ...], sharpness: float = 4.0) -> Predictions:
    """A network that knows much of what people say of each image, in any order of images."""
    rng = np.random.default_rng(3)
    soft = truth().soft_labels(images)
    probabilities = np.stack([rng.dirichlet(sharpness * row + 0.1) for row in soft]).astype(np.float32)
    order = rng.permutation(len(images))
    return Predictions(
        CLASSES,
        tuple(images[i] for i in order),
        ("",) * len(images),
        probabilities[order],
        np.zeros((len(images), 1), dtype=np.float32),
    )


def test_answers_are_pooled_with_what_a_network_says() -> None:
    alone = agreement(log(0.0), truth(), repeats=5)
    assert "pooled" not in alone.soft_labels
    found = agreement(log(0.0), truth(), repeats=5, said=said(alone.images))
    for name, labels in alone.soft_labels.items():
        np.testing.assert_array_equal(found.soft_labels[name], labels)
    assert found.divergence["pooled"] < 0.7 * min(alone.divergence.values())
    made = found.pooling
    assert made is not None
    # Each image has four answers. With δ near zero what is pooled is the corrected mean of them.
    given, network = found.soft_labels["corrected"], said(alone.images).named(alone.images)
    expected = pooled(4 * given, network.probabilities, network.predicted, network.groups)
    np.testing.assert_allclose(found.soft_labels["pooled"], expected.labels)
    assert (made.concentration, made.weight) == (expected.concentration, expected.weight)


def test_soft_answers_alone_are_pooled_and_have_classes() -> None:
    images = [f"{i:04}.png" for i in range(6)]
    share = json.dumps({"cat": 0.5, "dog": 0.5})
    rows = [(image, who, None, share, "ambiguous") for image in images for who in ("ann", "bob")]
    frame = pl.DataFrame(rows, schema=["image", "annotator", "label", "distribution", "kind"], orient="row")
    shares = frame.drop("distribution").with_columns(
        label=pl.lit(None, pl.String),
        distribution=pl.Series([[0.5, 0.5, 0.0]] * len(frame), dtype=pl.List(pl.Float64)),
    )
    found = agreement(Log.build(shares, CLASSES), repeats=1, said=said(tuple(images)))
    assert found.pooling is not None
    assert found.pooling.concentration == 0.5
    assert found.soft_labels["pooled"][:, :2].min() > 0.3


def test_a_network_of_other_classes_or_without_an_image_is_refused() -> None:
    given = of_few_images()
    known = said(agreement(given, repeats=1).images)
    for other in ("fox", "zebra"):
        with pytest.raises(UserError, match=f"predicts other classes than the log has: cat, dog, {other}"):
            agreement(given, repeats=1, said=replace(known, classes=("cat", "dog", other)))
    few, first = known.take(np.arange(40)), min(known.images[40:])
    with pytest.raises(UserError, match=rf"predicts 40 of the 60 images that were answered: {first}, for"):
        agreement(given, repeats=1, said=few)


def test_a_network_may_know_more_images_and_its_classes_from_elsewhere() -> None:
    given = of_few_images(20)
    images = agreement(given, repeats=1).images
    more = said(agreement(of_few_images(30), repeats=1).images)
    more = replace(more, classes=tuple(map(str, more.classes)))
    one, other = (agreement(given, repeats=1, said=each) for each in (more, more.named(images)))
    np.testing.assert_array_equal(one.soft_labels["pooled"], other.soft_labels["pooled"])


def test_the_report_says_how_labels_were_pooled(tmp_path: Path) -> None:
    given = of_few_images()
    found = agreement(given, repeats=5, said=said(agreement(given, repeats=1).images))
    page.write(found, {"log": "log.csv"}, tmp_path)
    record = json.loads((tmp_path / "agreement.json").read_text())
    assert found.pooling is not None
    assert record["pooling"] == {
        "concentration": found.pooling.concentration,
        "weight": found.pooling.weight,
    }
    soft = pl.read_parquet(tmp_path / "soft-labels.parquet")
    np.testing.assert_allclose(np.stack(soft["pooled"].to_list()), found.soft_labels["pooled"])
    again = pl.read_csv(tmp_path / "ask-again.csv")
    assert again.columns == ["image", "answers", "expected_error", "expected_gain"]
    assert again["expected_gain"].is_sorted(descending=True)
    assert again["answers"].to_list() == [4] * len(found.images)
    row = found.images.index(again["image"][0])
    assert again["expected_gain"][0] == pytest.approx(found.pooling.gain[row])
    assert again["expected_error"][0] == pytest.approx(found.pooling.error[row])
    html = (tmp_path / "agreement.html").read_text()
    assert f"counts as {found.pooling.concentration:.2g} answers" in html


def test_report_files(tmp_path: Path) -> None:
    found = agreement(of_few_images(), truth(), repeats=5)
    page.write(found, {"log": "<log>.csv", "truth": None}, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    tables = {f"{name}.csv" for name in ("arms", "proposals", "each", "people", "labels")}
    assert names == tables | {"agreement.html", "agreement.json", "soft-labels.parquet"}
    html = (tmp_path / "out/agreement.html").read_text()
    assert "&lt;log&gt;.csv" in html
    assert "<svg" in html
    record = json.loads((tmp_path / "out/agreement.json").read_text())
    assert [one["arm"]["name"] for one in record["arms"]] == ["none", "s2c2"]
    assert record["arms"][0]["control"]["accepted"] is None
    soft = pl.read_parquet(tmp_path / "out/soft-labels.parquet")
    assert soft.columns == ["image", "mean", "dawid_skene", "corrected"]
    np.testing.assert_allclose(np.stack(soft["corrected"].to_list()).sum(axis=1), 1)


def test_an_arm_in_which_everybody_skipped_changes_no_label() -> None:
    answered = of_few_images()
    skipped = answered.table.head(3).with_columns(
        arm=pl.lit("skipped"),
        kind=pl.lit("skip"),
        label=pl.lit(None, pl.String),
        proposal=pl.lit(None, pl.String),
    )
    with_skips = Log.build(pl.concat([skipped, answered.table]), CLASSES)
    found, plain = agreement(with_skips, repeats=5), agreement(answered, repeats=5)
    assert {line.arm.name: line.answers for line in found.arms}["skipped"] == 0
    assert found.soft_labels.keys() == plain.soft_labels.keys()
    for name, labels in plain.soft_labels.items():
        np.testing.assert_allclose(found.soft_labels[name], labels)


def shown_and_hidden() -> Log:
    """Answers of one person in one arm: four to a proposal, two to one that was kept back."""
    owl = [0.0, 0.0, 1.0]
    rows = [
        ("a", "label", "cat", None, "cat", True, None),
        ("b", "label", "cat", None, "cat", True, None),
        ("c", "label", "dog", None, "dog", True, None),
        ("d", "label", "dog", None, "cat", True, None),
        ("e", "label", "owl", None, None, False, "owl"),
        ("f", "label", "cat", None, None, False, "dog"),
        ("g", "skip", None, None, "dog", True, None),
        ("h", "ambiguous", None, owl, "owl", True, None),
        ("i", "label", "cat", None, "cat", False, None),
    ]
    names = ["image", "kind", "label", "distribution", "proposal", "shown", "hidden"]
    return Log.build(pl.DataFrame(rows, schema=names, orient="row"), CLASSES)


def test_proposals_that_were_seen_and_kept_back_are_counted() -> None:
    (line,) = agreement(shown_and_hidden(), repeats=5).arms
    control = line.control
    assert (control.shown, control.hidden) == (4, 2)
    assert (control.accepted, control.chosen) == (0.75, 0.5)
    assert control.pull == 0.25
    assert replace(control, accepted=0.25, chosen=0.75).pull == -0.5
    assert control.offset == pytest.approx((0.75 - 0.99 * 0.5) / 0.5)
    assert line.answers == 8


def test_proposals_that_nobody_answers_are_accepted_by_none() -> None:
    frame = pl.DataFrame({"image": ["a", "b"], "label": ["cat", "dog"], "proposal": ["owl", "owl"]})
    (line,) = agreement(Log.build(frame, CLASSES), repeats=5).arms
    assert line.control.accepted == 0


def test_what_each_person_says_is_counted() -> None:
    rows = [
        ("a", "ann", "cat"),
        ("a", "bob", "cat"),
        ("b", "ann", "dog"),
        ("b", "bob", "cat"),
        ("c", "bob", "owl"),
    ]
    frame = pl.DataFrame(rows, schema=["image", "annotator", "label"], orient="row")
    found = agreement(Log.build(frame, CLASSES), repeats=5)
    assert [(one.annotator, one.answers, one.others) for one in found.people] == [
        ("ann", 2, 0.5),
        ("bob", 3, 0.5),
    ]
    for number, one in enumerate(found.people):
        said = [["cat", "dog"], ["cat", "cat", "owl"]][number]
        np.testing.assert_allclose(one.confusion.sum(axis=0), [said.count(name) for name in CLASSES])
    assert found.images == ("a", "b", "c")


def test_decisions_of_reviewers_are_left_out() -> None:
    rows = [("a", "ann", "label", "cat"), ("a", "bob", "label", "dog"), ("a", "eva", "decide", "dog")]
    frame = pl.DataFrame(rows, schema=["image", "annotator", "kind", "label"], orient="row")
    found = agreement(Log.build(frame, CLASSES), repeats=5)
    assert [line.annotator for line in found.each] == ["ann", "bob"]
    assert found.arms[0].answers == 2


def test_arms_are_corrected_by_their_own_offset_and_averaged_by_their_answers() -> None:
    # unasked a fifth says cat; half of those who see it proposed do
    rows: list[tuple[str | None, ...]] = []
    for i in range(20):
        rows.append((f"{i:02}", "none", "ann", "dog" if i % 5 else "cat", None))
        rows += [(f"{i:02}", "s2c2", "ann", "cat", "cat"), (f"{i:02}", "s2c2", "bob", "dog", "cat")]
    names = ["image", "arm", "annotator", "label", "proposal"]
    found = agreement(Log.build(pl.DataFrame(rows, schema=names, orient="row"), CLASSES), repeats=5)
    offsets = {line.arm.name: line.arm.offset for line in found.arms}
    assert offsets["s2c2"] == pytest.approx((0.5 - 0.99 * 0.2) / 0.8)
    corrected = found.soft_labels["corrected"]
    # one answer as it is, and two that say a fifth cat once the proposal is taken away
    np.testing.assert_allclose(corrected[0], [1.4 / 3, 1.6 / 3, 0], atol=1e-12)
    np.testing.assert_allclose(corrected[1], [0.4 / 3, 2.6 / 3, 0], atol=1e-12)


def test_divergence_is_of_the_images_with_a_truth() -> None:
    frame = pl.DataFrame({"image": ["a", "b"], "label": ["cat", "dog"]})
    known = Annotations.build(pl.DataFrame({"image": ["a", "a"], "label": ["cat", "dog"]}), CLASSES)
    found = agreement(Log.build(frame, CLASSES), known, repeats=5)
    only = agreement(Log.build(frame.head(1), CLASSES), known, repeats=5)
    assert found.divergence["mean"] == pytest.approx(only.divergence["mean"])
    assert found.divergence["mean"] > 0.5
