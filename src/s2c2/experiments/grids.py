"""The experiments as lists of runs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.config import Config
from s2c2.data import dataset as datasets
from s2c2.data.annotations import ambiguous
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError, chosen
from s2c2.experiments.consistent import consistent
from s2c2.experiments.planned import Planned as Planned
from s2c2.experiments.planned import Spread as Spread
from s2c2.experiments.planned import Values
from s2c2.experiments.rounds import rounds
from s2c2.studies import Entry, Study

VANILLA: Values = {
    "objective": {"name": "vanilla"},
    "predict": {"ambiguity": "head", "clusters": "head"},
}
"""The plain algorithm, read plainly, whatever the others are read with."""
S2C2: Values = {"objective": {"name": "s2c2"}}


Arms = Callable[[Dataset, Values], Mapping[str, Values]]
"""From a dataset and the shared values to the arms by name, each with what it changes."""
Then = Callable[[Sequence[Planned], Spread], list[Planned]]
"""From the runs of one dataset and algorithm to these, with what else is asked of them and what follows."""


def nothing(runs: Sequence[Planned], spread: Spread) -> list[Planned]:
    """Return the runs as they are."""
    return list(runs)


@dataclass(frozen=True)
class Experiment:
    """One question to runs."""

    title: str
    """What it asks, for people."""
    arms: Arms
    """What is held against each other."""
    algorithms: tuple[str, ...] = tuple(ALGORITHMS)
    """Algorithms it is asked of."""
    variable: str | None = None
    """Key of the configuration that is swept over."""
    then: Then = nothing
    """What follows from its runs."""


def plan(name: str, spread: Spread) -> tuple[Study, tuple[Planned, ...]]:
    """Return an experiment as a study and its runs.

    Raises:
        UserError: for an unknown experiment or algorithm, and for settings that do not fit.
    """
    experiment = chosen("experiment", name, EXPERIMENTS)
    for algorithm in spread.algorithms:
        chosen("algorithm", algorithm, ALGORITHMS)
    runs = tuple(
        run
        for dataset in _named(spread.folders).items()
        for algorithm in spread.algorithms or experiment.algorithms
        for run in _of_algorithm(experiment, dataset, algorithm, spread)
    )
    study = Study(name, experiment.title, tuple(run.entry for run in runs), experiment.variable)
    return study, runs


def _named(folders: tuple[Path, ...]) -> dict[str, Dataset]:
    named = {Path(os.path.abspath(folder)).name: folder for folder in folders}
    if len(named) < len(folders):
        raise UserError("two dataset folders have the same name, which is how tables call them: rename one")
    return {name: datasets.read(folder) for name, folder in named.items()}


def _of_algorithm(
    experiment: Experiment, named: tuple[str, Dataset], algorithm: str, spread: Spread
) -> list[Planned]:
    """Return the runs of one dataset and algorithm, seed by seed."""
    title, dataset = named
    base = configuration.merged(Config().model_dump(), spread.base)
    base = configuration.merged(base, {"algorithm": {"name": algorithm}, "train": {"threads": 1}})
    arms = experiment.arms(dataset, base)
    found = []
    for seed in range(spread.seeds):
        for arm, changes in arms.items():
            config = configuration.resolve(configuration.merged(base, dict(changes) | {"seed": seed}))
            plain = plain_of(arm)
            partner = f"{title}-{algorithm}-{plain}-{seed}" if plain in arms and _judges(config) else None
            entry = Entry(f"{title}-{algorithm}-{arm}-{seed}", title, algorithm, arm, seed, partner)
            found.append(Planned(entry, dataset.root, config.model_dump(mode="json")))
    return experiment.then(found, spread)


def plain_of(arm: str) -> str:
    """Return the plain arm that an arm is held against: the one that was given as much.

    Example:
        >>> plain_of("s2c2"), plain_of("readout-views-equal"), plain_of("supervised-votes")
        ('vanilla', 'vanilla-views', 'vanilla-votes')
    """
    return next((plain for ending, plain in PARTNERS.items() if arm.endswith(ending)), "vanilla")


def _judges(config: Config) -> bool:
    """Return whether a run says which images are ambiguous."""
    head = config.objective.name == "s2c2" and config.objective.prior is not None
    return bool(head or config.predict.ambiguity != "head")


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


def _extended(dataset: Dataset, base: Values) -> dict[str, Values]:
    return {"vanilla": VANILLA, "s2c2": S2C2}


def _ablation(dataset: Dataset, base: Values) -> dict[str, Values]:
    share = share_disputed(dataset, configuration.resolve(base).data.tolerance)
    found: dict[str, Values] = {
        "vanilla": VANILLA,
        "ce-inverse": {"objective": {"name": "s2c2", "prior": None, "similarity": 0.0}},
    }
    for suffix, prior in (("", 0.6), ("-share", share)):
        both = {"name": "s2c2", "prior": prior}
        found[f"cc{suffix}"] = {"objective": both | {"separation": 0.0}}
        found[f"s2c2{suffix}"] = {"objective": both}
    return found


def _labels(dataset: Dataset, base: Values) -> dict[str, Values]:
    arms = {name: {"data": {"labels": name}} for name in ("drawn", "majority", "soft")}
    arms["undisputed"] = {"data": {"labels": "drawn", "disputed": "remove"}}
    # Drawn labels are the default of all other experiments.
    return {
        "vanilla" if name == "drawn" else name: configuration.merged(VANILLA, values)
        for name, values in arms.items()
    }


def _variants(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return ways of reading and ranking, at 0.6 and at the share people disagree about.

    An arm that averages views is held against the plain network without and, as ``-equal``, with averaging.
    """
    share = share_disputed(dataset, configuration.resolve(base).data.tolerance)
    views: Values = {"predict": {"views": VIEWS}}
    found: dict[str, Values] = {
        "vanilla": VANILLA,
        EQUAL: configuration.merged(VANILLA, views),
        "s2c2": S2C2,
        "evidence": {"objective": {"name": "s2c2", "evidence": "confidence"}},
    }
    for suffix, prior in (("", 0.6), ("-share", share)):
        read = {"ambiguity": "doubt", "clusters": "prototypes", "prior": prior}
        readout = configuration.merged(S2C2, {"predict": read})
        found[f"readout{suffix}"] = readout
        for name in (f"readout{suffix}-views", f"readout{suffix}-views-equal"):
            found[name] = configuration.merged(readout, views)
    return found


def _attempts(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return single changes of S2C2, at the share people disagree about; then the same with more votes.

    Arms with five votes a labeled image are held against the plain network with five votes.
    """
    share = share_disputed(dataset, configuration.resolve(base).data.tolerance)
    read: Values = {"predict": {"ambiguity": "doubt", "clusters": "prototypes", "prior": share}}
    votes: Values = {"data": {"votes": VOTES}}

    def changed(**options: Any) -> Values:
        return {"objective": {"name": "s2c2", "prior": share} | options}

    single: dict[str, Values] = {
        "s2c2": changed(),
        "gradient": changed(gradient=True),
        "scaled": changed(scale_labeled=True),
        "evidence": changed(evidence="confidence"),
        "readout": configuration.merged(changed(), read),
    }
    several = {name: single[name] for name in ("s2c2", "evidence", "readout")}
    several["supervised"] = changed(votes=0.1)
    several["supervised-evidence"] = changed(votes=0.1, evidence="confidence")
    several["supervised-clusters"] = configuration.merged(
        several["supervised"], {"predict": {"clusters": "prototypes", "prior": share}}
    )
    found: dict[str, Values] = {"vanilla": VANILLA, **single}
    found["vanilla-votes"] = configuration.merged(VANILLA, votes)
    return found | {f"{name}-votes": configuration.merged(arm, votes) for name, arm in several.items()}


def _probed(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return readouts without and with a linear probe, with one vote and with five votes a labeled image.

    An arm is held against the plain network and, as ``-same``, against the plain network with the same probe.
    A readout needs no head of S2C2, so there is one of the plain network too.
    """
    share = share_disputed(dataset, configuration.resolve(base).data.tolerance)
    read = {"ambiguity": "doubt", "clusters": "prototypes", "prior": share}
    extended: Values = {"objective": {"name": "s2c2", "prior": share}}
    probe: Values = {"predict": {"classes": "probe"}}
    votes: Values = {"data": {"votes": VOTES}}
    found: dict[str, Values] = {"vanilla": VANILLA, "vanilla-probe": configuration.merged(VANILLA, probe)}
    found |= {f"{name}-votes": configuration.merged(arm, votes) for name, arm in found.items()}
    for suffix, ambiguity, told in (("", "doubt", {}), ("-votes", "votes", votes)):
        plain = configuration.merged(told, {"predict": read})
        probed = configuration.merged(plain, {"predict": {"classes": "probe", "ambiguity": ambiguity}})
        both = configuration.merged(extended, probed)
        found[f"readout{suffix}"] = configuration.merged(extended, plain)
        found |= {f"readout-probe{suffix}": both, f"readout-probe{suffix}-same": both}
        found[f"vanilla-readout-probe{suffix}"] = configuration.merged(
            {"objective": {"name": "vanilla"}}, probed
        )
    return found


def _swept(section: str, key: str, values: Callable[[int], tuple[Any, ...]]) -> Arms:
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


def _weight(key: str, *values: float) -> Experiment:
    arms = _swept("objective", key, lambda classes: values)
    return Experiment(f"S2C2 by objective.{key}", arms, ("mean-teacher",), f"objective.{key}")


def _clusters(classes: int) -> tuple[int | None, ...]:
    """Return numbers of clusters around the paper's 5 · k, which is the default."""
    return tuple(None if factor == 5 else factor * classes for factor in (1, 2, 3, 5, 10, 20))


VIEWS = 4
"""Views that arms named so average."""
VOTES = 5
"""Votes that arms named so draw for each labeled image."""
EQUAL = "vanilla-views"
"""The plain arm that averages as many views."""
PARTNERS: Mapping[str, str] = {
    "-equal": EQUAL,
    "-votes-same": "vanilla-probe-votes",
    "-same": "vanilla-probe",
    "-votes": "vanilla-votes",
}
"""Plain arm by how the name of an arm ends; all others are held against ``vanilla``."""

TABLE2 = Experiment("Each algorithm plain and extended by S2C2 (paper, Table 2)", _extended)

EXPERIMENTS: Mapping[str, Experiment] = {
    "table2": TABLE2,
    "table4": Experiment("The parts of S2C2 alone and together (paper, Table 4)", _ablation),
    "table5": Experiment(
        "Plain algorithms by where the labels come from: drawn, majority, soft, and without the images "
        "people disagree about (paper, Table 5)",
        _labels,
    ),
    "figure4": replace(TABLE2, title="Each run by F1 and inner distance (paper, Figure 4)"),
    "table3": replace(
        TABLE2,
        title="Simulated annotators with no, plain and S2C2 proposals (paper, Table 3)",
        algorithms=("mean-teacher",),
        then=consistent,
    ),
    "figure5": replace(
        TABLE2,
        title="Images by class, confidence and ambiguity, and clusters (paper, Figure 5)",
        algorithms=("mean-teacher",),
    ),
    "budget": Experiment(
        "Scores by what was spent on relabeling, and on which images",
        _extended,
        ("mean-teacher",),
        then=rounds,
    ),
    "variants": Experiment(
        "S2C2 as in the paper, ranked by doubt, and read by doubt and prototypes",
        _variants,
        ("mean-teacher", "pseudo-label", "fixmatch"),
    ),
    "attempts": Experiment(
        "Single changes of S2C2, with one vote and with five votes a labeled image",
        _attempts,
        ("mean-teacher",),
    ),
    "probe": Experiment(
        "Readouts without and with a linear probe, with one vote and with five votes a labeled image",
        _probed,
        ("mean-teacher",),
    ),
    "sweep-prior": _weight("prior", 0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    "sweep-separation": _weight("separation", 0.1, 1.0, 10.0, 100.0),
    "sweep-similarity": _weight("similarity", 0.001, 0.01, 0.1, 1.0),
    "sweep-ambiguity": _weight("ambiguity", 0.001, 0.01, 0.1, 1.0),
    "sweep-clusters": Experiment(
        "S2C2 by the number of clusters",
        _swept("network", "clusters", _clusters),
        ("mean-teacher",),
        "network.clusters",
    ),
}
"""Every experiment by name."""
