"""How a run computes its steps."""

from s2c2.config import Config
from s2c2.experiments.passes import passes
from s2c2.experiments.precision import bfloat16
from s2c2.networks.manner import Manner
from s2c2.networks.network import Network
from s2c2.types import Objective


def manner(config: Config, objective: Objective, network: Network) -> Manner:
    """Return how the steps of a run are computed, as configured, wherever that is done.

    Args:
        config: of the run.
        objective: what is trained for, as configured.
        network: what is trained.
    """
    return Manner(bfloat16(config, network.device, network), passes(config.train.passes, objective, network))
