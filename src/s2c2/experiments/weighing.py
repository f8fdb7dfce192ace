"""Arms that differ in how much the unlabeled loss of the algorithm counts."""

from collections.abc import Sequence

from s2c2 import config as configuration
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError
from s2c2.experiments.arms import READOUT, S2C2, VANILLA, WEIGHTS, measured
from s2c2.experiments.planned import Values


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
