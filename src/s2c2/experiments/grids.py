"""The experiments as lists of runs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.config import Config, fields_of
from s2c2.data import dataset as datasets
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError, chosen
from s2c2.experiments import arms, changes, readings, weighing
from s2c2.experiments.arms import Arms
from s2c2.experiments.choices import Choices
from s2c2.experiments.consistent import consistent
from s2c2.experiments.planned import Fact
from s2c2.experiments.planned import Planned as Planned
from s2c2.experiments.planned import Spread as Spread
from s2c2.experiments.risk import Risk
from s2c2.experiments.rounds import rounds
from s2c2.studies import Entry, Study

Then = Callable[[Sequence[Planned], Spread], list[Planned]]
"""From the runs of one dataset and algorithm to these, with what else is asked of them and what follows."""


def nothing(runs: Sequence[Planned], spread: Spread) -> list[Planned]:
    """Return the runs as they are."""
    return list(runs)


def shown(runs: Sequence[Planned], spread: Spread) -> list[Planned]:
    """Return the runs, of which the images that they predict are to be seen."""
    return [replace(run, shown=True) for run in runs]


def recorded(fact: Fact) -> Then:
    """Return what leaves the runs as they are, and asks each of them for a fact."""

    def then(runs: Sequence[Planned], spread: Spread) -> list[Planned]:
        return [replace(run, facts=(*run.facts, fact)) for run in runs]

    return then


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
    shared(spread.base.get("algorithm", {}), spread.algorithms or experiment.algorithms)
    runs = tuple(
        replace(run, experiment=name)
        for dataset in _named(spread.folders).items()
        for algorithm in spread.algorithms or experiment.algorithms
        for run in _of_algorithm(experiment, dataset, algorithm, spread)
    )
    study = Study(name, experiment.title, tuple(run.entry for run in runs), experiment.variable)
    return study, runs


def shared(values: Any, algorithms: Sequence[str]) -> None:
    """Refuse settings of the algorithm that are not for all of some.

    Raises:
        UserError: for a key that some have and others lack, and for another name.
    """
    if not isinstance(values, Mapping):
        return
    name = values.get("name")
    if name is not None and any(name != algorithm for algorithm in algorithms):
        raise UserError(
            f"algorithm.name={name} chooses no algorithm of an experiment: take --algorithm {name} instead"
        )
    for key in values:
        having = [one for one in algorithms if key in fields_of(ALGORITHMS[one])]
        lacking = [one for one in algorithms if one not in having]
        if key != "name" and having and lacking:
            raise UserError(
                f"algorithm.{key} is no key of {', '.join(lacking)}: take only algorithms that have it, "
                f"for example --algorithm {having[0]}"
            )


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
    base = configuration.merged(Config().model_dump(), {"algorithm": {"name": algorithm}})
    base = configuration.merged(configuration.merged(base, spread.base), {"train": {"threads": 1}})
    configuration.resolve(base)
    compared = experiment.arms(dataset, base)
    found = []
    for seed in spread.numbers:
        for arm, changed in compared.items():
            config = configuration.resolve(configuration.merged(base, dict(changed) | {"seed": seed}))
            plain = arms.plain_of(arm)
            partner = f"{title}-{algorithm}-{plain}-{seed}" if plain in compared and _judges(config) else None
            entry = Entry(f"{title}-{algorithm}-{arm}-{seed}", title, algorithm, arm, seed, partner)
            found.append(Planned(entry, dataset.root, config.model_dump(mode="json")))
    return experiment.then(found, spread)


def _judges(config: Config) -> bool:
    """Return whether a run says which images are ambiguous."""
    head = config.objective.name == "s2c2" and config.objective.prior is not None
    return bool(head or config.predict.ambiguity != "head")


def _weight(key: str, *values: float) -> Experiment:
    swept = arms.swept("objective", key, lambda classes: values)
    return Experiment(f"S2C2 by objective.{key}", swept, ("mean-teacher",), f"objective.{key}")


TABLE2 = Experiment("Each algorithm plain and extended by S2C2 (paper, Table 2)", arms.extended)

EXPERIMENTS: Mapping[str, Experiment] = {
    "table2": TABLE2,
    "table4": Experiment("The parts of S2C2 alone and together (paper, Table 4)", arms.ablation),
    "table5": Experiment(
        "Plain algorithms by where the labels come from: drawn, majority, soft, and without the images "
        "people disagree about (paper, Table 5)",
        arms.labels,
    ),
    "figure4": replace(TABLE2, title="Each run by F1 and inner distance (paper, Figure 4)"),
    "table3": replace(
        TABLE2,
        title="Simulated annotators with no, plain and S2C2 proposals (paper, Table 3)",
        algorithms=("mean-teacher",),
        then=consistent,
    ),
    "proposals": Experiment(
        "Simulated annotators with proposals of S2C2 and of plain networks, one by one and in groups",
        readings.proposing,
        ("mean-teacher",),
        then=consistent,
    ),
    "figure5": replace(
        TABLE2,
        title="Images by class, confidence and ambiguity, and clusters (paper, Figure 5)",
        algorithms=("mean-teacher",),
        then=shown,
    ),
    "choices": Experiment(
        "What p_A and k′ a plain network would choose, without a label, beside what people say",
        arms.plain,
        ("mean-teacher",),
        then=recorded(Choices()),
    ),
    "curves": Experiment(
        "Errors among the images kept, by p_a and by what a plain network has",
        readings.proposing,
        ("mean-teacher",),
        then=recorded(Risk()),
    ),
    "budget": Experiment(
        "Scores by what was spent on relabeling, and on which images",
        arms.extended,
        ("mean-teacher",),
        then=rounds,
    ),
    "variants": Experiment(
        "S2C2 as in the paper, ranked by doubt, and read by doubt and prototypes",
        readings.variants,
        ("mean-teacher", "pseudo-label", "fixmatch"),
    ),
    "weaker": Experiment(
        "S2C2 and the plain algorithm with a weaker unlabeled loss, read by their doubt",
        weighing.weakened,
        ("mean-teacher",),
    ),
    "weights": Experiment(
        "Plain and S2C2, read by its doubt, by the weight of the unlabeled loss, with as much of it",
        weighing.weights,
        ("mean-teacher",),
    ),
    "finetune": Experiment(
        "S2C2 as in the paper and, read by its doubt, with as much of the unlabeled loss as plain networks",
        weighing.finetuned,
        ("mean-teacher",),
    ),
    "attempts": Experiment(
        "Single changes of S2C2, with one vote and with five votes a labeled image",
        changes.attempts,
        ("mean-teacher",),
    ),
    "batches": Experiment(
        "S2C2 and a readout of its network, with the batch as it is and four times as large",
        changes.larger,
        ("mean-teacher",),
    ),
    "balance": Experiment(
        "S2C2 with and without CE⁻¹, without and with targets of clusters of equal size",
        changes.balanced,
        ("mean-teacher",),
    ),
    "probe": Experiment(
        "Readouts without and with a linear probe, with one vote and with five votes a labeled image",
        readings.probed,
        ("mean-teacher",),
    ),
    "spread": Experiment(
        "Readouts with a linear probe, without and with labels spread over alike images, with one vote and "
        "with five votes a labeled image",
        readings.spread,
        ("mean-teacher",),
    ),
    "crossfit": Experiment(
        "Probes of five votes as they are and cross-fitted, without and with spread labels",
        readings.crossfitted,
        ("mean-teacher",),
    ),
    "combined": Experiment(
        "Readouts with all that was kept: a probe or spread labels, averaged views, and cross-fitted votes",
        readings.combined,
        ("mean-teacher",),
    ),
    "ceiling": Experiment(
        "The plain network, read with a probe, by how much people said of the images it is trained on",
        readings.ceiling,
        ("mean-teacher",),
    ),
    "depth": Experiment(
        "The plain network, read with a probe, given as many votes: one to many images, or several to few",
        readings.deeper,
        ("mean-teacher",),
    ),
    "precision": Experiment(
        "The plain algorithm in float32 with joined views, and by number format and how views are read",
        changes.faster,
        ("fixmatch",),
    ),
    "sweep-prior": _weight("prior", 0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    "sweep-separation": _weight("separation", 0.1, 1.0, 10.0, 100.0),
    "sweep-similarity": _weight("similarity", 0.001, 0.01, 0.1, 1.0),
    "sweep-ambiguity": _weight("ambiguity", 0.001, 0.01, 0.1, 1.0),
    "sweep-clusters": Experiment(
        "S2C2 by the number of clusters",
        arms.swept("network", "clusters", arms.clusters),
        ("mean-teacher",),
        "network.clusters",
    ),
}
"""Every experiment by name."""
