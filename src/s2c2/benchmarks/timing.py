"""Samples of a measurement, their spread, and how those of several works are taken in turn."""

import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

Sample = Mapping[str, float]
"""What one repetition of a work cost, by name: ``cpu_s``, ``wall_s``, and parts of these."""


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of some samples."""

    median: float
    low: float
    """First quartile."""
    high: float
    """Third quartile."""

    def rounded(self, digits: int = 4) -> list[float]:
        """Return median and quartiles, ready to be written."""
        return [round(value, digits) for value in (self.median, self.low, self.high)]


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles; of a single value that value.

    Example:
        >>> spread([3.0, 1.0, 2.0])
        Spread(median=2.0, low=1.5, high=2.5)
    """
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def ratio(over: Sequence[float], under: Sequence[float]) -> Spread:
    """Return the spread of the quotients of neighbouring samples, which share what else the machine did."""
    return spread([a / b for a, b in zip(over, under, strict=True)])


def interleaved(
    works: Mapping[str, Callable[[], Sample]], rounds: int, warm: int = 1
) -> dict[str, list[Sample]]:
    """Return samples of several works, taken in turn: A B B A, so that a drift meets all alike.

    Args:
        works: each does its work once and returns what it cost.
        rounds: samples of each.
        warm: rounds before that are thrown away.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in works}
    for number in range(warm + rounds):
        for name in list(works)[:: 1 if number % 2 else -1]:
            sample = works[name]()
            if number >= warm:
                samples[name].append(sample)
    return samples


def column(samples: Sequence[Sample], name: str) -> list[float]:
    """Return one cost of each sample; those that lack it cost nothing."""
    return [sample.get(name, 0.0) for sample in samples]


@dataclass
class Meter:
    """What happened since it was made; read it when the work is over."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)
    """Processor seconds of this process, all its threads."""

    def sample(self) -> dict[str, float]:
        """Return processor and wall-clock seconds since the start."""
        return {"cpu_s": time.process_time() - self.cpu, "wall_s": time.perf_counter() - self.wall}


@contextmanager
def measured(into: dict[str, float]) -> Iterator[None]:
    """Write what a block costs into a dictionary."""
    meter = Meter()
    yield
    into.update(meter.sample())


def peak() -> int:
    """Return the most bytes that this process had in memory at a time."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
