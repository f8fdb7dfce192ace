"""Arms that change one thing of S2C2, or of how a network is trained."""

from typing import Any

from s2c2 import config as configuration
from s2c2.data.dataset import Dataset
from s2c2.experiments.arms import LARGER, READOUT, VANILLA, VOTES, measured
from s2c2.experiments.planned import Values


def usual(share: float) -> dict[str, Values]:
    """Return the plain network, S2C2 with this prior, and a readout of its network with the same one."""
    extended: Values = {"objective": {"name": "s2c2", "prior": share}}
    read: Values = {"predict": {**READOUT, "prior": share}}
    return {"vanilla": VANILLA, "s2c2": extended, "readout": configuration.merged(extended, read)}


def attempts(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return single changes of S2C2, at the share people disagree about; then the same with more votes.

    Arms with five votes a labeled image are held against the plain network with five votes, those that
    learn from every vote of the labeled images (``-soft``) against one that does.
    """
    share = measured(dataset, base)
    three = usual(share)
    votes: Values = {"data": {"votes": VOTES}}
    soft: Values = {"data": {"labels": "soft"}}

    def changed(**options: Any) -> Values:
        return {"objective": {"name": "s2c2", "prior": share} | options}

    single: dict[str, Values] = {
        "s2c2": three["s2c2"],
        "gradient": changed(gradient=True),
        "scaled": changed(scale_labeled=True),
        "evidence": changed(evidence="confidence"),
        "views": changed(evidence="views"),
        "readout": three["readout"],
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
    return found | {f"{name}-soft": configuration.merged(arm, soft) for name, arm in three.items()}


def larger(dataset: Dataset, base: Values) -> dict[str, Values]:
    """Return S2C2 and a readout of its network, with the batch as it is and four times as large.

    More images are what L_A ranks on several processes, too. An arm with a larger batch is held against the
    plain network with as large a batch.
    """
    found = usual(measured(dataset, base))
    batch: Values = {"train": {"batch": LARGER * configuration.resolve(base).train.batch}}
    return found | {f"{name}-batch": configuration.merged(arm, batch) for name, arm in found.items()}


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
