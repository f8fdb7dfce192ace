import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset
from s2c2.data.logs import EXPORTERS, Extras, Given, importer
from s2c2.data.logs.log import Log, joined
from s2c2.data.logs.relabeling import digest, relabeled
from s2c2.data.logs.votes import annotations, apportioned
from s2c2.data.splits import SplitSizes, divide
from s2c2.errors import UserError
from s2c2.metrics.agreement import krippendorff_alpha
from s2c2.metrics.annotation_study import agreement

CLASSES = ("cat", "dog")
IMAGES = tuple(f"{i:02}.png" for i in range(30))


def pets(labeled: int = 30) -> Dataset:
    """A dataset of thirty images, of which the first ones have a label."""
    rows = [(image, CLASSES[i % 2]) for i, image in enumerate(IMAGES[:labeled])]
    table = pl.DataFrame(rows, schema=["image", "label"], orient="row")
    return Dataset(Path("pets"), "pets", CLASSES, IMAGES, Annotations.build(table, CLASSES))


def log(*rows: tuple[Any, ...]) -> Log:
    """A log of image, annotator, label or distribution, and kind."""
    columns = [
        {"image": image, "annotator": who, "kind": kind[0] if kind else None}
        | (
            {"label": said, "distribution": None}
            if isinstance(said, str | None)
            else {"label": None, "distribution": said}
        )
        for image, who, said, *kind in rows
    ]
    types: dict[str, Any] = {"label": pl.String, "distribution": pl.List(pl.Float64), "kind": pl.String}
    return Log.build(pl.DataFrame(columns, schema_overrides=types), CLASSES)


def test_answers_join_the_annotations_or_replace_them() -> None:
    given = log(("00.png", "ann", "dog"), ("00.png", "bob", "dog"), ("01.png", "ann", "dog"))
    assert relabeled(pets(), given).annotations.counts(IMAGES[:3]).tolist() == [[1, 2], [0, 2], [1, 0]]
    changed = relabeled(pets(), given, instead=True).annotations
    assert changed.counts(IMAGES[:3]).tolist() == [[0, 2], [0, 1], [1, 0]]
    assert set(changed.table["annotator"]) == {"", "ann", "bob"}


def test_images_may_stand_in_another_form_of_unicode() -> None:
    nfc, nfd = "é.png", "e\u0301.png"
    table = pl.DataFrame({"image": [nfc], "label": ["cat"]})
    dataset = Dataset(Path("pets"), "pets", CLASSES, (nfc, "f.png"), Annotations.build(table, CLASSES))
    given = log((nfd, "ann", "dog"), (nfc, "ann", "cat"), (nfd, "bob", "dog"))
    found = relabeled(dataset, given, instead=True)
    assert found.annotations.counts((nfc,)).tolist() == [[1, 1]]
    assert found.relabeling is not None
    assert found.relabeling.images == {nfc}


def test_a_distribution_is_one_vote_beside_the_others() -> None:
    given = log(("00.png", "ann", [0.25, 0.75]), ("00.png", "bob", "dog"))
    found = relabeled(pets(), given).annotations
    assert found.counts(["00.png"]).tolist() == [[10 + 3, 7 + 10]]
    assert found.counts(["01.png"]).tolist() == [[0, 1]]


def test_a_distribution_over_one_class_is_a_label() -> None:
    given = log(("00.png", "ann", [0.0, 1.0]), ("00.png", "bob", "dog"))
    assert relabeled(pets(), given).annotations.counts(["00.png"]).tolist() == [[1, 2]]


def test_a_skip_changes_nothing_and_a_decision_stands_alone() -> None:
    given = log(
        ("00.png", "ann", None, "skip"),
        ("01.png", "ann", "cat"),
        ("01.png", "bob", "dog"),
        ("01.png", "eva", "cat", "decide"),
    )
    found = relabeled(pets(), given, instead=True)
    assert found.annotations.counts(IMAGES[:2]).tolist() == [[1, 0], [1, 0]]
    assert found.relabeling is not None
    assert found.relabeling.images == {"01.png"}


def test_the_flag_of_an_answered_image_hides_no_answer() -> None:
    found = annotations(log(("00.png", "ann", "dog"), ("00.png", "ann", None, "flag")))
    assert found.counts(["00.png"]).tolist() == [[0, 1]]


def test_splits_stay_and_answered_images_become_labeled() -> None:
    sizes = SplitSizes(8, 14, 8, 0)
    before = divide(pets(), sizes, seed=3)
    asked = (*before.unlabeled[:3], before.validation[0])
    answers = log(*((image, "ann", "dog") for image in asked))
    after = divide(relabeled(pets(), answers), sizes, seed=3)
    assert after.validation == before.validation
    assert set(after.labeled) == {*before.labeled, *before.unlabeled[:3]}
    assert set(after.unlabeled) == set(before.unlabeled[3:])


def test_a_dataset_without_labels_is_divided_by_the_answers() -> None:
    answers = log(*((image, "ann", CLASSES[i % 2]) for i, image in enumerate(IMAGES[:20])))
    found = divide(relabeled(pets(0), answers))
    assert set(found.labeled) | set(found.validation) == set(IMAGES[:20])
    assert set(found.unlabeled) == set(IMAGES[20:])


def test_fixed_splits_stay() -> None:
    splits = {image: ("labeled", "unlabeled", "validation")[i // 10] for i, image in enumerate(IMAGES)}
    found = divide(
        relabeled(replace(pets(), splits=splits), log(("15.png", "ann", "cat"), ("25.png", "ann", "cat")))
    )
    assert found.validation == IMAGES[20:]
    assert set(found.labeled) == {*IMAGES[:10], "15.png"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            [("00.pgn", "ann", "cat"), ("zz.png", "ann", "cat")],
            r"did you mean '00.png'\? \(2 images are like this",
        ),
        ([("00.png", "ann", None, "skip")], "holds no answer"),
    ],
)
def test_a_log_that_does_not_fit(given: list[tuple[Any, ...]], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        relabeled(pets(), log(*given))


def test_a_class_that_the_dataset_lacks() -> None:
    with pytest.raises(UserError, match="did you mean 'dog'"):
        Log.build(pl.DataFrame({"image": ["00.png"], "label": ["dgo"]}), CLASSES)


def test_rows_of_two_exports_are_kept_once() -> None:
    rows = log(("00.png", "ann", "dog"), ("01.png", "ann", "dog"))
    keyed = Log.build(rows.table.with_columns(key=pl.lit("k1")), CLASSES)
    assert len(joined([keyed, keyed])) == 2
    assert len(joined([rows, rows])) == 4
    assert digest(joined([keyed, keyed])) == digest(keyed) == digest(rows)
    assert digest(rows) != digest(log(("00.png", "ann", "cat"), ("01.png", "ann", "dog")))


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=6).filter(lambda shares: sum(shares) > 0.01))
def test_votes_are_as_near_as_whole_numbers_can_be(weights: list[float]) -> None:
    shares = np.array([weights]) / sum(weights)
    votes = apportioned(shares, np.array([10]))
    assert votes.sum() == 10
    assert (np.abs(votes - 10 * shares) < 1 + 1e-6).all()
    rest = 10 * shares - np.floor(10 * shares + 1e-9)
    up = votes > np.floor(10 * shares + 1e-9)
    assert rest[up].min(initial=1) >= rest[~up].max(initial=0) - 1e-9


def table(folder: Path, *lines: str) -> Path:
    """A table of votes as a dataset has it."""
    path = folder / "votes.csv"
    path.write_text("\n".join(("image,annotator,label,votes,weather", *lines)), encoding="utf-8")
    return path


def test_votes_of_a_table_are_answers_of_people_without_a_name(tmp_path: Path) -> None:
    path = table(tmp_path, "00.png,,cat,17,sun", "00.png,,dog,3,rain", "00.png,ann,dog,1,")
    found = importer("csv")(path, Given(CLASSES))
    assert found.ignored == ("weather",)
    assert len(found.answers()) == 21
    after = relabeled(pets(), found, instead=True)
    assert after.annotations.counts(["00.png"]).tolist() == [[17, 4]]
    assert after.relabeling is not None
    assert {name: value for name, value in after.relabeling.record.items() if name != "digest"} == {
        "rows": 21,
        "answers": 21,
        "images": 1,
        "annotators": 2,
        "rounds": [1],
        "arms": ["none"],
        "replaced": True,
        "unnamed": 20,
    }
    shown = agreement(found, repeats=5)
    assert shown.soft_labels["mean"].tolist() == [[pytest.approx(17 / 21), pytest.approx(4 / 21)]]
    assert shown.arms[0].answers == 21


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("00.png,ann,cat,2,", r"votes.csv, line 3: votes count people without a name, but 2 are of 'ann'"),
        ("00.png,,cat,1.5,", "votes.csv, line 3: votes '1.5' is not a whole number"),
        ("00.png,,cat,10000000,", "10,000,001 votes: at most .* with --format table"),
        ("00.png,,cow,2,", "line 3: .*cow"),
    ],
)
def test_votes_that_cannot_be_are_refused(line: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        importer("csv")(table(tmp_path, "00.png,,cat,1,", line), Given(CLASSES))


def test_people_without_a_name_are_not_each_other() -> None:
    given = log(("00.png", "", "cat"), ("00.png", "", "dog"), ("00.png", "", "dog"), ("01.png", "", "cat"))
    assert annotations(given).counts(IMAGES[:2]).tolist() == [[1, 2], [1, 0]]
    shown = agreement(given, repeats=5).arms[0].arm
    assert np.isnan([shown.intra.value, shown.inter.value]).all()
    assert shown.alpha == pytest.approx(krippendorff_alpha(np.array([[1, 2], [1, 0]])))
    crowd = EXPORTERS["crowd-kit"](given, Extras()).files[""].decode().splitlines()[1:]
    assert crowd == [
        "00.png,unnamed,cat",
        "00.png,unnamed 2,dog",
        "00.png,unnamed 3,dog",
        "01.png,unnamed,cat",
    ]
    sets = json.loads(EXPORTERS["dcic"](given, Extras()).files["annotations.json"])
    assert [len(one["annotations"]) for one in sets] == [2, 1, 1]
