"""What is said at the start of settings that change nothing, or disagree."""

import json
from collections.abc import Mapping
from typing import Any

from s2c2.config import Config
from s2c2.objectives import S2C2
from s2c2.types import Objective

Needed = tuple[tuple[str, tuple[Any, ...]], ...]
"""Other settings and their values; one of them is enough."""

COUNTED: Needed = (("data.split", (None,)),)
"""Shares of the images count where no preset of counts is taken."""
NEEDED: Mapping[str, Needed] = {
    "data.labeled": COUNTED,
    "data.unlabeled": COUNTED,
    "data.validation": COUNTED,
    "data.selection": COUNTED,
    "data.votes": (("data.labels", ("drawn",)),),
    "network.clusters": (("objective.name", ("s2c2",)), ("predict.clusters", ("prototypes",))),
    "predict.crossfit": (("predict.ambiguity", ("votes",)),),
    "predict.appearance": (("predict.clusters", ("prototypes",)),),
    "predict.prior": (("predict.ambiguity", ("doubt", "votes")), ("predict.clusters", ("prototypes",))),
}
"""What a setting needs to do anything, where it is not at its default."""


def unheeded(config: Config) -> list[str]:
    """Return a sentence for each setting that does nothing because of others."""
    values, usual = config.model_dump(), Config().model_dump()
    found = []
    for key, needed in NEEDED.items():
        value, others = _at(values, key), {other: _at(values, other) for other, _ in needed}
        if value == _at(usual, key) or any(others[other] in wanted for other, wanted in needed):
            continue
        against = " and ".join(_set(other, one) for other, one in others.items())
        instead = " or ".join(_set(other, wanted[0]) for other, wanted in needed)
        found.append(
            f"warning: {_set(key, value)} does nothing with {against}: set {instead}, or leave {key} out"
        )
    return found


def _at(values: Mapping[str, Any], key: str) -> Any:
    section, name = key.split(".")
    return values[section][name]


def _set(key: str, value: Any) -> str:
    """Return a setting as people write it.

    Example:
        >>> _set("data.split", None), _set("data.split", "cifar10h"), _set("predict.crossfit", True)
        ('data.split=null', 'data.split=cifar10h', 'predict.crossfit=true')
    """
    return f"{key}={value if isinstance(value, str) else json.dumps(value)}"


def idle(objective: Objective) -> list[str]:
    """Return a sentence for each part of the objective that does nothing."""
    if not isinstance(objective, S2C2):
        return []
    found = []
    if not objective.trains_clusters:
        found.append(
            "warning: no loss trains the cluster head, so clusters will mean nothing: L_CE⁻¹ is off, and L_S "
            "is off or has no second view; set objective.separation, or objective.lone_view=entropy"
        )
    if objective.evidence == "views" and not objective.compares_views:
        found.append(
            "warning: objective.evidence=views ranks by p_a itself, the algorithm has one view only: take "
            "objective.evidence=confidence"
        )
    if objective.votes and objective.disputed is None:
        found.append(
            "warning: objective.votes does nothing, no labeled image has two votes: set data.votes or "
            "data.labels=soft where images have several annotations"
        )
    return found


def unequal(objective: Objective, config: Config) -> list[str]:
    """Return a sentence where training and predictions go by different shares of ambiguous images."""
    if not isinstance(objective, S2C2) or not objective.ambiguity or config.predict.ambiguity == "head":
        return []
    trained, aside = objective.prior, config.predict.prior
    if trained is None or trained == aside:
        return []
    return [
        f"warning: p_a is trained towards objective.prior={trained}, and predict.ambiguity="
        f"{config.predict.ambiguity} sets aside predict.prior={aside}: set both alike if one share is meant"
    ]
