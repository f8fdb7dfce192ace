import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from s2c2.data.annotations import Annotations
from s2c2.errors import UserError
from s2c2.metrics.annotation_log import Answers, answers, checked, classes_of
from s2c2.metrics.consistency import in_the_time, study, study_of_each
from s2c2.metrics.default_effect import blended, unbiased

CLASSES = ("cat", "dog", "owl")
NAMES = ("image", "annotator", "round", "arm", "label", "proposal", "seconds")
"""Columns of a log."""


def log(seed: int = 0, images: int = 30) -> pl.DataFrame:
    """A made-up log of two arms, two people and two rounds, with gaps, in any order."""
    rng = np.random.default_rng(seed)
    rows = []
    for arm, person, turn, i in itertools.product(("none", "shown"), ("ann", "bob"), (1, 2), range(images)):
        if rng.random() < 0.1:
            continue
        label = CLASSES[(i + int(rng.random() < 0.3)) % 3]
        proposal = CLASSES[(i + i // 7) % 3] if arm == "shown" else None
        if proposal and rng.random() < 0.4:
            label = proposal
        rows.append((f"{i}.png", person, turn, arm, label, proposal, float(rng.integers(1, 9))))
    return pl.DataFrame(rows, schema=NAMES, orient="row", infer_schema_length=None).sample(
        fraction=1, shuffle=True, seed=seed
    )


def naive_kappa(rows: list[dict[str, object]], first: object, second: object) -> float:
    """Kappa of two passes by scikit-learn, on the images that both have."""
    passes = [
        {row["image"]: row["label"] for row in rows if (row["annotator"], row["round"]) == key}
        for key in (first, second)
    ]
    both = sorted(set(passes[0]) & set(passes[1]))  # type: ignore[type-var]
    return float(cohen_kappa_score([passes[0][i] for i in both], [passes[1][i] for i in both]))


def test_kappas_are_the_means_over_pairs_of_passes() -> None:
    table = log()
    for arm in study(table, repeats=20):
        rows = table.filter(pl.col("arm") == arm.name).to_dicts()
        intra = [naive_kappa(rows, (who, 1), (who, 2)) for who in ("ann", "bob")]
        inter = [naive_kappa(rows, ("ann", turn), ("bob", turn)) for turn in (1, 2)]
        assert arm.intra.value == pytest.approx(np.mean(intra))
        assert arm.inter.value == pytest.approx(np.mean(inter))
        assert arm.intra.interval.low < arm.intra.value < arm.intra.interval.high
        assert arm.annotators == 2


@given(st.integers(0, 1000))
@settings(max_examples=15)
def test_scores_keep_their_bounds_in_any_order_of_the_rows(seed: int) -> None:
    table = log(seed, images=8)
    moved = {arm.name: arm for arm in study(table.sort("label", "image"), repeats=5)}
    for arm in study(table, repeats=5):
        assert -1 <= arm.alpha <= 1
        assert all(-1 <= kappa.value <= 1 for kappa in (arm.intra, arm.inter))
        assert arm.name == "none" or (0 <= arm.acceptance <= 1 and 0 <= arm.offset < 0.99)
        again = moved[arm.name]
        for name in ("alpha", "minutes", "acceptance", "offset"):
            np.testing.assert_allclose(getattr(again, name), getattr(arm, name))
        np.testing.assert_allclose(again.intra.value, arm.intra.value)


def test_minutes_and_acceptance_are_counted() -> None:
    table = log()
    none, shown = sorted(study(table, repeats=2), key=lambda arm: arm.name)
    rows = table.filter(pl.col("arm") == "shown").to_dicts()
    assert shown.minutes == pytest.approx(sum(row["seconds"] for row in rows) / 4 / 60)
    assert shown.images == len({row["image"] for row in rows})
    assert shown.acceptance == pytest.approx(sum(r["label"] == r["proposal"] for r in rows) / len(rows))
    assert np.isnan(none.acceptance)
    assert np.isnan(none.offset)


def test_offset_and_divergence_from_the_equations() -> None:
    table = log()
    truth = Annotations.build(
        pl.DataFrame({"image": [f"{i}.png" for i in range(30) for _ in range(2)]}).with_columns(
            label=pl.Series([CLASSES[(i + j) % 3] for i in range(30) for j in range(2)]),
            votes=pl.Series([7, 3] * 30),
        ),
        CLASSES,
    )
    arm = next(arm for arm in study(table, truth, repeats=2) if arm.name == "shown")
    rows = table.filter(pl.col("arm") == "shown").to_dicts()
    plain = table.filter(pl.col("arm") == "none").to_dicts()

    def share(found: list[dict[str, object]], image: str, label: str) -> float:
        given = [row["label"] for row in found if row["image"] == image]
        return given.count(label) / len(given)

    unasked = np.mean([share(plain, row["image"], row["proposal"]) for row in rows])
    accepted = np.mean([row["label"] == row["proposal"] for row in rows])
    offset = (accepted - 0.99 * unasked) / (1 - unasked)
    assert arm.offset == pytest.approx(offset)
    expected: dict[str, list[float]] = {"raw": [], "unbiased": []}
    for i in range(30):
        image, people = f"{i}.png", truth.soft_labels([f"{i}.png"])[0]
        shares = np.array([share(rows, image, label) for label in CLASSES])
        proposal = np.array([CLASSES.index(next(r["proposal"] for r in rows if r["image"] == image))])
        for name, labels in (("raw", shares), ("unbiased", unbiased(shares[None], proposal, offset)[0])):
            p, q = (np.clip(values, 1e-5, 1 - 1e-5) for values in (people, labels))
            expected[name].append(float((p * np.log(p / q)).sum()))
    assert arm.kl == pytest.approx(np.mean(expected["raw"]))
    assert arm.kl_unbiased == pytest.approx(np.mean(expected["unbiased"]))


def without_and_with(seconds: float, labels: list[list[str]], shown: int = 6) -> pl.DataFrame:
    """A log of images answered without a proposal, two seconds an answer, and ``shown`` times with one."""
    rows: list[tuple[object, ...]] = [
        (f"{i}.png", f"{person}", 1, "none", label, None, 2.0)
        for i, some in enumerate(labels)
        for person, label in enumerate(some)
    ]
    for i, person in itertools.product(range(len(labels)), range(shown)):
        rows.append((f"{i}.png", f"{person}", 1, "shown", "cat", "cat", seconds))
    return pl.DataFrame(rows, schema=NAMES, orient="row", infer_schema_length=None)


def parts(table: pl.DataFrame) -> tuple[Answers, Answers]:
    rows = checked(table)
    images = rows["image"].unique(maintain_order=True).to_list()
    none, shown = (answers(rows.filter(pl.col("arm") == name), images, CLASSES) for name in ("none", "shown"))
    return none, shown


def test_each_image_gets_its_part_of_the_time() -> None:
    """One label stands first in each person's mind: who was asked is seen in the shares."""
    table = without_and_with(1.25, [["cat", "dog", "owl", "cat", "dog", "owl"]] * 40)
    none, shown = parts(table)
    marks = np.tile(np.arange(6), (40, 1))
    many = replace(none, labels=marks, classes=6)
    found = in_the_time(many, shown, np.random.default_rng(0))
    assert found is not None
    counts = (found > 0).sum(axis=1)
    assert sorted(set(counts.tolist())) == [3, 4]
    assert counts.sum() == 40 * 3.75
    np.testing.assert_allclose(found[found > 0], np.repeat(1 / counts, counts))
    asked = (found > 0).sum(axis=0)
    assert asked.min() > 40 * 3.75 / 6 / 2  # anybody


def test_answers_are_drawn_among_those_an_image_has() -> None:
    """Each pass says a class of its own: who was asked is seen. Some did not answer, some images nobody."""
    rng = np.random.default_rng(1)
    there = rng.random((30, 9)).argsort(axis=1) < rng.integers(5, 9, (30, 1))
    asked = np.arange(30) >= 3
    alone = Answers(
        labels=np.where(there, np.arange(9), -1),
        proposals=np.full((30, 9), -1),
        passes=tuple((str(person), 1) for person in range(9)),
        seconds=1.5 * float(there.sum()),
        classes=9,
    )
    one = np.where(asked, 2, -1)[:, None]
    shown = Answers(one, one, (("ann", 1),), seconds=27 * 1.5 * 3.4, classes=9)
    times = np.zeros((30, 9))
    for seed in range(400):
        found = in_the_time(alone, shown, np.random.default_rng(seed))
        assert found is not None
        assert np.isnan(found[~asked]).all()
        drawn = found[asked] > 0
        counts = drawn.sum(axis=1, keepdims=True)
        assert sorted(counts[:, 0].tolist()) == [3] * 16 + [4] * 11  # 3.4 for each of 27
        np.testing.assert_allclose(found[asked], drawn / counts)
        times[asked] += drawn
    expected = np.where(there & asked[:, None], 3 + 11 / 27, 0) / there.sum(axis=1, keepdims=True)
    assert times / 400 == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("seconds", "each"), [(2.0, 1), (8.0, 4)])
def test_there_may_be_time_for_one_answer_and_for_all(seconds: float, each: int) -> None:
    table = without_and_with(seconds, [["cat", "dog", "owl", "owl"], ["owl", "owl", "dog", "cat"]], 1)
    none, shown = parts(table)
    found = in_the_time(none, shown, np.random.default_rng(0))
    assert found is not None
    np.testing.assert_allclose((found * each).sum(axis=1), each)
    np.testing.assert_allclose(found * each, np.rint(found * each))
    if each == 4:
        np.testing.assert_allclose(found, none.soft_labels())


def test_answers_in_no_time_compare_nothing() -> None:
    none, shown = parts(without_and_with(1.0, [["cat"] * 6] * 2))
    assert in_the_time(replace(none, seconds=0.0), shown, np.random.default_rng(0)) is None
    short, shorter = replace(none, seconds=0.12), replace(shown, seconds=0.04)
    assert in_the_time(short, shorter, np.random.default_rng(0)) is not None  # two answers an image


def test_whole_arms_of_any_name_are_held_against_the_same_time_and_no_person() -> None:
    truth = Annotations.build(pl.DataFrame({"image": ["0.png", "1.png"], "label": ["cat", "cat"]}), CLASSES)
    table = without_and_with(3.0, [["cat"] * 6, ["owl"] * 6], 2).with_columns(
        arm=pl.col("arm").replace("shown", "before none")
    )
    none, other = study(table, truth, repeats=1)
    assert other.kl_alone == pytest.approx(none.kl)
    alone = [arm.kl_alone for arms in study_of_each(table, truth, repeats=1).values() for arm in arms]
    assert len(alone) == 8
    assert np.isnan(alone).all()


def test_labels_in_the_same_time_are_those_of_the_arm_without_proposals() -> None:
    """Where all answers for an image are alike, fewer of them say the same."""
    truth = Annotations.build(
        pl.DataFrame({"image": ["0.png", "1.png"], "label": ["cat", "cat"], "votes": [3, 3]}), CLASSES
    )
    none, shown = study(without_and_with(1.0, [["cat"] * 6, ["owl"] * 6]), truth, repeats=1)
    assert np.isnan(none.kl_alone)
    assert shown.kl == pytest.approx(0, abs=1e-3)
    assert shown.kl_alone == pytest.approx(none.kl)
    assert none.kl > 5
    assert np.isnan(study(without_and_with(1.0, [["cat"] * 6, ["owl"] * 6]), repeats=1)[1].kl_alone)


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (0.3, [["cat"] * 6] * 2),  # time for 0.9 answers
        (2.1, [["cat"] * 6] * 2),  # for 6.3 of 6
        (1.0, [["cat"] * 6, ["cat"] * 2]),  # for three, one image has two
    ],
)
def test_too_little_time_or_too_few_answers_compare_nothing(seconds: float, labels: list[list[str]]) -> None:
    assert in_the_time(*parts(without_and_with(seconds, labels)), np.random.default_rng(0)) is None


def test_the_same_time_is_that_of_the_same_images() -> None:
    """An arm of one image is held against that image, not against what else was answered."""
    table = without_and_with(1.0, [["cat"] * 6, ["owl"] * 6])
    part = table.filter((pl.col("arm") == "none") | (pl.col("image") == "0.png"))
    rows = checked(part)
    none, shown = (
        answers(rows.filter(pl.col("arm") == name), ["0.png", "1.png"], CLASSES) for name in ("none", "shown")
    )
    found = in_the_time(*parts(part), np.random.default_rng(0))
    assert found is not None
    assert found[0].tolist() == [1, 0, 0]
    assert np.isnan(found[1]).all()
    unknown = checked(table.filter((pl.col("arm") == "shown") | (pl.col("image") == "0.png")))
    none, shown = (
        answers(unknown.filter(pl.col("arm") == name), ["0.png", "1.png"], CLASSES)
        for name in ("none", "shown")
    )
    assert in_the_time(none, shown, np.random.default_rng(0)) is None


def test_without_times_nothing_is_said_of_the_same_time() -> None:
    table = without_and_with(1.0, [["cat"] * 6] * 2)
    for arm in ("none", "shown"):
        untimed = table.with_columns(
            seconds=pl.when(pl.col("arm") == arm).then(None).otherwise(pl.col("seconds"))
        )
        assert in_the_time(*parts(untimed), np.random.default_rng(0)) is None


def test_a_later_answer_replaces_an_earlier_one_and_its_time_is_added() -> None:
    first, again = (("a", "ann", 1, "none", label, None, 2.0) for label in ("cat", "dog"))
    table = pl.DataFrame(
        [first, again],
        schema=NAMES,
        orient="row",
    )
    rows = checked(table)
    assert rows.select("label", "seconds").rows() == [("dog", 4.0)]


def test_other_proposals_for_other_people_are_corrected_apart() -> None:
    given = [
        ("a", "ann", 1, "x", "cat", "cat", 1.0),
        ("a", "bob", 1, "x", "dog", "owl", 1.0),
        ("a", "eve", 1, "x", "owl", None, 1.0),
    ]
    found = answers(checked(pl.DataFrame(given, schema=NAMES, orient="row")), ["a"], CLASSES)
    np.testing.assert_allclose(found.soft_labels(0.2), [[1 / 3, 1 / 3, 1 / 3]])


def test_divergence_is_over_images_with_an_answer_and_a_truth() -> None:
    given = [
        ("both", "ann", 1, "x", "cat", None, 1.0),
        ("unknown", "ann", 1, "x", "dog", None, 1.0),
        ("elsewhere", "ann", 1, "y", "cat", None, 1.0),
    ]
    truth = Annotations.build(
        pl.DataFrame({"image": ["both", "elsewhere"], "label": ["cat", "owl"]}), CLASSES
    )
    (x, y) = study(pl.DataFrame(given, schema=NAMES, orient="row"), truth, repeats=2)
    assert x.kl == pytest.approx(0.0, abs=1e-9)
    wrong = (1 - 1e-5) * np.log((1 - 1e-5) / 1e-5) + 1e-5 * np.log(1e-5 / (1 - 1e-5))
    assert y.kl == pytest.approx(wrong)
    assert (x.images, y.images) == (2, 1)
    assert (x.kl_unbiased, y.kl_unbiased) == (x.kl, y.kl)  # no proposal was shown: there is nothing to remove


def test_labels_are_blended_over_the_images_with_an_answer() -> None:
    said = {"a": ("cat", "cat"), "b": ("cat", "dog"), "c": ("owl", "owl")}
    given = [
        (image, person, 1, "x", label, None, 1.0)
        for image, labels in said.items()
        for person, label in zip(("ann", "bob"), labels, strict=True)
    ]
    given.append(("elsewhere", "ann", 1, "y", "cat", None, 1.0))
    people = pl.DataFrame({"image": [*said, "elsewhere"], "label": ["cat", "cat", "owl", "cat"]})
    truth = Annotations.build(people, CLASSES)
    x, _ = study(pl.DataFrame(given, schema=NAMES, orient="row"), truth, repeats=1)
    labels = blended(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]))
    p, q = (np.clip(values, 1e-5, 1 - 1e-5) for values in (np.eye(3)[[0, 0, 2]], labels))
    assert x.kl_blended == pytest.approx(float((p * np.log(p / q)).sum(axis=1).mean()))
    assert x.kl_blended != pytest.approx(x.kl)


def test_where_proposals_pull_by_nobody_knows_how_much_nothing_is_removed() -> None:
    table = log().filter(pl.col("arm") == "shown")
    images = table["image"].unique().sort()
    truth = Annotations.build(pl.DataFrame({"image": images, "label": ["cat"] * len(images)}), CLASSES)
    (arm,) = study(table, truth, repeats=1)
    assert arm.kl > 0
    assert np.isnan([arm.offset, arm.kl_unbiased, arm.kl_blended, arm.kl_alone]).all()


def test_a_skip_neither_accepts_nor_refuses_what_was_shown() -> None:
    given = [
        ("a", "ann", 1, "x", "cat", "cat", 1.0, "accept"),
        ("b", "ann", 1, "x", "dog", "cat", 1.0, "label"),
        ("c", "ann", 1, "x", None, "dog", 6.0, "skip"),
    ]
    (arm,) = study(pl.DataFrame(given, schema=(*NAMES, "kind"), orient="row"), repeats=1)
    assert (arm.acceptance, arm.images) == (0.5, 2)
    assert arm.minutes == pytest.approx(8 / 60)


def test_people_without_a_name_agree_with_nobody() -> None:
    """They cannot be told apart: two of their answers may be one person's or two people's."""
    rows = [
        (str(image), "", turn, "x", CLASSES[(image + seat) % 3], None, 1.0)
        for image, turn, seat in itertools.product(range(9), (1, 2), (0, 1))
    ]
    (arm,) = study(pl.DataFrame(rows, schema=NAMES, orient="row"), repeats=2)
    assert np.isnan([arm.intra.value, arm.inter.value]).all()
    assert not np.isnan(arm.alpha)
    assert arm.minutes == pytest.approx(9 / 60)


def test_arms_come_in_the_order_of_the_log() -> None:
    order = [str(number) for number in np.random.default_rng(0).permutation(40)]
    rows = [("a", "ann", 1, arm, "cat", None, 1.0) for arm in order]
    assert [arm.name for arm in study(pl.DataFrame(rows, schema=NAMES, orient="row"), repeats=1)] == order


def test_each_person_is_studied_by_their_own_answers() -> None:
    table = log()
    each = study_of_each(table, repeats=2)
    assert list(each) == ["ann", "bob"]
    for person, arms in each.items():
        alone = study(table.filter(pl.col("annotator") == person), repeats=2)
        for mine, other in zip(arms, alone, strict=True):
            assert (mine.name, mine.images, mine.annotators) == (other.name, other.images, 1)
            assert mine.minutes == other.minutes
            assert mine.intra.value == other.intra.value
            assert not np.isnan(mine.inter.value)


def test_the_first_empty_cell_is_named() -> None:
    table = log().with_columns(
        label=pl.when(pl.int_range(pl.len()).is_in([4, 9])).then(None).otherwise("label")
    )
    with pytest.raises(UserError, match=r"row 5: no label"):
        study(table)


def test_without_truth_times_or_a_plain_arm_what_is_unknown_stays_unknown() -> None:
    table = log().filter(pl.col("arm") == "shown").with_columns(seconds=pl.lit(None, dtype=pl.Float64))
    (arm,) = study(table, repeats=2)
    assert all(np.isnan([arm.minutes, arm.offset, arm.kl, arm.kl_unbiased, arm.kl_blended]))
    one = table.filter((pl.col("annotator") == "ann") & (pl.col("round") == 1))
    (arm,) = study(one, repeats=2)
    assert np.isnan([arm.intra.value, arm.inter.value, arm.alpha]).all()


def test_a_wrong_log_is_said() -> None:
    table = log()
    with pytest.raises(UserError, match="without seconds"):
        study(table.drop("seconds"))
    with pytest.raises(UserError, match="row 2: no label"):
        study(table.with_columns(label=pl.when(pl.int_range(pl.len()) == 1).then(None).otherwise("label")))
    with pytest.raises(UserError, match="annotation log"):
        study(table.with_columns(round=pl.lit("first")))
    with pytest.raises(UserError, match="did you mean 'cat'"):
        classes_of(checked(table.with_columns(label=pl.lit("cats"))), CLASSES)
