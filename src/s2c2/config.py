"""The configuration of a run: strict, every mistake named at once, with its likely correction."""

import ast
import dataclasses
import functools
import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from s2c2.algorithms import ALGORITHMS
from s2c2.data.description import SIZES
from s2c2.errors import UserError, chosen, unknown
from s2c2.networks import BACKBONES
from s2c2.objectives import OBJECTIVES
from s2c2.optimizers import OPTIMIZERS
from s2c2.types import Count, Share

Size = Annotated[int, Field(ge=0)] | Share


class Section(BaseModel):
    """A part of the configuration; unknown keys are errors and no value is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Named(Section):
    """A part made from a class of a registry: its descriptions come with its fields."""

    # Pydantic would read the source of all callers for each such part, a fifth of a second in all.
    model_config = ConfigDict(use_attribute_docstrings=False)


def fields_of(cls: Any) -> dict[str, Any]:
    """Return the configurable fields of a dataclass, with their documentation, for a pydantic model."""
    documented = _docstrings(cls)
    hidden = {"algorithm", "class_weights", "disputed"}
    return {
        field.name: (field.type, Field(_default(field), description=documented.get(field.name)))
        for field in dataclasses.fields(cls)
        if field.name not in hidden
    }


def choice(registry: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the type of a named entry of a registry with its fields: ``{name: …, field: …}``."""
    models = [_named(name, cls) for name, cls in registry.items()]
    return Annotated[Union[tuple(models)], Field(discriminator="name")]  # noqa: UP007


@functools.cache
def _named(name: str, cls: Callable[..., Any]) -> type[BaseModel]:
    marker: Any = (Literal[name], name)
    fields = fields_of(cls)
    title = name.title().replace("-", "")
    return create_model(title, __base__=Named, name=marker, **fields)


def _default(field: Any) -> Any:
    return ... if field.default is dataclasses.MISSING else field.default


def _docstrings(cls: Any) -> dict[str, str]:
    """Return the docstrings below the fields of a class."""
    try:
        body = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body[0].body  # type: ignore[attr-defined]
    except (OSError, SyntaxError):
        return {}
    return {
        node.target.id: " ".join(doc.value.value.split())
        for node, doc in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
        and isinstance(doc.value.value, str)
    }


def _build(registry: Mapping[str, Callable[..., Any]], name: str) -> BaseModel:
    return _named(name, registry[name])()


if TYPE_CHECKING:
    AlgorithmConfig = Any
    ObjectiveConfig = Any
    BackboneConfig = Any
    OptimizerConfig = Any
else:
    AlgorithmConfig = choice(ALGORITHMS)
    ObjectiveConfig = choice({name: entry for name, entry in OBJECTIVES.items() if inspect.isclass(entry)})
    BackboneConfig = choice(BACKBONES)
    OptimizerConfig = choice(OPTIMIZERS)


class DataConfig(Section):
    """Which images are trained on, and what their labels are."""

    size: Annotated[int, Field(ge=SIZES[0], le=SIZES[-1])] | None = None
    """Training size in pixels; null takes the dataset's, else what a frozen network reads, else 32."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How an image that is not square becomes square."""
    labels: Literal["drawn", "majority", "soft"] = "drawn"
    """Label of a labeled image: one drawn from its annotations (paper), their majority, or their mean."""
    votes: Count = 1
    """Votes drawn for each labeled image, where labels are drawn; their mean is its label (paper: one)."""
    split: str | None = None
    """Preset of split sizes (the paper's Table 1); null takes the shares below."""
    labeled: Size = 0.16
    """Labeled images, as a number or a share."""
    unlabeled: Size | None = None
    """Unlabeled images, as a number or a share; null takes all that are left."""
    validation: Size = 0.2
    """Validation images, as a number or a share."""
    selection: Size = 0.0
    """Images to choose between runs by, never reported."""
    skip_broken: bool = False
    """Whether images that cannot be read are left out instead of stopping the run."""
    labeled_as_unlabeled: bool = True
    """Whether the labeled images are among the unlabeled ones too (reference)."""
    block: Count | None = None
    """Unlabeled images that are read side by side, for a pack larger than memory; null shuffles all alike."""
    class_weights: bool = True
    """Whether the labeled loss is balanced by N / (k · n_c), from the labeled images only."""
    disputed: Literal["keep", "remove"] = "keep"
    """Whether images that people disagree about are left out of every split (paper, Table 5: C)."""
    tolerance: Share = 0.03
    """An image counts as ambiguous in truth when its largest label share is below 1 − tolerance."""


class NetworkConfig(Section):
    """The network."""

    backbone: BackboneConfig = Field(default_factory=lambda: _build(BACKBONES, "wide-resnet"))
    """Features before the heads."""
    weights: str | None = None
    """First weights of the backbone: a safetensors file, which can be a checkpoint of a run; null draws them,
    or takes those that the backbone comes with."""
    clusters: Annotated[int, Field(ge=2)] | None = None
    """Clusters k′ of the overclustering; null takes 5 · k (paper)."""
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Decay of the averaged network (reference: 0.999)."""


class ViewsConfig(Section):
    """How images are changed while training."""

    flip: bool = True
    """Whether half of the images are mirrored left to right."""
    upend: bool = False
    """Whether half of the images are flipped upside down, for images without an upright such as plankton."""
    turn: bool = False
    """Whether images are turned by a random right angle, for images without an upright."""
    shift: Annotated[float, Field(ge=0, lt=1)] = 0.125
    """Largest shift as a share of the size."""
    operations: Annotated[int, Field(ge=0)] = 2
    """Operations of RandAugment that a strong view draws for each image."""
    pool: Annotated[list[str], Field(min_length=1)] | None = None
    """Operations that are drawn from; null takes all fourteen."""
    cutout: Share = 0.5
    """Side of the square that a strong view covers, as a share of the size."""


class TrainConfig(Section):
    """How long and with what the network is trained."""

    steps: Count = 2000
    """Steps."""
    batch: Count = 16
    """Labeled images in a step."""
    clip: Annotated[float, Field(gt=0)] = 1.0
    """Largest norm of the gradient (reference: none; the exact inverse cross-entropy needs it)."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the networks; auto takes bfloat16 where the processor computes in it."""
    passes: Literal["joined", "apart", "lean"] = "joined"
    """One pass over all views of a step; one each, where only labeled images move statistics; or one over
    those that are trained and, without gradient, one over those that only give targets."""
    compile: bool = False
    """Whether the backbone is compiled: faster steps after a minute or more, which needs a C++ compiler."""
    checkpoint: Count = 250
    """Steps between two checkpoints."""
    keep: Count = 2
    """Checkpoints that are kept."""
    threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one run; null takes every core."""


class PredictConfig(Section):
    """How predictions are read from the trained network."""

    views: Count = 1
    """Weak views that are averaged; 1 takes the image as it is."""
    classes: Literal["head", "probe", "spread"] = "head"
    """p_n: the class head (paper), or what it and a linear probe agree on (see probe), or these and labels
    that spread over alike images (see spreading)."""
    ambiguity: Literal["head", "doubt", "votes"] = "head"
    """p_a: the ambiguity head (paper), doubt of p_n (see readout), or that and whether votes differ (probe).
    The last two are shifted so that the prior's share is ambiguous."""
    crossfit: bool = False
    """Whether the probe of votes learns from doubt of images whose labels that doubt was not told."""
    clusters: Literal["head", "prototypes"] = "head"
    """p_o: the cluster head (paper), or prototypes of class distribution and embedding (see readout)."""
    appearance: Annotated[float, Field(ge=0)] = 0.25
    """Weight of the embedding beside the class distribution in the prototypes."""
    prior: Share = 0.6
    """Share of images that doubt or votes call ambiguous; the expected share in the data."""


class Config(Section):
    """Everything that a run depends on beside the dataset."""

    algorithm: AlgorithmConfig = Field(default_factory=lambda: _build(ALGORITHMS, "mean-teacher"))
    """The semi-supervised algorithm."""
    objective: ObjectiveConfig = Field(default_factory=lambda: _build(OBJECTIVES, "s2c2"))
    """Extended by S2C2, or vanilla, or an ablation."""
    network: NetworkConfig = NetworkConfig()
    data: DataConfig = DataConfig()
    views: ViewsConfig = ViewsConfig()
    train: TrainConfig = TrainConfig()
    predict: PredictConfig = PredictConfig()
    optimizer: OptimizerConfig = Field(default_factory=lambda: _build(OPTIMIZERS, "sgd"))
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of splits, labels, weights and views."""


FEATURES: dict[str, Any] = {
    "network": {"backbone": {"name": "features"}, "averaging": 0.99},
    "train": {"steps": 1500, "batch": 64},
    "optimizer": {"name": "sgd", "rate": 0.02},
}
"""What trains a small trunk on the embeddings of a frozen network."""

PRESETS: Mapping[str, dict[str, Any]] = {
    "cpu": {
        "network": {"backbone": {"name": "wide-resnet", "depth": 10, "width": 1}, "averaging": 0.99},
        "train": {"steps": 1500, "batch": 32},
    },
    "demo": {
        "network": {"backbone": {"name": "wide-resnet", "depth": 10, "width": 1}, "averaging": 0.99},
        "train": {"steps": 600, "batch": 32},
    },
    "features": FEATURES,
    "finetune": {
        "network": {"backbone": {"name": "efficientnet-lite0"}, "averaging": 0.99},
        "data": {"size": 128},
        "train": {"steps": 1000, "batch": 16},
        "optimizer": {"name": "adamw", "rate": 0.001},
    },
    "recommended": FEATURES
    | {
        "data": {"labels": "soft"},
        "predict": {"classes": "probe", "ambiguity": "doubt", "clusters": "prototypes"},
    },
    "paper": {
        "network": {"backbone": {"name": "wide-resnet", "depth": 28, "width": 2}},
        "train": {"steps": 16384, "batch": 64},
        "optimizer": {"name": "sgd", "rate": 0.01},
    },
}
"""Starting points.

``cpu`` for two cores, ``demo`` for a first look, ``features`` for a trunk on the embeddings of a frozen
network, ``recommended`` for that read by a probe and prototypes, ``finetune`` to train such a network further
as a whole, ``paper`` as the reference trains.
"""


def resolve(values: Mapping[str, Any]) -> Config:
    """Return the configuration for nested values.

    Raises:
        UserError: names every mistake at once, each with what is possible.
    """
    values = merged(Config().model_dump(), values)
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise UserError("\n".join(_sentences(error, values))) from error


def completed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the written values of an older version with the settings that are new since, at their defaults.

    Values that this version does not take come back as they are.
    """
    try:
        return resolve(values).model_dump(mode="json")
    except UserError:
        return values


def build(registry: Mapping[str, Callable[..., Any]], chosen: Any, *args: Any) -> Any:
    """Return the registry's value for a chosen entry, for example an algorithm for its section."""
    return registry[chosen.name](*args, **chosen.model_dump(exclude={"name"}))


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the values of ``over``; a section of another ``name`` is replaced whole.

    Example:
        >>> merged({"algorithm": {"threshold": 0.5}}, {"algorithm": {"name": "fixmatch"}})
        {'algorithm': {'threshold': 0.5, 'name': 'fixmatch'}}
        >>> merged({"algorithm": {"name": "fixmatch", "threshold": 0.5}}, {"algorithm": {"name": "uda"}})
        {'algorithm': {'name': 'uda'}}
    """
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merged(old, value) if both and _same_name(old, value) else value  # type: ignore[arg-type]
    return result


def _same_name(old: Any, new: Any) -> bool:
    return "name" not in old or bool(new.get("name", old["name"]) == old["name"])


def agreed(given: Mapping[str, Any], pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what options of a command give, with the values of its pairs.

    Raises:
        UserError: where both give another value for the same key.
    """
    _agree(given, pairs, ())
    return merged(given, pairs)


def _agree(given: Any, pairs: Any, path: tuple[str, ...]) -> None:
    if isinstance(given, Mapping) and isinstance(pairs, Mapping):
        for key in given:
            if key in pairs:
                _agree(given[key], pairs[key], (*path, key))
    elif given != pairs and not isinstance(given, Mapping):
        place = ".".join(path)
        raise UserError(
            f"{place} is given twice, as '{given}' by an option and as {place}={pairs}: leave one out"
        )


def assignments(pairs: Iterable[str]) -> dict[str, Any]:
    """Return nested values for ``section.key=value`` pairs; values are YAML.

    Example:
        >>> assignments(["algorithm.threshold=0.9", "seed=3"])
        {'algorithm': {'threshold': 0.9}, 'seed': 3}
    """
    result: dict[str, Any] = {}
    for pair in pairs:
        path, found, text = pair.partition("=")
        if not found or not path:
            raise UserError(
                f"'{pair}' is no assignment: write section.key=value, for example train.steps=500"
            )
        try:
            value = _yaml(text)
        except (yaml.YAMLError, ValueError) as error:
            raise UserError(f"the value of '{pair}' is not YAML: {error}") from error
        for key in reversed(path.split(".")):
            value = {key: value}
        result = merged(result, value)
    return result


def read(path: Path) -> dict[str, Any]:
    """Read a YAML file of nested values.

    Raises:
        UserError: when the file is absent or not a YAML mapping.
    """
    try:
        values = _yaml(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise UserError(f"cannot read the configuration {path}: {error}") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} is not a mapping of sections")
    return values


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, too: YAML 1.1 wants 1.0e-3."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _yaml(text: str) -> Any:
    return yaml.load(text, _Loader)


def preset(name: str) -> dict[str, Any]:
    """Return the values of a preset.

    Raises:
        UserError: for an unknown name.
    """
    return chosen("preset", name, PRESETS)


def dump(config: Config) -> str:
    """Return the configuration as YAML, every default written out."""
    text: str = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return text


def _sentences(error: ValidationError, values: Mapping[str, Any]) -> list[str]:
    return [_sentence(problem, values) for problem in error.errors()]


def _sentence(problem: Any, values: Mapping[str, Any]) -> str:
    path = [str(part) for part in problem["loc"]]
    place = ".".join(_given(path, values))
    if problem["type"] == "extra_forbidden":
        return str(
            unknown("key", place, [".".join([*_given(path, values)[:-1], key]) for key in _keys(path)])
        )
    if problem["type"] == "union_tag_invalid":
        expected = [name.strip("' ") for name in problem["ctx"]["expected_tags"].split(",")]
        return str(unknown(place, str(problem["ctx"]["tag"]), expected))
    if problem["type"] == "union_tag_not_found":
        return f"{place} needs a name, for example {place}.name=…"
    if problem["type"] in ("model_attributes_type", "model_type"):
        return _no_section(path, place, problem["input"])
    return f"{place} = {problem['input']!r}: {problem['msg'].removeprefix('Input ').rstrip('.')}"


def _no_section(path: list[str], place: str, given: Any) -> str:
    """Say what to write where a value stands in the place of a section."""
    keys = getattr(_step_into(_section(path), path[-1]), "model_fields", None)
    if keys is not None:
        return f"{place} is a section, not {given!r}: write {place}.KEY=VALUE with one of {', '.join(keys)}"
    name = given if isinstance(given, str) else "NAME"
    return f"{place} is a section, not {given!r}: write {place}.name={name}"


def _given(path: list[str], values: Mapping[str, Any]) -> list[str]:
    """Return the part of an error's path that a person wrote: without the tags of pydantic's unions."""
    kept: list[str] = []
    place: Any = values
    for part in path:
        if isinstance(place, Mapping) and part in place:
            kept.append(part)
            place = place[part]
    return kept or path


def _keys(path: list[str]) -> list[str]:
    """Return the keys that are possible where a key was wrong."""
    return list(_section(path).model_fields)


def _section(path: list[str]) -> Any:
    """Return the section that the last part of an error's path lies in."""
    return functools.reduce(_step_into, path[:-1], Config)


def _step_into(section: Any, part: str) -> Any:
    if part in getattr(section, "model_fields", {}):
        field = section.model_fields[part]
        return field.annotation
    named = [
        model for model in getattr(section, "__args__", ()) if model.model_fields["name"].default == part
    ]
    return named[0]
