"""Runs with other seeds taken together: mean and spread, and paired differences."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import stdtrit

from s2c2.metrics.bootstrap import Interval

NAN = float("nan")


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a score over runs."""

    mean: float
    """NaN without a run."""
    deviation: float
    """Standard deviation with n − 1; NaN with less than two runs."""
    count: int
    """Runs in which the score is defined."""

    def __str__(self) -> str:
        if not self.count:
            return "–"
        return signless(self.mean) + (f" ± {self.deviation:.3f}" if self.count > 1 else "")


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences."""

    mean: float
    """NaN without a pair."""
    interval: Interval
    """95 % interval of Student's t over the pairs; NaN with less than two."""
    count: int
    """Pairs in which both are defined."""

    def __str__(self) -> str:
        if not self.count:
            return "–"
        ends = f" [{signed(self.interval.low)}, {signed(self.interval.high)}]" if self.count > 1 else ""
        return signed(self.mean) + ends


def spread(values: Iterable[float | None]) -> Spread:
    """Return mean and standard deviation of the defined values.

    Example:
        >>> str(spread([0.5, 0.7, None]))
        '0.600 ± 0.141'
    """
    known = [value for value in values if value is not None and value == value]
    deviation = statistics.stdev(known) if len(known) > 1 else NAN
    return Spread(statistics.fmean(known) if known else NAN, deviation, len(known))


def difference(pairs: Iterable[tuple[float | None, float | None]]) -> Difference:
    """Return the mean of first minus second over the pairs of which both are defined.

    The interval is that of Student's t: a percentile bootstrap of three pairs would hold the true mean in
    three of four cases. It takes pairs for independent, which seeds of one dataset are only in part.

    Example:
        >>> str(difference([(0.5, 0.4), (0.7, 0.6)]))
        '+0.100 [+0.100, +0.100]'
    """
    known = [a - b for a, b in pairs if a is not None and b is not None and a - b == a - b]
    if len(known) < 2:
        return Difference(known[0] if known else NAN, Interval(NAN, NAN), len(known))
    mean, error = statistics.fmean(known), statistics.stdev(known) / math.sqrt(len(known))
    half = float(stdtrit(len(known) - 1, 0.975)) * error
    return Difference(mean, Interval(mean - half, mean + half), len(known))


def signless(value: float) -> str:
    """Return a score with three digits and a true minus; a dash where it is not defined."""
    return f"{value:.3f}".replace("-", "−") if value == value else "–"


def signed(value: float) -> str:
    """Return a difference with its sign.

    Example:
        >>> signed(0.1), signed(-0.1)
        ('+0.100', '−0.100')
    """
    return f"{value:+.3f}".replace("-", "−") if value == value else "–"
