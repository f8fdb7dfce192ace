"""The sections of the benchmark by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from s2c2.benchmarks import predicts, scale, starting, steps, views
from s2c2.benchmarks.cases import Asked

Rows = list[dict[str, Any]]

SECTIONS: Mapping[str, Callable[[Asked], Rows]] = MappingProxyType(
    {
        "ceiling": steps.ceilings,
        "step": steps.rows,
        "views": lambda asked: views.rows(asked.rounds),
        "predict": predicts.predicting,
        "pack": predicts.packing,
        "start": starting.rows,
        "scale": lambda asked: list(scale.rows(scale.SIZES)),
    }
)
"""Each returns its rows. ``scale`` takes long and is measured only when it is named."""
SHORT = tuple(name for name in SECTIONS if name != "scale")
"""What is measured where nothing is named."""
