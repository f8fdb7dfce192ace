"""Whatever stands in a file: an import gives a log or one sentence, never anything else."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.data.logs import EXPORTERS, IMPORTERS, Extras, Given, Log
from s2c2.errors import UserError

CLASSES = ("cat", "dog")
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.floats(-1, 2), st.text("catdog./{}0 ", max_size=6)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["label", "image", "value", "choices", "confidence", "annotations"]), inner
        ),
    ),
    max_leaves=6,
)
FILES = {
    "label-studio": "annotations.json",
    "fiftyone": "labels.json",
    "dcic": "annotations.json",
    "imagefolder": "metadata.jsonl",
}


def example() -> Log:
    """A log with an answer of each kind."""
    rows = [
        {"image": "a.png", "annotator": "ann", "label": "cat", "distribution": None, "seconds": 1.0},
        {"image": "b.png", "annotator": "ann", "label": None, "distribution": [0.5, 0.5], "seconds": None},
        {"image": "a.png", "annotator": "bob", "label": None, "distribution": None, "seconds": None},
    ]
    return Log.build(pl.DataFrame(rows), CLASSES)


def mutated(value: Any, places: list[int], new: Any) -> Any:
    """A value with something else at one place within it."""
    if not places or not isinstance(value, dict | list) or not value:
        return new
    at, rest = places[0], places[1:]
    if isinstance(value, dict):
        keys = list(value)
        key = keys[at % len(keys)]
        return value | {key: mutated(value[key], rest, new)}
    at %= len(value)
    return [*value[:at], mutated(value[at], rest, new), *value[at + 1 :]]


@given(
    name=st.sampled_from(sorted(FILES)),
    places=st.lists(st.integers(0, 7), max_size=7),
    new=JSON,
    known=st.booleans(),
)
@settings(max_examples=300)
def test_mutated_json(
    name: str, places: list[int], new: Any, known: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = EXPORTERS[name](example(), Extras()).files[FILES[name]].decode()
    lines = [json.loads(line) for line in text.splitlines()] if name == "imagefolder" else json.loads(text)
    changed = mutated(lines, places, new)
    path = tmp_path_factory.mktemp("fuzz") / FILES[name]
    many = name == "imagefolder" and isinstance(changed, list)
    path.write_text("\n".join(map(json.dumps, changed)) if many else json.dumps(changed))
    attempt(name, path, known)


@given(name=st.sampled_from(["csv", "crowd-kit", "cleanlab", "label-studio", "fiftyone"]), data=st.data())
@settings(max_examples=200)
def test_any_csv(name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    names = [
        "image",
        "task",
        "worker",
        "label",
        "distribution",
        "live",
        "seconds",
        "filepath",
        "annotations",
        "round",
    ]
    head = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=5, unique=True))
    cell = st.sampled_from(
        ["", "cat", "dog", "0", "1.5", "true", '"{""cat"": 1.0}"', "[]", "a.png", '"[1, 2]"', "{}"]
    )
    rows = data.draw(st.lists(st.lists(cell, min_size=len(head), max_size=len(head)), max_size=4))
    path = tmp_path_factory.mktemp("fuzz") / "log.csv"
    path.write_text("\n".join([",".join(head), *(",".join(row) for row in rows)]) + "\n")
    attempt(name, path, data.draw(st.booleans()))


def attempt(name: str, path: Any, known: bool) -> None:
    """Import; a refusal is one line."""
    try:
        found = IMPORTERS[name](path, Given(CLASSES, ("a.png", "b.png")) if known else Given())
    except UserError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert isinstance(found, Log)
        found.shares()
