"""What Label Studio writes, as its documentation and its converter show it."""

import json
from pathlib import Path
from typing import Any

import pytest

from s2c2.data.logs import IMPORTERS, Given
from s2c2.errors import UserError

CHOICE = {"id": "x", "from_name": "label", "to_name": "image", "type": "choices"}


def annotation(*choices: str, **fields: Any) -> dict[str, Any]:
    """An annotation that chooses something."""
    results = [CHOICE | {"value": {"choices": list(choices)}}] if choices else []
    return {"result": results, "was_cancelled": False, "lead_time": 2.5, "completed_by": 7} | fields


def export(folder: Path, *tasks: dict[str, Any]) -> Path:
    """A JSON export."""
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    return path


def rows(path: Path, known: Given | None = None) -> list[tuple[Any, ...]]:
    """Image, annotator, label, kind and seconds of each answer."""
    log = IMPORTERS["label-studio"](path, known or Given())
    return log.table.select("image", "annotator", "label", "kind", "seconds").rows()


def test_people_are_addresses_or_numbers_and_cancelled_is_skipped(tmp_path: Path) -> None:
    person = {"id": 3, "email": "ann@x.org"}
    task = {
        "data": {"image": "/data/upload/1/3fa9-a%20b.png"},
        "annotations": [
            annotation("cat", completed_by=person),
            annotation("dog"),
            annotation("dog", was_cancelled=True, completed_by=9, lead_time=None),
        ],
    }
    assert rows(export(tmp_path, task)) == [
        ("data/upload/1/3fa9-a b.png", "ann@x.org", "cat", "label", 2.5),
        ("data/upload/1/3fa9-a b.png", "7", "dog", "label", 2.5),
        ("data/upload/1/3fa9-a b.png", "9", None, "skip", None),
    ]


def test_paths_are_matched_with_the_images_of_a_dataset(tmp_path: Path) -> None:
    known = Given(("cat", "dog"), ("pets/a.png", "b.png"))
    places = ("/data/local-files/?d=disk/pets/a.png", "https://x.org/bucket/b.png", "s3://bucket/deep/b.png")
    tasks = [{"data": {"image": place}, "annotations": [annotation("cat")]} for place in places]
    assert [row[0] for row in rows(export(tmp_path, *tasks), known)] == ["pets/a.png", "b.png", "b.png"]


def test_several_choices_are_a_distribution(tmp_path: Path) -> None:
    task = {"data": {"image": "a.png"}, "annotations": [annotation("cat", "dog")]}
    log = IMPORTERS["label-studio"](export(tmp_path, task), Given(("cat", "dog", "owl")))
    assert log.table.select("label", "kind", "distribution").rows() == [(None, "ambiguous", [0.5, 0.5, 0.0])]


def test_the_only_control_names_the_class(tmp_path: Path) -> None:
    one = CHOICE | {"from_name": "species", "value": {"choices": ["cat"]}}
    task = {"data": {"image": "a.png"}, "annotations": [annotation(result=[one])]}
    assert rows(export(tmp_path, task))[0][2] == "cat"
    two = CHOICE | {"from_name": "colour", "value": {"choices": ["red"]}}
    task = {"data": {"image": "a.png"}, "annotations": [annotation(result=[one, two])]}
    with pytest.raises(UserError, match="which of colour, species"):
        rows(export(tmp_path, task))


def test_the_csv_of_its_converter(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    lines = [
        "ambiguous,annotation_id,annotator,created_at,id,image,label,lead_time,updated_at",
        ",1,ann@x.org,2026-11-24T10:00:00Z,1,/data/local-files/?d=a.png,cat,1.5,2026-11-24T10:00:02Z",
        'ambiguous,2,7,,2,b.png,"{""choices"":[""cat"",""dog""]}",,',
    ]
    path.write_text("\n".join(lines) + "\n")
    assert rows(path) == [
        ("a.png", "ann@x.org", "cat", "label", 1.5),
        ("b.png", "7", None, "ambiguous", None),
    ]


def test_json_min(tmp_path: Path) -> None:
    flat = {"image": "a.png", "id": 1, "label": "cat", "annotator": 1, "annotation_id": 2, "lead_time": 3.0}
    assert rows(export(tmp_path, flat)) == [("a.png", "1", "cat", "label", 3.0)]


@pytest.mark.parametrize(
    ("data", "image", "column"),
    [
        ({"title": "a cat", "photo": "/data/upload/1/a.JPG"}, "data/upload/1/a.JPG", "photo"),
        ({"title": "a cat", "Image": "a.png", "thumb": "t.png"}, "a.png", None),
        ({"key": "scan 17"}, "scan 17", "key"),
        ({"title": "a cat", "photo": "https://x.org/a.png?size=5"}, "a.png", "photo"),
    ],
)
def test_images_of_another_name(data: dict[str, str], image: str, column: str | None, tmp_path: Path) -> None:
    path = export(tmp_path, {"data": data, "annotations": [annotation("cat")]})
    log = IMPORTERS["label-studio"](path, Given())
    assert log.table["image"].to_list() == [image]
    assert log.notes == (
        () if column is None else (f"images are taken from '{column}', as the tasks have no 'image'",)
    )


def test_a_flat_export_with_other_names(tmp_path: Path) -> None:
    flat = {"img": "a.png", "id": 1, "species": "cat", "annotator": 1}
    assert rows(export(tmp_path, flat))[0][:3] == ("a.png", "1", "cat")


def test_an_image_that_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    for data in ({"left": "a.png", "right": "b.png"}, {"left": "a", "right": "b"}):
        path = export(tmp_path, {"data": data, "annotations": [annotation("cat")]})
        with pytest.raises(UserError, match=r"no 'image', and which of left, right names the image file"):
            rows(path)


def test_uploaded_files_are_matched_without_what_the_tool_puts_before_them(tmp_path: Path) -> None:
    places = ("3fa9b2c1-a.png", "0123abcd-b.png", "00000000-c.png")
    tasks = [
        {"data": {"image": f"/data/upload/1/{place}"}, "annotations": [annotation("cat ")]}
        for place in places
    ]
    known = Given(("cat", "dog"), ("pets/a.png", "0123abcd-b.png", "b.png"))
    found = rows(export(tmp_path, *tasks), known)
    assert [row[0] for row in found] == ["pets/a.png", "0123abcd-b.png", "data/upload/1/00000000-c.png"]
    assert {row[2] for row in found} == {"cat"}


def test_answers_that_hold_boxes_alone_are_named(tmp_path: Path) -> None:
    box = CHOICE | {"type": "rectanglelabels", "value": {"rectanglelabels": ["cat"], "x": 1}}
    given = [annotation("cat"), annotation(result=[box]), annotation("dog", was_cancelled=True)]
    task = {"data": {"image": "a.png"}, "annotations": given}
    log = IMPORTERS["label-studio"](export(tmp_path, task), Given())
    assert log.table["kind"].to_list() == ["label", "skip", "skip"]
    assert len(log.notes) == 1
    assert log.notes[0].startswith("1 annotations hold neither choices nor text")
    assert log.notes[0].endswith("task 1, annotation 2")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{}", "must be a list of tasks"),
        ('[{"annotations": []}]', "lacks 'data'"),
        ('[{"data": {}, "annotations": [{"result": []}]}]', "name no image"),
        ('[{"data": {"image": "a"}, "annotations": [{"result": [3]}]}]', "a result needs"),
        (
            '[{"data": {"image": "a"}, "annotations": [{"result": [], "lead_time": "soon"}]}]',
            "no number of seconds",
        ),
        ("nonsense", "not JSON"),
    ],
)
def test_damaged_exports_are_one_sentence(content: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    with pytest.raises(UserError, match=sentence):
        rows(path)
