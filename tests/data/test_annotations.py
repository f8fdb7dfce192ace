from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.data.annotations import TOLERANCES, Annotations, ambiguous, tolerance
from s2c2.data.tables import read_table
from s2c2.errors import UserError

CLASSES = ("cat", "dog", "owl")
CIFAR10H = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cifar10h"

rows = st.lists(
    st.tuples(
        st.sampled_from(["a.png", "b/c.png", "d.png"]),
        st.sampled_from(CLASSES),
        st.integers(1, 5),
        st.integers(0, 3),
    ),
    max_size=20,
)
IMAGES = ("d.png", "a.png", "nobody.png", "b/c.png", "a.png")


def table(given_rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    schema = {"image": pl.String, "label": pl.String, "votes": pl.Int64, "annotator": pl.Int64}
    return pl.DataFrame(given_rows, schema=schema, orient="row")


@given(rows)
def test_counts_and_soft_labels_match_a_loop(given_rows: list[tuple[str, str, int, int]]) -> None:
    annotations = Annotations.build(table(given_rows), CLASSES)
    counts, soft = annotations.counts(IMAGES), annotations.soft_labels(IMAGES)
    for row, image in enumerate(IMAGES):
        expected = [sum(r[2] for r in given_rows if r[:2] == (image, name)) for name in CLASSES]
        assert counts[row].tolist() == expected
        assert annotations.votes(IMAGES)[row] == sum(expected)
        if sum(expected):
            assert soft[row].tolist() == [float(Fraction(count, sum(expected))) for count in expected]
            assert counts[row, annotations.majority(IMAGES)[row]] == max(expected)
        else:
            assert np.isnan(soft[row]).all()
            assert annotations.majority(IMAGES)[row] == -1


@given(rows, st.integers(0, 2**32 - 1))
def test_draws_are_named_by_somebody_and_repeat_by_seed(
    given_rows: list[tuple[str, str, int, int]], seed: int
) -> None:
    annotations = Annotations.build(table(given_rows), CLASSES)
    drawn = annotations.draw(IMAGES, np.random.default_rng(seed))
    counts = annotations.counts(IMAGES)
    for row, label in enumerate(drawn):
        assert label == -1 if not counts[row].any() else counts[row, label] > 0
    assert drawn.tolist() == annotations.draw(IMAGES, np.random.default_rng(seed)).tolist()


def test_draws_follow_the_soft_label() -> None:
    frame = pl.DataFrame({"image": ["a.png"] * 3, "label": list(CLASSES), "votes": [5, 3, 2]})
    annotations = Annotations.build(frame, CLASSES)
    drawn = annotations.draw(["a.png"] * 20000, np.random.default_rng(0))
    shares = np.bincount(drawn, minlength=3) / 20000
    assert np.abs(shares - [0.5, 0.3, 0.2]).max() < 0.015


def test_defaults_and_further_columns() -> None:
    frame = pl.DataFrame({"seconds": [1.5], "label": ["cat"], "image": ["a.png"], "round": [2]})
    built = Annotations.build(frame, CLASSES)
    assert built.table.rows(named=True) == [
        {"image": "a.png", "annotator": "", "label": "cat", "votes": 1, "seconds": 1.5, "round": 2}
    ]
    assert len(built) == 1
    assert built == Annotations.build(frame, CLASSES)
    assert built != Annotations.build(frame, ("cat", "dog"))
    assert built != Annotations.build(frame.with_columns(round=3), CLASSES)


def test_an_empty_table_has_no_soft_labels() -> None:
    annotations = Annotations.build(pl.DataFrame({"image": [], "label": []}), CLASSES)
    assert np.isnan(annotations.soft_labels(["a.png"])).all()
    assert annotations.draw(["a.png"], np.random.default_rng(0)).tolist() == [-1]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": ["cat", "cat"]}, "lacks the column 'image' .columns found: label"),
        ({"image": ["a", "b"]}, "lacks the column 'label'"),
        ({"image": ["a", "b"], "label": ["cat", "dgo"]}, "row 2: unknown label 'dgo': did you mean 'dog'"),
        ({"image": ["a", "b"], "label": ["x y", "dgo"]}, "row 1: .*2 rows are like this"),
        ({"image": ["a", "b"], "label": ["cat", None]}, "row 2: label is empty"),
        ({"image": ["a", ""], "label": ["cat", "cat"]}, "row 2: image '' is empty"),
        ({"image": [None, "b"], "label": ["cat", "cat"]}, "row 1: image is empty"),
        ({"image": ["a", "b"], "label": [True, False]}, "column 'label' must hold text, not Boolean"),
        ({"image": [0.5, 1.5], "label": ["cat", "cat"]}, "column 'image' must hold text, not Float64"),
        ({"image": ["a", "b"], "label": ["cat", "cat"], "votes": [1, 0]}, "row 2: votes 0 is not between"),
        ({"image": ["a", "b"], "label": ["cat", "cat"], "votes": [-3, 1]}, "row 1: votes -3 is not between"),
        ({"image": ["a", "b"], "label": ["cat", "cat"], "votes": [1, None]}, "row 2: votes is empty"),
        (
            {"image": ["a", "b"], "label": ["cat", "cat"], "votes": [True, True]},
            "row 1: votes True is not a whole",
        ),
        (
            {"image": ["a", "b"], "label": ["cat", "cat"], "votes": [1.0, 1.5]},
            "row 2: votes 1.5 is not a whole",
        ),
        (
            {"image": ["a", "b"], "label": ["cat", "cat"], "votes": [1.0, 2.0]},
            "row 1: votes 1.0 is not a whole",
        ),
        (
            {"image": ["a", "b"], "label": ["cat", "cat"], "votes": ["2", "two"]},
            "row 2: votes 'two' is not a whole",
        ),
        ({"image": ["a", "b"], "label": ["cat", "cat"], "votes": [1, 10**12]}, "row 2: votes 1000000000000"),
    ],
)
def test_wrong_tables_are_refused_by_row(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Annotations.build(pl.DataFrame(columns), CLASSES)


def test_csv_and_parquet_give_the_same(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "image": ["007", "1e3", "ä/b.png"],
            "annotator": ["01", "", "anna"],
            "label": ["1", "02", "1"],
            "votes": [3, 1, 2],
            "seconds": [0.5, 2.0, 1.25],
        }
    )
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    first, second = (
        Annotations.build(read_table(tmp_path / name), ("1", "02")).table for name in ("a.csv", "a.parquet")
    )
    assert first.equals(second)
    assert first["image"].to_list() == ["007", "1e3", "ä/b.png"]
    assert first["annotator"].to_list() == ["01", "", "anna"]


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ("1.5", "votes 1.5"),
        ("true", "votes True"),
        ("-1", "votes -1"),
        ("", "votes is empty"),
        ("x", "votes 'x'"),
    ],
)
def test_csv_votes_are_strict_too(tmp_path: Path, votes: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(f"image,label,votes,annotator\na,cat,{votes},x\n")
    with pytest.raises(UserError, match=f"row 1: {message}"):
        Annotations.build(read_table(tmp_path / "a.csv"), CLASSES)


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("image;label;label;;\na;cat;dog;;\n")
    with pytest.raises(UserError, match=r"a\.csv: the column 'label' comes twice in the header"):
        read_table(tmp_path / "a.csv")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"image,label\na,b,c,d\n", b'image,label\n"a'])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_damaged_tables_are_user_errors(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        Annotations.build(read_table(path), CLASSES)
    assert "\n" not in str(caught.value)


def test_ambiguous_by_hand() -> None:
    soft = np.array([[1.0, 0, 0], [0.96, 0.04, 0], [0.98, 0.02, 0], [np.nan] * 3, [0.4, 0.3, 0.3]])
    assert ambiguous(soft).tolist() == [False, True, True, False, True]
    assert ambiguous(soft, TOLERANCES["dissent"]).tolist() == [False, True, False, False, True]
    assert tolerance("strict") == 0.0
    with pytest.raises(UserError, match="did you mean 'strict'"):
        tolerance("strct")


@pytest.mark.skipif(not CIFAR10H.is_dir(), reason="needs ../shared/data/cifar10h")
def test_ambiguity_of_cifar10h_is_that_of_the_paper() -> None:
    counts = np.load(CIFAR10H / "counts.npy")
    soft = counts / counts.sum(axis=1, keepdims=True)
    assert round(float(ambiguous(soft, TOLERANCES["strict"]).mean()), 3) == 0.561
    assert round(float(ambiguous(soft, TOLERANCES["dissent"]).mean()), 3) == 0.325


def test_a_million_rows_are_quick() -> None:
    rng = np.random.default_rng(0)
    numbers, labels = rng.integers(20000, size=10**6), rng.integers(3, size=10**6)
    names = np.array([f"{i}.png" for i in range(20000)], dtype=object)
    frame = pl.DataFrame({"image": names[numbers], "label": np.array(CLASSES, dtype=object)[labels]})
    counts = Annotations.build(frame, CLASSES).counts(names.tolist())
    assert (counts == np.bincount(numbers * 3 + labels, minlength=60000).reshape(-1, 3)).all()
