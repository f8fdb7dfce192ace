from dataclasses import replace
from typing import Any

import pytest

from s2c2 import config as configuration
from s2c2.benchmarks.cases import Asked, cases, views_of
from s2c2.errors import UserError


def test_cases_are_the_combinations_that_differ() -> None:
    asked = Asked(algorithms=("fixmatch", "mean-teacher"), precisions=("float32",))
    assert [case.name for case in cases(asked)] == [
        "fixmatch vanilla joined float32 channels_last",
        "fixmatch s2c2 joined float32 channels_last",
        "fixmatch vanilla lean float32 channels_last",
        "fixmatch s2c2 lean float32 channels_last",
        "mean-teacher vanilla joined float32 channels_last",
        "mean-teacher s2c2 joined float32 channels_last",
    ]
    assert len(list(cases(replace(asked, compiled=("no", "default"))))) == 12


def test_every_case_is_a_configuration() -> None:
    asked = Asked(algorithms=("uda",), layouts=("nchw",), network="wrn-10-1", batch=3)
    for case in cases(asked):
        config: Any = configuration.resolve(case.values(asked))
        assert (config.algorithm.name, config.objective.name) == ("uda", case.objective)
        assert (config.train.batch, config.train.passes) == (3, case.passes)
        assert case.options(asked)["layout"] == "nchw"


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"algorithms": ("fixmach",)}, "fixmatch"),
        ({"precisions": ("float16",)}, "bfloat16"),
        ({"layouts": ("nhwc",)}, "nchw"),
        ({"network": "wrn"}, "wrn-28-2"),
        ({"batch": 0}, "at least 1"),
        ({"compiled": ("fast",)}, "reduce-overhead"),
        ({"device": "gpu"}, "cuda"),
    ],
)
def test_what_cannot_be_measured_is_named(change: dict[str, Any], hint: str) -> None:
    with pytest.raises(UserError, match=hint):
        replace(Asked(), **change).check()


def test_views_are_those_that_pass_through_a_network() -> None:
    assert views_of("fixmatch", 16) == 16 + 7 * 16 * 2
    assert views_of("mean-teacher", 16) == 16 + 16 + 16
    assert views_of("supervised", 16) == 16
