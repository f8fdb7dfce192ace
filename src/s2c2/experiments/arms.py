"""The arms of the experiments: what is held against each other, as changes of a configuration."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from s2c2 import config as configuration
from s2c2.data.annotations import ambiguous
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError
from s2c2.experiments.planned import Values

Arms = Callable[[Dataset, Values], Mapping[str, Values]]
"""From a dataset and the shared values to the arms by name, each with what it changes."""
VANILLA: Values = {
    "objective": {"name": "vanilla"},
    "predict": {"ambiguity": "head", "clusters": "head"},
}
"""The plain algorithm, read plainly, whatever the others are read with."""
S2C2: Values = {"objective": {"name": "s2c2"}}
READOUT: Values = {"ambiguity": "doubt", "clusters": "prototypes"}
"""What ``predict`` is, but for the prior, where a network is read by its doubt."""

VIEWS = 4
"""Views that arms named so average."""
VOTES = 5
"""Votes that arms named so draw for each labeled image."""
DEPTHS = (2, 3, 5)
"""Votes of a labeled image in arms that give as many votes to fewer images."""
LARGER = 4
"""Images in a batch of arms named so, for each in the others'."""
WEIGHTS = (5, 10, 20, 50)
"""Weights of the unlabeled loss, as they are on average after S2C2's 1 - p_a."""
EQUAL = "vanilla-views"
"""The plain arm that averages as many views."""
PARTNERS: Mapping[str, str] = {
    "-votes-equal": "vanilla-views-votes",
    "-equal": EQUAL,
    "-batch": "vanilla-batch",
    "-soft": "vanilla-soft",
    "-votes-same": "vanilla-probe-votes",
    "-same": "vanilla-probe",
    "-votes": "vanilla-votes",
    **{f"-weight-{weight}": f"vanilla-weight-{weight}" for weight in WEIGHTS},
}
"""Plain arm by how the name of an arm ends; all others are held against ``vanilla``."""


def plain_of(arm: str) -> str:
    """Return the plain arm that an arm is held against: the one that was given as much.

    Example:
        >>> plain_of("s2c2"), plain_of("readout-views-equal"), plain_of("supervised-votes")
        ('vanilla', 'vanilla-views', 'vanilla-votes')
    """
    return next((plain for ending, plain in PARTNERS.items() if arm.endswith(ending)), "vanilla")


def share_disputed(dataset: Dataset, tolerance: float) -> float:
    """Return the share of the annotated images that people disagree about.

    Raises:
        UserError: when no image is annotated.
    """
    soft_labels = dataset.annotations.soft_labels(dataset.images)
    known = soft_labels[~np.isnan(soft_labels).any(axis=1)]
    if not len(known):
        raise UserError(f"no image of {dataset.root} is annotated: its share of ambiguous images is unknown")
    return round(float(ambiguous(known, tolerance).mean()), 3)


def measured(dataset: Dataset, base: Values) -> float:
    """Return the share of the annotated images that people disagree about, by the shared values.

    Raises:
        UserError: when no image is annotated.
    """
    return share_disputed(dataset, configuration.resolve(base).data.tolerance)


def plain(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return the algorithm plain, alone."""
    return {"vanilla": VANILLA}


def extended(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return the algorithm plain and extended by S2C2."""
    return {"vanilla": VANILLA, "s2c2": S2C2}


def ablation(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return the parts of S2C2 alone and together; with p_A at 0.6 and at the share people disagree about."""
    share = measured(dataset, base)
    found: dict[str, Values] = {
        "vanilla": VANILLA,
        "ce-inverse": {"objective": {"name": "s2c2", "prior": None, "similarity": 0.0}},
    }
    for suffix, prior in (("", 0.6), ("-share", share)):
        both = {"name": "s2c2", "prior": prior}
        found[f"cc{suffix}"] = {"objective": both | {"separation": 0.0}}
        found[f"s2c2{suffix}"] = {"objective": both}
    return found


def labels(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return the plain algorithm by where the label of a labeled image comes from."""
    arms = {name: {"data": {"labels": name}} for name in ("drawn", "majority", "soft")}
    arms["undisputed"] = {"data": {"labels": "drawn", "disputed": "remove"}}
    # Drawn labels are the default of all other experiments.
    return {
        "vanilla" if name == "drawn" else name: configuration.merged(VANILLA, values)
        for name, values in arms.items()
    }


def swept(section: str, key: str, values: Callable[[int], tuple[Any, ...]]) -> Arms:
    """Return the arms of a sweep over one key; the point that changes nothing is called ``s2c2``."""

    def arms(dataset: Dataset, base: Values) -> dict[str, Values]:
        found: dict[str, Values] = {"vanilla": VANILLA}
        usual = configuration.resolve(configuration.merged(base, S2C2))
        for value in values(len(dataset.classes)):
            changes = configuration.merged(S2C2, {section: {key: value}})
            same = configuration.resolve(configuration.merged(base, changes)) == usual
            found["s2c2" if same else f"{key}-{value}"] = changes
        return found

    return arms


def clusters(classes: int) -> tuple[int | None, ...]:
    """Return numbers of clusters around the paper's 5 · k, which is the default."""
    return tuple(None if factor == 5 else factor * classes for factor in (1, 2, 3, 5, 10, 20))
