"""A planned run as a value: where it stands, what it is made of, and what is written down of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.relabeling import Budget
from s2c2.simulation import Crowd
from s2c2.studies import Entry

Values = Mapping[str, Any]
"""Nested values of a configuration."""


@runtime_checkable
class Fact(Protocol):
    """What is asked of a finished run beside its scores; a value that travels to a process."""

    @property
    def name(self) -> str:
        """Key of the record that holds it."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """What it depends on beside the runs; a record with other settings is written anew."""
        ...

    def __call__(self, run: Path, against: Path | None) -> dict[str, Any] | None:
        """Return what is recorded, from the folder of the run and that of its plain partner.

        None while the partner is not trained.
        """
        ...


@dataclass(frozen=True)
class Relabel:
    """How the labels of a run come about: people are asked after another run."""

    arm: str
    """Which images are asked about (:data:`s2c2.relabeling.ARMS`)."""
    round: int
    """Number of the round, from 1."""
    previous: str
    """Name of the run whose predictions choose the images, and whose answers are kept."""
    budget: Budget
    """How much people are asked, and how they answer."""


@dataclass(frozen=True)
class Planned:
    """One run of a grid."""

    entry: Entry
    """Its name and its place in the table."""
    folder: Path
    """The dataset folder."""
    values: Values
    """The resolved configuration as plain values, which can be sent to a process."""
    relabel: Relabel | None = None
    """Where its labels come from; None for those of the dataset."""
    facts: tuple[Fact, ...] = ()
    """What is recorded beside its scores."""
    shown: bool = False
    """Whether its folder is asked for too, not its record alone."""
    experiment: str = field(default="", compare=False)
    """Name of the experiment that it is planned for; another may plan the same run."""

    @property
    def config(self) -> Config:
        """Everything else that it depends on."""
        return configuration.resolve(self.values)

    def trains_as(self, other: "Planned") -> bool:
        """Return whether both come to the same network, whatever reads it."""
        mine, its = ({**run.values, "predict": None} for run in (self, other))
        bought = self.relabel is not None or other.relabel is not None
        return not bought and self.folder == other.folder and mine == its


@dataclass(frozen=True)
class Spread:
    """What a grid is spread over."""

    folders: tuple[Path, ...]
    """Dataset folders; the last parts of their paths name the datasets."""
    seeds: int
    """Number of seeds."""
    base: Values
    """Values that all runs share."""
    algorithms: tuple[str, ...] = ()
    """Algorithms; empty takes those of the experiment."""
    crowd: Crowd = field(default_factory=Crowd)
    """Who annotates in a simulated study."""
    budget: Budget = field(default_factory=Budget)
    """How much people are asked where labels are bought."""
    first: int = 0
    """The first seed; the others follow it."""

    @property
    def numbers(self) -> range:
        """Its seeds."""
        return range(self.first, self.first + self.seeds)
