"""Configurations: to YAML and back, every mistake at once, and no text that gives a traceback."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.config import PRESETS, Config
from s2c2.data.description import SIZES
from s2c2.errors import UserError
from s2c2.networks import BACKBONES
from s2c2.optimizers import OPTIMIZERS

GOOD: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.integers(0, 2**31),
    "train.steps": st.integers(1, 10**6),
    "train.clip": st.floats(1e-6, 1e6),
    "train.precision": st.sampled_from(["auto", "float32", "bfloat16"]),
    "train.threads": st.none() | st.integers(1, 64),
    "data.labeled": st.floats(0, 1) | st.integers(0, 10**6),
    "data.skip_broken": st.booleans(),
    "views.cutout": st.floats(0, 1),
    "views.pool": st.none() | st.lists(st.sampled_from(["rotate", "invert"]), min_size=1, max_size=3),
    "network.clusters": st.none() | st.integers(2, 999),
    "predict.prior": st.floats(0, 1),
}
"""Keys and the values that they take."""
BAD: dict[str, list[Any]] = {
    "seed": [-1, 0.5, "x", None],
    "train.steps": [0, 1.0, "many", [], True],
    "train.batch": [0, None],
    "train.precision": ["float16", 16],
    "data.labeled": [-1, 1.5, "all"],
    "objective.prior": [2.0, "high"],
    "network.averaging": ["slow"],
    "optimizer.rate": ["fast", 0, -1.0, float("nan")],
    "views.pool": [[]],
    "train.stps": [3],
    "nothing": [1],
}
"""Keys and values that cannot be."""


def nested(values: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for path, value in values.items():
        for key in reversed(path.split(".")):
            value = {key: value}
        result = configuration.merged(result, value)
    return result


@st.composite
def configs(draw: st.DrawFn) -> Config:
    values = draw(st.fixed_dictionaries({}, optional=GOOD))
    names = {
        "algorithm.name": draw(st.sampled_from(sorted(ALGORITHMS))),
        "objective.name": draw(st.sampled_from(["vanilla", "s2c2"])),
        "network.backbone.name": draw(st.sampled_from(sorted(set(BACKBONES) - {"timm"}))),
        "optimizer.name": draw(st.sampled_from(sorted(OPTIMIZERS))),
    }
    return configuration.resolve(nested(names | values))


@settings(max_examples=60)
@given(config=configs())
def test_a_configuration_goes_through_yaml_and_back(config: Config) -> None:
    written = yaml.safe_load(configuration.dump(config))
    assert configuration.resolve(written) == config
    assert configuration.completed(written) == config.model_dump(mode="json")


@settings(max_examples=60)
@given(wrong=st.dictionaries(st.sampled_from(sorted(BAD)), st.integers(0, 9), min_size=1), good=configs())
def test_every_mistake_is_named_at_once(wrong: dict[str, int], good: Config) -> None:
    values = {key: BAD[key][number % len(BAD[key])] for key, number in wrong.items()}
    base = good.model_dump(mode="json") | {"objective": {"name": "s2c2"}}
    with pytest.raises(UserError) as caught:
        configuration.resolve(configuration.merged(base, nested(values)))
    lines = str(caught.value).splitlines()
    for key in values:
        assert any(key in line for line in lines), (key, lines)


@settings(max_examples=150)
@given(text=st.text(max_size=30), key=st.sampled_from(["seed", "train.steps", "algorithm", "a.b"]))
def test_no_assignment_gives_a_traceback(text: str, key: str) -> None:
    with suppress(UserError):
        configuration.resolve(configuration.assignments([f"{key}={text}"]))


@settings(max_examples=100)
@given(text=st.text(max_size=60))
def test_no_file_gives_a_traceback(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "config.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with suppress(UserError):
        configuration.resolve(configuration.read(path))


@pytest.mark.parametrize("text", ["2020-99-99", "!!python/object:os.system x", "&a [*a]", "{", "0x"])
def test_odd_values_are_one_clear_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        configuration.resolve(configuration.assignments([f"train.steps={text}"]))
    path = tmp_path / "c.yaml"
    path.write_text(f"train: {{steps: {text}}}")
    with pytest.raises(UserError):
        configuration.resolve(configuration.read(path))


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "1.0e-3", "0.001"])
def test_numbers_are_read_as_people_write_them(text: str, tmp_path: Path) -> None:
    values = configuration.assignments([f"optimizer.rate={text}"])
    assert values == {"optimizer": {"rate": 0.001}}
    (tmp_path / "c.yaml").write_text(f"optimizer: {{rate: {text}}}")
    assert configuration.read(tmp_path / "c.yaml") == values
    assert configuration.assignments(["a=e3", "b=1e3x", "c=12"]) == {"a": "e3", "b": "1e3x", "c": 12}


def test_recommended_is_the_preset_features_with_another_reading() -> None:
    features, recommended = (configuration.preset(name) for name in ("features", "recommended"))
    values = [
        "data.labels=soft",
        "predict.classes=probe",
        "predict.ambiguity=doubt",
        "predict.clusters=prototypes",
    ]
    assert recommended == configuration.merged(features, configuration.assignments(values))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("key", "value", "name"),
    [("algorithm", "threshold=0.5", "fixmatch"), ("network.backbone", "hidden=64", "features")],
)
def test_the_order_of_name_and_key_does_not_matter(key: str, value: str, name: str, turned: bool) -> None:
    pairs = [f"{key}.name={name}", f"{key}.{value}"]
    values = configuration.assignments(pairs[::-1] if turned else pairs)
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), values))
    assert (config.algorithm.name, config.network.backbone.name).count(name) == 1
    assert value in (
        f"threshold={getattr(config.algorithm, 'threshold', None)}",
        f"hidden={getattr(config.network.backbone, 'hidden', None)}",
    )


@pytest.mark.parametrize(
    "pair",
    [
        "optimizer.rate=-1",
        "optimizer.rate=.nan",
        "optimizer.momentum=-0.5",
        "optimizer.momentum=1",
        "optimizer.decay=-1",
        "optimizer={name: adamw, rate: 0}",
        "optimizer={name: adamw, decay: .nan}",
        "algorithm={name: mixmatch, temperature: 0}",
        "views.pool=[]",
        "network.backbone.slope=-3",
        "network.backbone.momentum=5",
        "network.backbone.momentum=0",
        "network.backbone={name: features, slope: 2}",
        "data.size=2049",
    ],
)
def test_a_number_out_of_its_range_is_told_before_anything_is_read(pair: str) -> None:
    place = pair.partition("=")[0]
    with pytest.raises(UserError, match=rf"^{place}.* should "):
        configuration.resolve(configuration.assignments([pair]))


def test_a_size_that_a_dataset_may_ask_for_can_be_set() -> None:
    pairs = [f"data.size={size}" for size in (SIZES[0], SIZES[-1])]
    sizes = [configuration.resolve(configuration.assignments([pair])).data.size for pair in pairs]
    assert sizes == [8, 2048]


@pytest.mark.parametrize(
    ("pair", "remedy"),
    [
        ("algorithm=fixmatch", "write algorithm.name=fixmatch"),
        ("network.backbone=resnet", "write network.backbone.name=resnet"),
        ("optimizer=", "write optimizer.name=NAME"),
        ("train=5", "write train.KEY=VALUE with one of steps, batch, "),
        ("network=[resnet]", "write network.KEY=VALUE with one of backbone, "),
    ],
)
def test_a_value_in_the_place_of_a_section_is_told_what_to_write(pair: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        configuration.resolve(configuration.assignments([pair]))
    assert str(caught.value).startswith(f"{pair.partition('=')[0]} is a section, not ")
    assert remedy in str(caught.value)


def test_another_name_drops_the_keys_of_the_old_one() -> None:
    values = {"algorithm": {"name": "mean-teacher", "consistency": 5.0}}
    over = {"algorithm": {"name": "fixmatch"}}
    assert configuration.merged(values, over) == over


def test_options_and_pairs_agree() -> None:
    given = {"algorithm": {"name": "fixmatch"}, "seed": 3}
    assert configuration.agreed(given, {"algorithm": {"threshold": 0.5}, "seed": 3}) == {
        "algorithm": {"name": "fixmatch", "threshold": 0.5},
        "seed": 3,
    }
    with pytest.raises(
        UserError, match=r"algorithm.name is given twice, as 'fixmatch' .*=uda: leave one out"
    ):
        configuration.agreed(given, {"algorithm": {"name": "uda"}})
    with pytest.raises(UserError, match="seed is given twice"):
        configuration.agreed(given, {"seed": 4})


@pytest.mark.parametrize("name", PRESETS)
def test_presets_resolve(name: str) -> None:
    config = configuration.resolve(configuration.preset(name))
    assert configuration.resolve(yaml.safe_load(configuration.dump(config))) == config
