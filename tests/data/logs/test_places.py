"""What is wrong with an answer is told with the line of the file that it stands in."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from s2c2.data.logs import Given, importer
from s2c2.data.logs.log import Log
from s2c2.errors import UserError

GIVEN = Given(classes=("cat", "dog"))
LONG = '"two\r\nlines"'
"""A cell of two lines: the row after it is not where counting rows would look."""


def refused(tmp_path: Path, form: str, name: str, content: str | pl.DataFrame) -> str:
    """Return why a file is refused, without the folder."""
    path = tmp_path / name
    if isinstance(content, pl.DataFrame):
        content.write_parquet(path)
    else:
        path.write_text(content, encoding="utf-8", newline="")
    with pytest.raises(UserError) as caught:
        importer(form)(path, GIVEN)
    return str(caught.value).replace(f"{tmp_path}/", "")


CSV = {
    "csv": f"image,label,note\r\na,cat,{LONG}\r\n\r\nb,{{}},\r\n",
    "crowd-kit": f"task,worker,label,note\r\na,ann,cat,{LONG}\r\n\r\nb,ann,{{}},\r\n",
    "label-studio": f"image,label,id,annotator,lead_time\r\na,cat,{LONG},1,2\r\n\r\nb,{{}},2,1,2\r\n",
}
"""A table whose second answer begins in line 5."""


@pytest.mark.parametrize("form", CSV)
def test_the_line_of_a_csv(form: str, tmp_path: Path) -> None:
    said = refused(tmp_path, form, "t.csv", CSV[form].format("cow"))
    assert said.startswith("t.csv, line 5: unknown label 'cow'")


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("kind", "guess", "unknown kind 'guess'"),
        ("label", "", "label is empty; only skip, flag and ambiguous have none"),
        ("shown", "maybe", "'maybe' is neither true nor false"),
        ("distribution", '"{""cat"": 0.9, ""dog"": 0.4}"', "the distribution [0.9, 0.4] must hold 2 shares"),
        ("distribution", "much", "'much' is not a distribution"),
        ("client_time", "noon", "client_time 'noon' is not like"),
        ("votes", "two", "votes 'two' is not a whole number"),
        ("seconds", "much", "seconds 'much' is not a number"),
        ("round", "1.5", "round '1.5' is not a whole number"),
        ("seconds", "-1", "seconds -1.0 is no number of seconds ≥ 0"),
        ("seconds", "inf", "seconds inf is no number of seconds ≥ 0"),
        ("distribution", "{much}", "'{much}' is not a distribution"),
    ],
)
def test_whatever_is_wrong_with_it(column: str, value: str, why: str, tmp_path: Path) -> None:
    others = ("kind", "shown", "distribution", "client_time", "votes", "seconds", "round")
    names = dict.fromkeys(("image", "label", *others), "")
    row = names | {"image": "b", "label": "cat", "kind": "flag", "votes": "1", column: value}
    if column == "label":
        row["kind"] = "label"
    first = names | {"image": LONG, "label": "cat", "votes": "1"}
    content = "\r\n".join(",".join(cells) for cells in (names, first.values(), row.values()))
    said = refused(tmp_path, "csv", "t.csv", content)
    assert said.startswith(f"t.csv, line 4: {why}")


def test_the_line_of_metadata_and_of_tables_of_other_tools(tmp_path: Path) -> None:
    entry = json.dumps({"file_name": "b", "annotations": [{"label": "cow"}]})
    lines = f'{{"file_name": "a", "label": "cat"}}\n\n{entry}\n'
    assert refused(tmp_path, "imagefolder", "metadata.jsonl", lines).startswith("metadata.jsonl, line 3: ")
    spread = json.dumps({"file_name": "b", "annotations": [{"distribution": "much"}]})
    said = refused(tmp_path, "imagefolder", "metadata.jsonl", f"{spread}\n")
    assert said.startswith("metadata.jsonl, line 1: 'much' is not a distribution")
    table = 'filepath,label\r\n"a\r\nb",cat\r\nb,cow\r\n'
    assert refused(tmp_path, "fiftyone", "labels.csv", table).startswith("labels.csv, line 4: unknown label")
    labels = json.dumps({"classes": ["cat", "dog"], "labels": {"a": "cat", "b": "cow"}})
    assert refused(tmp_path, "fiftyone", "labels.json", labels).startswith("labels.json, 'b': unknown label")
    wide = 'image,ann\r\n"a\r\nb",1\r\nb,7\r\n'
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    assert refused(tmp_path, "cleanlab", "t.csv", wide).startswith("t.csv, line 4: 7 is no class number")
    one = [{"image_path": "d/a", "class_label": "cat"}, {"image_path": "d/b", "class_label": "cow"}]
    sets = json.dumps([{"name": "x", "annotations": one}])
    assert refused(tmp_path, "dcic", "a.json", sets).startswith("a.json, set 1, annotation 2: unknown label")


def test_the_row_of_parquet_and_of_a_value(tmp_path: Path) -> None:
    frame = pl.DataFrame({"image": ["a", "b"], "label": ["cat", "cow"]})
    frame.write_parquet(tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"t\.parquet, row 2: unknown label 'cow'"):
        importer("parquet")(tmp_path / "t.parquet", GIVEN)
    with pytest.raises(UserError, match=r"^row 2: unknown label 'cow'"):
        Log.build(frame, GIVEN.classes)


@pytest.mark.parametrize(
    ("column", "values", "why"),
    [
        ("round", [1.0, 1.5], "round 1.5 is not a whole number"),
        ("selected", [None, 0.5], "selected 0.5 is not a whole number"),
        ("round", [Decimal("2.0"), Decimal("1.5")], "round 1.5 is not a whole number"),
        ("selected", [None, True], "selected True is not a whole number"),
        ("round", [None, date(2020, 1, 2)], "round 2020-01-02 is not a whole number"),
        ("seconds", [None, timedelta(seconds=2)], "seconds 0:00:02 is not a number"),
        ("label", [None, 1.0], "label 1.0 is neither text nor a whole number"),
        ("annotator", [False, True], "annotator False is neither text nor a whole number"),
    ],
)
def test_no_number_is_cut_or_becomes_text(
    column: str, values: list[object], why: str, tmp_path: Path
) -> None:
    columns: dict[str, list[object]] = {"image": ["a", "b"], "label": ["cat", "dog"]}
    frame = pl.DataFrame(columns | {column: values})
    frame.write_parquet(tmp_path / "t.parquet")
    row = 1 if column == "annotator" else 2
    with pytest.raises(UserError, match=rf"t\.parquet, row {row}: {why}"):
        importer("parquet")(tmp_path / "t.parquet", GIVEN)


def test_a_missing_number_is_an_empty_cell(tmp_path: Path) -> None:
    columns = {"round": [2.0, NAN], "seconds": [NAN, 1.5], "strength": [NAN, NAN], "kind": ["label", None]}
    frame = pl.DataFrame({"image": ["a", "b"], "label": ["cat", "dog"], **columns})
    frame.write_parquet(tmp_path / "t.parquet")
    log = importer("parquet")(tmp_path / "t.parquet", GIVEN)
    found = log.table.select("image", "round", "seconds", "strength")
    assert found.rows() == [("a", 2, None, None), ("b", 1, 1.5, None)]


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_a_first_line_says_what_separates_the_cells(mark: str, tmp_path: Path) -> None:
    rows = [("image", "label", "note"), ("a", "cat", '"of, the; house"'), ("b", "{}", "")]
    text = "".join(f"{line}\r\n" for line in ("\ufeffsep=" + mark, *map(mark.join, rows)))
    (tmp_path / "t.csv").write_text(text.format("dog"), encoding="utf-8", newline="")
    log = importer("csv")(tmp_path / "t.csv", GIVEN)
    assert log.table.select("image", "label").rows() == [("a", "cat"), ("b", "dog")]
    assert log.ignored == ("note",)
    assert refused(tmp_path, "csv", "t.csv", text.format("cow")).startswith("t.csv, line 4: unknown label")


NAN = float("nan")
EMPTY: list[tuple[str, str, str | pl.DataFrame, str]] = [
    ("crowd-kit", "t.csv", "task,worker,label\na,ann,cat\n,bob,cat\n", "t.csv, line 3: task is empty"),
    ("crowd-kit", "t.jsonl", '{"task": "", "worker": "x", "label": "cat"}', "t.jsonl, line 1: task is empty"),
    (
        "crowd-kit",
        "t.parquet",
        pl.DataFrame({"task": ["a", None], "worker": ["x", "x"], "label": ["cat", "cat"]}),
        "t.parquet, row 2: task is empty",
    ),
    (
        "crowd-kit",
        "t.parquet",
        pl.DataFrame({"task": [NAN], "worker": ["x"], "label": ["cat"]}),
        "t.parquet, row 1: task is empty",
    ),
    ("cleanlab", "t.csv", "image,ann,bob\na,0,1\n,1,0\n", "t.csv, line 3: image is empty"),
    ("fiftyone", "labels.csv", "filepath,label\n,cat\n", "labels.csv, line 2: filepath is empty"),
    ("fiftyone", "labels.csv", "filepath,label\n  ,cat\n", "labels.csv, line 2: filepath is empty"),
    ("imagefolder", "m.jsonl", '{"file_name": null, "label": "cat"}', "m.jsonl, line 1: file_name is empty"),
    ("imagefolder", "m.csv", "file_name,label\na,cat\n,dog\n", "m.csv, line 3: file_name is empty"),
    ("imagefolder", "m.jsonl", '{"file_name": ["a"]}', "m.jsonl, line 1: file_name ['a'] is neither"),
    ("label-studio", "t.csv", "image,label,id\na,cat,1\n,cat,2\n", "t.csv, line 3: image is empty"),
    ("label-studio", "t.json", '[{"image": null, "label": "cat"}]', "t.json, annotation 1: image is empty"),
    ("label-studio", "t.json", '[{"photo": null, "label": "cat"}]', "t.json, annotation 1: its data name no"),
]
"""Formats, files and what they hold without an image, and how that is told."""


@pytest.mark.parametrize(("form", "name", "content", "why"), EMPTY)
def test_an_answer_without_an_image(
    form: str, name: str, content: str | pl.DataFrame, why: str, tmp_path: Path
) -> None:
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    assert refused(tmp_path, form, name, content).startswith(why)


def test_an_empty_annotator_has_no_name_and_an_empty_label_is_none(tmp_path: Path) -> None:
    lines = (
        '{"task": "a", "worker": 7, "label": "cat"}',
        '{"task": "a", "worker": null, "label": "cat"}',
        '{"task": "a", "worker": "", "label": "dog"}',
        '{"task": "a", "worker": "x", "label": null}',
    )
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    log = importer("crowd-kit")(tmp_path / "t.jsonl", GIVEN)
    said = log.table.select("annotator", "label", "kind").rows()
    assert said == [("7", "cat", "label"), ("", "cat", "label"), ("", "dog", "label"), ("x", None, "skip")]
    sets = [{"name": None, "annotations": [{"image_path": "d/a", "class_label": "cat"}]}]
    (tmp_path / "a.json").write_text(json.dumps(sets))
    assert importer("dcic")(tmp_path / "a.json", GIVEN).table["annotator"].to_list() == ["1"]
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    pl.DataFrame({"image": ["a", "b"], "x": [0.0, NAN]}).write_parquet(tmp_path / "t.parquet")
    log = importer("cleanlab")(tmp_path / "t.parquet", GIVEN)
    assert log.table.select("image", "label").rows() == [("a", "cat")]
    pl.DataFrame({"file_name": ["a"], "label": [NAN]}).write_parquet(tmp_path / "m.parquet")
    assert len(importer("imagefolder")(tmp_path / "m.parquet", GIVEN)) == 0


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("seconds", "much", "seconds 'much' is not a number"),
        ("round", 2**70, f"round {2**70} is not a whole number"),
        ("shown", "perhaps", "shown 'perhaps' is not true or false"),
        ("label", ["cat", "dog"], "label"),
    ],
)
def test_a_value_of_another_type(column: str, value: object, why: str, tmp_path: Path) -> None:
    entries = [{"label": "cat", "seconds": 1.5, "round": number} for number in (1, 2)]
    rows = [{"file_name": name, "annotations": entries} for name in "abcdef"]
    rows[4] = {"file_name": "e", "annotations": [entries[0], entries[1] | {column: value}]}
    said = refused(tmp_path, "imagefolder", "m.jsonl", "\n".join(map(json.dumps, rows)))
    assert said.startswith(f"m.jsonl, line 5: {why}")
    if column != "shown":
        flat = [{"image": "a", "label": "cat"}, {"image": "b", "label": "cat", column: value}]
        said = refused(tmp_path, "csv", "t.jsonl", "\n".join(map(json.dumps, flat)))
        assert said.startswith(f"t.jsonl, line 2: {why}")


@pytest.mark.parametrize("classes", ["no JSON", "5", "null", "[1, 2]", "{}"])
def test_damaged_class_names_of_a_file(classes: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"image": ["a"], "label": ["cat"]}).write_parquet(path, metadata={"classes": classes})
    with pytest.raises(UserError, match=r"t\.parquet: the classes in its metadata are damaged"):
        importer("parquet")(path, Given())


def test_classes_that_are_listed_twice_are_refused_wherever_they_stand(tmp_path: Path) -> None:
    why = "the classes list 'cat' twice"
    frame = pl.DataFrame({"image": ["a"], "label": ["cat"]})
    frame.write_parquet(tmp_path / "t.parquet", metadata={"classes": '["cat", "dog", "cat"]'})
    with pytest.raises(UserError, match=rf"t\.parquet: {why}"):
        importer("parquet")(tmp_path / "t.parquet", Given())
    (tmp_path / "classes.txt").write_text("cat\r\ncat \r\n", newline="")
    (tmp_path / "labels.csv").write_text("image,ann\na,1\n")
    with pytest.raises(UserError, match=rf"labels\.csv: {why}"):
        importer("cleanlab")(tmp_path, Given())
    (tmp_path / "classes.txt").write_text("cat\n\ndog\n")
    with pytest.raises(UserError, match=r"labels\.csv: the name of class 2 of 3 is empty"):
        importer("cleanlab")(tmp_path, Given())


def test_blanks_and_blank_lines_at_the_end_are_no_part_of_listed_classes(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("\ufeffcat\r\n dog \r\n\r\n", encoding="utf-8", newline="")
    (tmp_path / "labels.csv").write_text("image,ann\na,1\n")
    log = importer("cleanlab")(tmp_path, Given())
    assert (log.classes, log.table["label"].to_list()) == (("cat", "dog"), ["dog"])


def test_a_first_distribution_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,distribution\na,{much}\n")
    with pytest.raises(UserError, match=r"t\.csv, line 2: '{much}' is not a distribution"):
        importer("csv")(tmp_path / "t.csv", Given())


def test_a_label_in_another_form_of_unicode_is_its_class(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,label\na,m\u00f6we\nb,mo\u0308we\n", encoding="utf-8")
    log = importer("csv")(tmp_path / "t.csv", Given(("mo\u0308we", "gans")))
    assert log.table["label"].to_list() == ["mo\u0308we", "mo\u0308we"]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("csv", "image , annotator , label , seconds\n a , ann , cat , nan\n"),
        ("csv", "image,annotator,label\na,ann,cat\n"),
        ("crowd-kit", "Task,Worker,LABEL\n a, ann ,cat \n"),
        ("cleanlab", "image,ann,bob,eve\na,0,NA, \n"),
    ],
)
def test_blanks_capitals_and_missing_values_change_nothing(form: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    log = importer(form)(tmp_path / "t.csv", Given(("cat", "dog"), ("a", "b")))
    assert log.table.select("image", "annotator", "label", "seconds").rows() == [("a", "ann", "cat", None)]


def test_rows_with_no_votes_are_left_out_with_a_word(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,label,votes\na,cat,0\nb,dog,2\n")
    log = importer("csv")(tmp_path / "t.csv", GIVEN)
    assert (log.table["image"].to_list(), log.notes) == (
        ["b", "b"],
        ("rows left out, as they have 0 votes: 1",),
    )


def test_a_path_of_the_benchmark_begins_with_its_name(tmp_path: Path) -> None:
    one = [{"image_path": "D\\fold1\\a", "class_label": "cat"}, {"image_path": "b", "class_label": "cat"}]
    sets = json.dumps([{"name": "x", "annotations": one}])
    said = refused(tmp_path, "dcic", "a.json", sets)
    assert said.startswith("a.json, set 1, annotation 2: image_path 'b' needs the dataset's name before it")
    (tmp_path / "a.json").write_text(json.dumps([{"name": "x", "annotations": one[:1]}]))
    log = importer("dcic")(tmp_path / "a.json", Given(("cat", "dog"), ("fold1/a",)))
    assert log.table["image"].to_list() == ["fold1/a"]
