"""Settings that were set and change nothing, because of another one."""

import json
from collections.abc import Mapping
from typing import Any

from s2c2.config import Config

Needed = tuple[tuple[str, tuple[Any, ...]], ...]
"""Other settings and their values; one of them is enough."""

SIZES: Needed = (("data.split", (None,)),)
"""Shares of the images count where no preset of counts is taken."""
NEEDED: Mapping[str, Needed] = {
    "data.labeled": SIZES,
    "data.unlabeled": SIZES,
    "data.validation": SIZES,
    "data.selection": SIZES,
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
