"""The arms of the experiments: what is held against each other, as changes of a configuration."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from s2c2 import config as configuration
from s2c2.data.annotations import ambiguous
from s2c2.data.dataset import Dataset
from s2c2.data.splits import default_sizes, resolve
from s2c2.errors import UserError
from s2c2.experiments.planned import Values
from s2c2.experiments.setup import sizes

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


def weakened(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return S2C2 and the plain algorithm with a weaker unlabeled loss, each read by its doubt.

    S2C2 scales the unlabeled loss of an image by 1 - p_a, whatever its own losses do. The arm ``weaker``
    scales that of all images by 1 - p_A.

    Raises:
        UserError: for an algorithm whose unlabeled loss has no weight.
    """
    weight, prior = consistency_of(base)
    share = measured(dataset, base)
    read: Values = {"predict": {**READOUT, "prior": share}}
    plain = configuration.merged({"objective": {"name": "vanilla"}}, read)
    weaker: Values = {"algorithm": {"consistency": round(weight * (1 - prior), 6)}}
    return {
        "vanilla": VANILLA,
        "vanilla-readout": plain,
        "weaker-readout": configuration.merged(plain, weaker),
        "s2c2-readout": configuration.merged(S2C2, read),
    }


def consistency_of(base: Values) -> tuple[float, float]:
    """Return the weight of an algorithm's unlabeled loss, and S2C2's p_A, by the shared values.

    Raises:
        UserError: for an algorithm whose unlabeled loss has no weight.
    """
    resolved = configuration.resolve(configuration.merged(base, S2C2))
    weight, prior = resolved.algorithm.model_dump().get("consistency"), resolved.objective.prior
    if weight is None or prior is None:
        raise UserError(f"the unlabeled loss of {resolved.algorithm.name} has no weight that could be less")
    return float(weight), float(prior)


def weights(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return plain and extended algorithms by the weight of the unlabeled loss, each pair with as much of it.

    Raises:
        UserError: for an algorithm whose unlabeled loss has no weight.
    """
    return {"vanilla": VANILLA, **weighed(dataset, base, WEIGHTS)}


def finetuned(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return S2C2 as in the paper, and pairs of a plain and an extended algorithm at two weights.

    Raises:
        UserError: for an algorithm whose unlabeled loss has no weight.
    """
    return {"vanilla": VANILLA, "s2c2": S2C2, **weighed(dataset, base, (5, 20))}


def weighed(dataset: Dataset, base: Values, choices: Sequence[int]) -> dict[str, Values]:
    """Return a plain and an extended algorithm for each weight, with as much of the unlabeled loss.

    S2C2 scales that loss by 1 - p_a, on average 1 - p_A, and so gets the weight divided by that. It is read
    by its doubt, and held against the plain network of the same weight.

    Raises:
        UserError: for an algorithm whose unlabeled loss has no weight.
    """
    _, prior = consistency_of(base)
    read = configuration.merged(S2C2, {"predict": {**READOUT, "prior": measured(dataset, base)}})
    found: dict[str, Values] = {}
    for weight in choices:
        plain: Values = {"algorithm": {"consistency": float(weight)}}
        more: Values = {"algorithm": {"consistency": round(weight / (1 - prior), 6)}}
        found[f"vanilla-weight-{weight}"] = configuration.merged(VANILLA, plain)
        found[f"s2c2-weight-{weight}"] = configuration.merged(read, more)
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


def variants(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return ways of reading and ranking, at 0.6 and at the share people disagree about.

    An arm that averages views is held against the plain network without and, as ``-equal``, with averaging.
    """
    share = measured(dataset, base)
    views: Values = {"predict": {"views": VIEWS}}
    found: dict[str, Values] = {
        "vanilla": VANILLA,
        EQUAL: configuration.merged(VANILLA, views),
        "s2c2": S2C2,
        "evidence": {"objective": {"name": "s2c2", "evidence": "confidence"}},
    }
    for suffix, prior in (("", 0.6), ("-share", share)):
        read = {**READOUT, "prior": prior}
        readout = configuration.merged(S2C2, {"predict": read})
        found[f"readout{suffix}"] = readout
        for name in (f"readout{suffix}-views", f"readout{suffix}-views-equal"):
            found[name] = configuration.merged(readout, views)
    return found


def attempts(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return single changes of S2C2, at the share people disagree about; then the same with more votes.

    Arms with five votes a labeled image are held against the plain network with five votes, those that
    learn from every vote of the labeled images (``-soft``) against one that does, and those with a larger
    batch against one with as large a batch. A larger batch is what L_A ranks on several processes, too.
    """
    share = measured(dataset, base)
    read: Values = {"predict": {**READOUT, "prior": share}}
    votes: Values = {"data": {"votes": VOTES}}
    soft: Values = {"data": {"labels": "soft"}}
    larger: Values = {"train": {"batch": LARGER * configuration.resolve(base).train.batch}}

    def changed(**options: Any) -> Values:
        return {"objective": {"name": "s2c2", "prior": share} | options}

    single: dict[str, Values] = {
        "s2c2": changed(),
        "gradient": changed(gradient=True),
        "scaled": changed(scale_labeled=True),
        "evidence": changed(evidence="confidence"),
        "views": changed(evidence="views"),
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
    found |= {f"{name}-votes": configuration.merged(arm, votes) for name, arm in several.items()}
    for ending, change in (("-batch", larger), ("-soft", soft)):
        three = {"vanilla": VANILLA, "s2c2": single["s2c2"], "readout": single["readout"]}
        found |= {f"{name}{ending}": configuration.merged(arm, change) for name, arm in three.items()}
    return found


def balanced(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return S2C2 with and without CE⁻¹, each without and with targets of clusters of equal size."""
    found: dict[str, Values] = {"vanilla": VANILLA}
    for name, options in (("s2c2", {}), ("cc", {"separation": 0.0})):
        alone = {"name": "s2c2"} | options
        even = alone | {"assignment": "balanced"}
        found[name] = {"objective": alone}
        found[f"{name}-balanced"] = {"objective": even}
        found[f"{name}-balanced-strong"] = {"objective": even | {"similarity": 1.0}}
    return found


def probed(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return S2C2 and readouts without and with a linear probe, with one and with five votes a labeled image.

    An arm is held against the plain network and, as ``-same``, against the plain network with the same probe.
    A readout needs no head of S2C2, so there is one of the plain network too.
    """
    share = measured(dataset, base)
    read = {**READOUT, "prior": share}
    extended: Values = {"objective": {"name": "s2c2", "prior": share}}
    probe: Values = {"predict": {"classes": "probe"}}
    votes: Values = {"data": {"votes": VOTES}}
    found: dict[str, Values] = {"vanilla": VANILLA, "vanilla-probe": configuration.merged(VANILLA, probe)}
    found |= {f"{name}-votes": configuration.merged(arm, votes) for name, arm in found.items()}
    found["s2c2"] = extended
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


def proposing(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return S2C2 as in the paper, and readouts with a probe of its network and of a plain one."""
    read: Values = {"predict": {**READOUT, "classes": "probe", "prior": measured(dataset, base)}}
    extended: Values = {"objective": {"name": "s2c2", "prior": read["predict"]["prior"]}}
    return {
        "vanilla": VANILLA,
        "s2c2": S2C2,
        "readout-probe": configuration.merged(extended, read),
        "vanilla-readout-probe": configuration.merged({"objective": {"name": "vanilla"}}, read),
    }


def spread(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return S2C2, and readouts with a probe without and with labels that spread over alike images beside it.

    Both of the network of S2C2 and of the plain one, with one and with five votes a labeled image.
    """
    share = measured(dataset, base)
    extended: Values = {"objective": {"name": "s2c2", "prior": share}}
    plain: Values = {"objective": {"name": "vanilla"}}
    votes: Values = {"data": {"votes": VOTES}}
    found: dict[str, Values] = {
        "vanilla": VANILLA,
        "vanilla-votes": configuration.merged(VANILLA, votes),
        "s2c2": extended,
    }
    for suffix, ambiguity, told in (("", "doubt", {}), ("-votes", "votes", votes)):
        for classes in ("probe", "spread"):
            options = {"classes": classes, "ambiguity": ambiguity, "clusters": "prototypes", "prior": share}
            read = configuration.merged(told, {"predict": options})
            found[f"readout-{classes}{suffix}"] = configuration.merged(extended, read)
            found[f"vanilla-readout-{classes}{suffix}"] = configuration.merged(plain, read)
    return found


def combined(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return readouts with all that was kept: a probe or spread labels, averaged views, and votes.

    Votes are read cross-fitted. An arm that averages views is held against the plain network without and, as
    ``-equal``, with averaging.
    """
    share = measured(dataset, base)
    networks: dict[str, Values] = {
        "": {"objective": {"name": "s2c2", "prior": share}},
        "vanilla-": {"objective": {"name": "vanilla"}},
    }
    more: Values = {"predict": {"views": VIEWS}}
    asked: dict[str, tuple[Values, Values]] = {
        "": ({}, {"ambiguity": "doubt"}),
        "-votes": ({"data": {"votes": VOTES}}, {"ambiguity": "votes", "crossfit": True}),
    }
    found: dict[str, Values] = {}
    for suffix, (told, ambiguity) in asked.items():
        alone = configuration.merged(VANILLA, told)
        found |= {f"vanilla{suffix}": alone, f"{EQUAL}{suffix}": configuration.merged(alone, more)}
        for (ahead, network), classes in product(networks.items(), ("probe", "spread")):
            read: Values = {"classes": classes, "clusters": "prototypes", "prior": share, **ambiguity}
            arm = configuration.merged(configuration.merged(network, told), {"predict": read})
            averaged = configuration.merged(arm, more)
            found[f"{ahead}readout-{classes}{suffix}"] = arm
            found[f"{ahead}readout-{classes}-views{suffix}"] = averaged
            if not ahead:
                found[f"readout-{classes}-views{suffix}-equal"] = averaged
    return found


def crossfitted(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return probes of five votes as they are and cross-fitted, on S2C2's network and on the plain one.

    Both with labels that spread over alike images beside them and without.
    """
    share, votes = measured(dataset, base), {"data": {"votes": VOTES}}
    read = {**READOUT, "ambiguity": "votes", "prior": share}
    found: dict[str, Values] = {"vanilla-votes": configuration.merged(VANILLA, votes)}
    networks: dict[str, Values] = {
        "vanilla-": {"objective": {"name": "vanilla"}},
        "": {"objective": {"name": "s2c2", "prior": share}},
    }
    for start, network in networks.items():
        told = configuration.merged(network, votes)
        for classes in ("probe", "spread"):
            for name, crossfit in ((classes, False), (f"{classes}-crossfit", True)):
                predict = {"predict": {**read, "classes": classes, "crossfit": crossfit}}
                found[f"{start}readout-{name}-votes"] = configuration.merged(told, predict)
    return found


def ceiling(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return the plain network, read with a probe, by how much people said of the images it is trained on.

    The last two know the label of every image that the others train on without one, or all votes for it.
    Validation images are the same for all.
    """
    share = measured(dataset, base)
    read = {**READOUT, "classes": "probe", "prior": share}
    few: Values = {"objective": {"name": "vanilla"}, "predict": read}
    every = configuration.merged(few, {"data": labeled_throughout(dataset, base)})
    told: Values = {"data": {"labels": "soft"}, "predict": {"ambiguity": "votes"}}
    return {
        "vanilla": VANILLA,
        "vanilla-readout-probe": few,
        "every-label": every,
        "every-vote": configuration.merged(every, told),
    }


def labeled_throughout(dataset: Dataset, base: Values) -> Values:
    """Return the data settings with which every image is labeled that would else be unlabeled.

    Raises:
        UserError: when the dataset fixes its splits.
    """
    if dataset.splits:
        raise UserError(f"splits.csv of {dataset.root} fixes which images are labeled: ceiling labels all")
    labels = dataset.annotations.majority(dataset.images)
    counts = resolve(sizes(configuration.resolve(base), len(labels)) or default_sizes(labels), labels)
    labeled = {"labeled": counts["labeled"] + counts["unlabeled"], "unlabeled": 0}
    return {"split": None} | counts | labeled


def faster(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return the plain algorithm in float32 with joined views, and in bfloat16 by how views are read."""
    formats = {
        "vanilla": ("float32", "joined"),
        "bfloat16": ("bfloat16", "joined"),
        "bfloat16-apart": ("bfloat16", "apart"),
        "bfloat16-lean": ("bfloat16", "lean"),
    }
    return {
        arm: configuration.merged(VANILLA, {"train": {"precision": precision, "passes": passes}})
        for arm, (precision, passes) in formats.items()
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
