"""Arms that differ in how a trained network is read."""

from itertools import product

from s2c2 import config as configuration
from s2c2.data.dataset import Dataset
from s2c2.data.splits import default_sizes, resolve
from s2c2.errors import UserError
from s2c2.experiments.arms import DEPTHS, EQUAL, READOUT, S2C2, VANILLA, VIEWS, VOTES, measured
from s2c2.experiments.planned import Values
from s2c2.experiments.setup import sizes


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
    every = configuration.merged(few, {"data": relabeled(dataset, base, "ceiling")})
    told: Values = {"data": {"labels": "soft"}, "predict": {"ambiguity": "votes"}}
    return {
        "vanilla": VANILLA,
        "vanilla-readout-probe": few,
        "every-label": every,
        "every-vote": configuration.merged(every, told),
    }


def deeper(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return the plain network, read with a probe, by how as many votes are given: to how many images.

    Half, a third and a fifth of the labeled images with two, three and five votes each, read by what votes
    teach and, as ``-doubt``, by doubt. The images that lose their label are trained on without one.
    Validation images are the same for all.
    """
    share = measured(dataset, base)
    read = {**READOUT, "classes": "probe", "prior": share}
    once: Values = {"objective": {"name": "vanilla"}, "predict": read}
    found: dict[str, Values] = {"vanilla": VANILLA, "vanilla-readout-probe": once}
    for votes in DEPTHS:
        told = {"data": {**relabeled(dataset, base, "depth", votes), "votes": votes}}
        doubt = configuration.merged(once, told)
        found[f"deep-{votes}-doubt"] = doubt
        found[f"deep-{votes}"] = configuration.merged(doubt, {"predict": {"ambiguity": "votes"}})
    return found


def relabeled(dataset: Dataset, base: Values, experiment: str, part: int | None = None) -> Values:
    """Return the data settings with which other images are labeled, and as many are trained on.

    Args:
        dataset: the images.
        base: the shared values.
        experiment: name of what asks for it.
        part: 2 for half of the images that would be labeled; None labels the unlabeled ones too.

    Raises:
        UserError: when the dataset fixes its splits.
    """
    if dataset.splits:
        raise UserError(
            f"splits.csv of {dataset.root} fixes which images are labeled: {experiment} labels others"
        )
    labels = dataset.annotations.majority(dataset.images)
    counts = resolve(sizes(configuration.resolve(base), len(labels)) or default_sizes(labels), labels)
    trained = counts["labeled"] + counts["unlabeled"]
    labeled = trained if part is None else counts["labeled"] // part
    return {"split": None} | counts | {"labeled": labeled, "unlabeled": trained - labeled}
