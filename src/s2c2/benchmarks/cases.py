"""Which steps are measured: the combinations of what a person asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.config import Config
from s2c2.errors import UserError, chosen

NETWORKS = {"wrn-28-2": (28, 2), "wrn-16-2": (16, 2), "wrn-10-1": (10, 1)}
"""Depth and width of the wide residual networks that are measured."""
LAYOUTS = ("channels_last", "nchw")
PRECISIONS = ("bfloat16", "float32")
PASSES = ("joined", "lean", "apart")
COMPILED = ("no", "default", "reduce-overhead")
"""Whether, and in which mode of ``torch.compile``; the last one replays CUDA graphs."""
REPEATS = {"cpu": 1, "cuda": 20}
"""Steps of a sample: a step of a graphics card is short, and others are asked of it while it works."""


@dataclass(frozen=True)
class Asked:
    """What a person asks for."""

    algorithms: Sequence[str] = ("fixmatch",)
    objectives: Sequence[str] = ("vanilla", "s2c2")
    precisions: Sequence[str] = ("bfloat16",)
    layouts: Sequence[str] = ("channels_last",)
    passes: Sequence[str] = ("joined", "lean")
    network: str = "wrn-28-2"
    batch: int = 16
    """Labeled images in a step."""
    size: int = 32
    """Pixels."""
    rounds: int = 3
    """Samples of each work."""
    threads: int = 1
    compiled: Sequence[str] = ("no",)
    """Modes of ``torch.compile`` that each case is measured in."""
    device: str = "cpu"

    def check(self) -> None:
        """Refuse what cannot be measured.

        Raises:
            UserError: for a name that does not exist.
        """
        for kind, names, possible in (
            ("algorithm", self.algorithms, ALGORITHMS),
            ("objective", self.objectives, ("vanilla", "s2c2")),
            ("precision", self.precisions, PRECISIONS),
            ("layout", self.layouts, LAYOUTS),
            ("passes", self.passes, PASSES),
            ("network", (self.network,), NETWORKS),
            ("mode", self.compiled, COMPILED),
            ("device", (self.device,), REPEATS),
        ):
            for name in names:
                chosen(kind, name, dict.fromkeys(possible))
        if min(self.batch, self.size, self.rounds, self.threads) < 1:
            raise UserError("batch, size, rounds and threads are at least 1")


@dataclass(frozen=True)
class Case:
    """A step that is measured."""

    algorithm: str
    objective: str
    passes: str
    precision: str
    layout: str
    compiled: str

    @property
    def name(self) -> str:
        """What tells it from the others: ``fixmatch s2c2 lean bfloat16 channels_last``."""
        words = [self.algorithm, self.objective, self.passes, self.precision, self.layout]
        return " ".join(words if self.compiled == "no" else [*words, "compiled", self.compiled])

    def values(self, asked: Asked) -> dict[str, Any]:
        """Return its configuration."""
        depth, width = NETWORKS[asked.network]
        view = {"view": "last"} if self.objective == "s2c2" and self.passes == "lean" else {}
        return {
            "algorithm": {"name": self.algorithm},
            "objective": {"name": self.objective} | view,
            "network": {"backbone": {"name": "wide-resnet", "depth": depth, "width": width}},
            "train": {"batch": asked.batch, "passes": self.passes, "precision": self.precision},
        }

    def options(self, asked: Asked) -> dict[str, Any]:
        """Return what the process that measures it is told."""
        return {
            "values": self.values(asked),
            "size": asked.size,
            "layout": self.layout,
            "compiled": self.compiled,
            "device": asked.device,
            "steps": REPEATS[asked.device],
        }


def cases(asked: Asked) -> Iterator[Case]:
    """Yield the combinations; where no view is but a target, lean passes are the joined ones."""
    for algorithm, passes, precision, layout, compiled, objective in product(
        asked.algorithms, asked.passes, asked.precisions, asked.layouts, asked.compiled, asked.objectives
    ):
        if passes != "lean" or ALGORITHMS[algorithm]().student == ("weak", "strong"):
            yield Case(algorithm, objective, passes, precision, layout, compiled)


def config_of(asked: Asked) -> Config:
    """Return the configuration of the first case."""
    return configuration.resolve(next(cases(asked)).values(asked))


def views_of(algorithm: str, batch: int) -> int:
    """Return how many images pass through a network in a step of an algorithm.

    Example:
        >>> views_of("fixmatch", 16), views_of("mean-teacher", 16)
        (240, 48)
    """
    built = ALGORITHMS[algorithm]()
    return batch + built.ratio * batch * (len(built.student) + len(built.teacher))
