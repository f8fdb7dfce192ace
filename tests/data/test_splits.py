from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.data.allocation import apportion
from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset
from s2c2.data.splits import PRESETS, Splits, SplitSizes, default_sizes, divide, duplicates, resolve, split
from s2c2.errors import UserError

NAMES = ("labeled", "unlabeled", "validation", "selection")


def ids(count: int) -> tuple[str, ...]:
    return tuple(f"{i:05d}.png" for i in range(count))


@st.composite
def tasks(draw: st.DrawFn) -> tuple[np.ndarray, SplitSizes, int]:
    classes = draw(st.integers(1, 4))
    labels = np.array([*range(classes), *draw(st.lists(st.integers(-1, classes - 1), max_size=80))])
    annotated = int((labels >= 0).sum())
    labeled = draw(st.integers(classes, annotated))
    validation = draw(st.integers(0, annotated - labeled))
    selection = draw(st.integers(0, annotated - labeled - validation))
    unlabeled = draw(st.integers(0, len(labels) - labeled - validation - selection))
    sizes = SplitSizes(labeled, unlabeled, validation, selection)
    return labels.astype(np.int64), sizes, draw(st.integers(0, 1000))


@given(tasks())
def test_splits_are_disjoint_exact_and_annotated(task: tuple[np.ndarray, SplitSizes, int]) -> None:
    labels, sizes, seed = task
    images = ids(len(labels))
    drawn = split(images, labels, sizes, seed)
    everything = [image for name in NAMES for image in getattr(drawn, name)]
    assert len(set(everything)) == len(everything)
    assert set(everything) <= set(images)
    for name in NAMES:
        assert len(getattr(drawn, name)) == getattr(sizes, name), name
    label = dict(zip(images, labels.tolist(), strict=True))
    assert all(label[image] >= 0 for name in NAMES if name != "unlabeled" for image in getattr(drawn, name))
    assert {label[image] for image in drawn.labeled} == set(labels[labels >= 0].tolist())
    assert drawn == split(images, labels, sizes, seed)
    assert drawn.of() == {image: name for name in NAMES for image in getattr(drawn, name)}


@given(tasks(), st.data())
def test_groups_are_never_cut(task: tuple[np.ndarray, SplitSizes, int], data: st.DataObject) -> None:
    labels, sizes, seed = task
    groups = np.array(
        data.draw(st.lists(st.integers(0, len(labels) // 2), min_size=len(labels), max_size=len(labels)))
    )
    images = ids(len(labels))
    drawn = split(images, labels, sizes, seed, groups)
    where = drawn.of()
    for number in set(groups.tolist()):
        members = [images[i] for i in np.flatnonzero(groups == number)]
        assert len({where[image] for image in members if image in where}) <= 1
    largest = int(np.bincount(groups).max())
    slack = largest * (len(set(labels.tolist())) + 1)
    for name in ("labeled", "validation", "selection"):
        assert abs(len(getattr(drawn, name)) - getattr(sizes, name)) <= slack, name
    label = dict(zip(images, labels.tolist(), strict=True))
    assert all(label[image] >= 0 for image in (*drawn.labeled, *drawn.validation, *drawn.selection))


def test_shares_use_every_image_and_keep_proportions() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    drawn = split(ids(1000), labels, SplitSizes(), seed=3)
    assert [len(getattr(drawn, name)) for name in NAMES] == [160, 640, 200, 0]
    for name in NAMES[:3]:
        members = np.array([int(image[:5]) for image in getattr(drawn, name)])
        shares = np.bincount(labels[members], minlength=3) / len(members)
        assert np.abs(shares - [0.6, 0.3, 0.1]).max() <= 1 / len(members)


def test_validation_does_not_depend_on_the_number_of_labels() -> None:
    labels = np.random.default_rng(0).integers(0, 5, 500)
    few, many = (split(ids(500), labels, SplitSizes(n, 0, 100, 50), seed=1) for n in (20, 200))
    assert few.validation == many.validation
    assert few.selection == many.selection
    assert few.validation != split(ids(500), labels, SplitSizes(20, 0, 100, 50), seed=2).validation


def test_a_single_image_of_a_class_is_labeled() -> None:
    labels = np.array([0] * 50 + [1])
    for seed in range(20):
        assert ids(51)[50] in split(ids(51), labels, SplitSizes(10, 0, 41, 0), seed).labeled


def test_images_without_label_are_taken_first_for_unlabeled() -> None:
    labels = np.array([0, 1] * 20 + [-1] * 10)
    drawn = split(ids(50), labels, SplitSizes(10, 12, 10, 0), seed=0)
    assert set(ids(50)[40:]) <= set(drawn.unlabeled)
    assert len(drawn.unlabeled) == 12


def test_an_unannotated_copy_of_a_labeled_image_is_left_out() -> None:
    labels = np.array([0, 1, -1, -1])
    drawn = split(ids(4), labels, SplitSizes(2, 1, 0, 0), seed=0, groups=np.array([0, 1, 0, 2]))
    assert drawn == Splits(labeled=(ids(4)[0], ids(4)[1]), unlabeled=(ids(4)[3],), validation=())


def test_presets_are_those_of_table_1() -> None:
    totals = {"cifar10h": 10000, "plankton": 12280, "turkey": 8040, "mice-bone": 724}
    for name, total in totals.items():
        counts = resolve(PRESETS[name], np.arange(total) % 2)
        assert sum(counts.values()) == total
    assert PRESETS["cifar10h"] == SplitSizes(1600, 6400, 2000, 0)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (
            SplitSizes(1600, 6400, 2000, 0),
            "1600 labeled, 6400 unlabeled, 2000 validation.*need 10000 images, there are 40",
        ),
        (SplitSizes(20, 0, 15, 0), "need 35 annotated images, there are 30"),
        (SplitSizes(2, 0, 1, 0), "2 labeled images cannot hold 3 classes.*labeled=3"),
        (SplitSizes(-1, 0, 1, 0), "size of split labeled: .*not -1"),
        (SplitSizes(1.5, 0, 1, 0), "not 1.5"),
        (SplitSizes(float("nan"), 0, 1, 0), "not nan"),
        (SplitSizes(True, 0, 1, 0), "not True"),
        (SplitSizes(0.5, 0.6, 0.2, 0.0), "need 52 images, there are 40"),
    ],
)
def test_sizes_that_cannot_be_met(sizes: SplitSizes, message: str) -> None:
    labels = np.array([0, 1, 2] * 10 + [-1] * 10)
    with pytest.raises(UserError, match=message):
        split(ids(40), labels, sizes, seed=0)


def test_nothing_annotated() -> None:
    with pytest.raises(UserError, match="no image is annotated"):
        split(ids(3), np.array([-1, -1, -1]), SplitSizes(), seed=0)


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=6),
    st.integers(0, 2),
)
@settings(max_examples=200)
def test_apportion_keeps_its_bounds(size: int, pairs: list[tuple[int, int]], least: int) -> None:
    weights, capacity = (np.array(column) for column in zip(*pairs, strict=True))
    parts = apportion(size, weights, capacity, least)
    low = np.minimum(least, capacity)
    assert (parts >= low).all()
    assert (parts <= capacity).all()
    assert parts.sum() == min(max(size, low.sum()), capacity.sum())
    ideal = size * weights / max(weights.sum(), 1)
    if (np.floor(ideal) >= low).all() and (np.ceil(ideal) <= capacity).all() and weights.sum():
        assert (np.abs(parts - ideal) < 1).all()


def test_default_sizes_use_all_labels_where_they_are_few() -> None:
    assert default_sizes(np.array([0] * 36 + [-1] * 64)) == SplitSizes()
    assert default_sizes(np.array([0] * 30 + [-1] * 70)) == SplitSizes(24, 70, 6, 0)


def test_duplicates_share_a_number() -> None:
    assert duplicates(["x", "y", "x", "z", "y"]).tolist() == [0, 1, 0, 2, 1]


def dataset(
    splits: dict[str, str], labels: list[str | None], classes: tuple[str, ...] = ("cat", "dog")
) -> Dataset:
    images = ids(len(labels))
    rows = [(image, label) for image, label in zip(images, labels, strict=True) if label]
    frame = pl.DataFrame(rows, schema={"image": pl.String, "label": pl.String}, orient="row")
    return Dataset(Path("nowhere"), "pets", classes, images, Annotations.build(frame, classes), splits=splits)


def test_fixed_splits_are_kept_and_the_rest_is_left_out() -> None:
    a, b, c, d, e = ids(5)
    fixed = {a: "labeled", b: "labeled", c: "validation", d: "selection", e: "unlabeled"}
    drawn = divide(dataset(fixed, ["cat", "dog", "cat", "dog", None, "cat"]), seed=4)
    assert drawn == Splits((a, b), (e,), (c,), (d,))


@pytest.mark.parametrize(
    ("fixed", "labels", "message"),
    [
        (("labeled", "labeled"), ["cat", "dog"], "splits.csv lists no validation image"),
        (
            ("labeled", "labeled", "validation"),
            ["cat", "dog", None],
            "'00002.png' is validation.*nobody annotated",
        ),
        (("labeled", "validation", "validation"), ["cat", "dog", "cat"], "class 'dog' in the labeled split"),
        ((), ["cat"] * 9, "no labeled image for class 'dog' in the dataset"),
    ],
)
def test_unusable_fixed_splits(fixed: tuple[str, ...], labels: list[str | None], message: str) -> None:
    with pytest.raises(UserError, match=message):
        divide(dataset(dict(zip(ids(9), fixed, strict=False)), labels))


def test_a_dataset_without_fixed_splits_is_divided() -> None:
    drawn = divide(dataset({}, ["cat", "dog"] * 50), seed=1)
    assert [len(getattr(drawn, name)) for name in NAMES] == [16, 64, 20, 0]
