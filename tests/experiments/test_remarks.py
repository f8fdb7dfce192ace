import json
from typing import Any

import pytest

from s2c2.config import merged, resolve
from s2c2.experiments.remarks import NEEDED, unheeded

IDLE: list[tuple[str, Any, dict[str, Any], str]] = [
    ("data.labeled", 40, {"data": {"split": "cifar10h"}}, "with data.split=cifar10h: set data.split=null"),
    ("data.unlabeled", 0.5, {"data": {"split": "cifar10h"}}, "or leave data.unlabeled out"),
    ("data.validation", 0.3, {"data": {"split": "cifar10h"}}, "with data.split=cifar10h"),
    ("data.selection", 0.1, {"data": {"split": "cifar10h"}}, "with data.split=cifar10h"),
    ("data.votes", 3, {"data": {"labels": "soft"}}, "with data.labels=soft: set data.labels=drawn"),
    ("predict.crossfit", True, {"predict": {"ambiguity": "doubt"}}, "set predict.ambiguity=votes"),
    ("predict.appearance", 0.5, {"predict": {"ambiguity": "doubt"}}, "set predict.clusters=prototypes"),
    ("predict.prior", 0.3, {}, "set predict.ambiguity=doubt or predict.clusters=prototypes"),
    (
        *("network.clusters", 12, {"objective": {"name": "vanilla"}}),
        "with objective.name=vanilla and predict.clusters=head: set objective.name=s2c2",
    ),
]
HEEDED: dict[str, list[dict[str, Any]]] = {
    "data.votes": [{}],
    "network.clusters": [{}, {"objective": {"name": "vanilla"}, "predict": {"clusters": "prototypes"}}],
    "predict.crossfit": [{"predict": {"ambiguity": "votes"}}],
    "predict.appearance": [{"predict": {"clusters": "prototypes"}}],
    "predict.prior": [{"predict": {"ambiguity": name}} for name in ("doubt", "votes")]
    + [{"predict": {"clusters": "prototypes"}}],
}
"""What a setting does something with, where that is not the default of ``data.split``."""


@pytest.mark.parametrize(("key", "value", "others", "said"), IDLE, ids=[case[0] for case in IDLE])
def test_a_setting_that_another_idles_is_said(
    key: str, value: Any, others: dict[str, Any], said: str
) -> None:
    section, name = key.split(".")
    own = {section: {name: value}}
    (text,) = unheeded(resolve(merged(own, others)))
    assert text.startswith(f"warning: {key}={json.dumps(value)} does nothing with ")
    assert said in text
    assert unheeded(resolve(others)) == []
    for heeding in HEEDED.get(key, [{}]):
        assert unheeded(resolve(merged(own, heeding))) == []


def test_each_setting_that_needs_another_is_tested() -> None:
    assert {key for key, *_ in IDLE} == NEEDED.keys()
