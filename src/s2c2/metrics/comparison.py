"""S2C2 against a vanilla network at equal coverage: as many images set aside, the same images grouped.

A network that answers less often looks better, and a d on other images or with other numbers of groups does
not compare. So each score of S2C2 stands here beside the one a plain network reaches under the same terms.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from s2c2.metrics.bootstrap import Interval
from s2c2.metrics.captions import Better
from s2c2.metrics.clustering import Weighting
from s2c2.metrics.coverage import UNCERTAINTIES

State = Literal["better", "worse", "no clear difference"]
"""How S2C2 stands to its partner."""

CLUSTERINGS: Mapping[str, str] = {
    "k-means": "k-means with as many groups on vanilla's embeddings of the same images",
    "k-means unit": "k-means with as many groups on these embeddings scaled to length one",
    "gaussian mixture": "A mixture of as many Gaussians on vanilla's embeddings of the same images",
    "hdbscan": "HDBSCAN on vanilla's embeddings of the same images, brought to as many groups",
    "k-means probabilities": "k-means with as many groups on vanilla's probabilities of the same images",
}
"""The plain clusterings by name, in words."""


@dataclass(frozen=True)
class Distance:
    """Inner distance of one grouping of the images that S2C2 calls ambiguous."""

    clusters: int
    """Groups that hold an image."""
    macro: float
    """Inner distance, plain mean over the groups."""
    size: float
    """Inner distance, groups weighted by their images."""


@dataclass(frozen=True)
class Row:
    """One line of the comparison table."""

    name: str
    """What is compared with what."""
    s2c2: float
    """The score of S2C2."""
    baseline: float
    """The score of its partner under the same terms."""
    better: Better
    """Which way is better."""
    caption: str
    """What it means, in plain words."""
    interval: Interval | None = None
    """Where the difference lies (95 %); None where it was not asked, or there is nothing to compare."""

    @property
    def difference(self) -> float:
        """S2C2 minus baseline."""
        return self.s2c2 - self.baseline

    @property
    def state(self) -> State | None:
        """Whether the interval leaves out zero, and to which side; None without an interval.

        A percentile interval need not hold the difference itself; where it does not, it shows nothing.
        """
        if self.interval is None:
            return None
        low, high = self.interval.low, self.interval.high
        if not (low > 0 or high < 0) or not low <= self.difference <= high:
            return "no clear difference"
        return "better" if (low > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Comparison:
    """S2C2 and vanilla on the same images, each score with its partner at equal coverage."""

    images: int
    """Annotated images, the same in both."""
    left_out: int
    """Images without an annotation, not scored."""
    rejected: int
    """Images S2C2 calls ambiguous; as many are rejected by each baseline."""
    f1: Mapping[str, float]
    """F1 on the kept images: ``s2c2``; ``s2c2 max-softmax`` (its own classes, rejected by confidence); of
    vanilla ``max-softmax``, ``entropy``, ``margin``, ``random`` (floor), ``oracle`` (by people's entropy)."""
    f1_same: Mapping[str, float]
    """F1 of ``s2c2`` and ``vanilla`` on the images that S2C2 calls certain."""
    f1_all: Mapping[str, float]
    """F1 of ``s2c2`` and ``vanilla`` on all images."""
    distance: Mapping[str, Distance]
    """Groupings of the images that S2C2 calls ambiguous: ``s2c2``, each of :data:`CLUSTERINGS` (as many
    groups), ``classes`` (vanilla prediction), ``random`` (S2C2's group sizes, members at random)."""
    auroc: Mapping[str, float]
    """Detection of ambiguity: ``s2c2`` (p_a), ``max-softmax``, ``entropy``, ``margin`` (vanilla)."""
    aurc: Mapping[str, float]
    """Area under risk–coverage, lower is better: keys as ``auroc``, with ``random`` and ``oracle``."""
    intervals: Mapping[str, Interval]
    """95 % bootstrap interval of S2C2 minus its partner, by the name of each row of :attr:`strongest`."""

    @property
    def coverage(self) -> float:
        """Share of the images that is kept, in [0, 1]."""
        return 1 - self.rejected / self.images

    @property
    def rejection(self) -> str:
        """Name of the plain rejection with the highest F1."""
        return max(UNCERTAINTIES, key=lambda name: self.f1[name])

    def grouping(self, weighting: Weighting) -> str:
        """Return the name of the plain clustering with the lowest d, out of those that are there."""
        known = [name for name in CLUSTERINGS if name in self.distance]
        return min(known, key=lambda name: getattr(self.distance[name], weighting))

    def ratio(self, weighting: Weighting) -> float:
        """Return d of S2C2 over d of the best plain clustering; NaN where that is zero."""
        best = getattr(self.distance[self.grouping(weighting)], weighting)
        return getattr(self.distance["s2c2"], weighting) / best if best else float("nan")

    @property
    def detector(self) -> str:
        """Name of the plain uncertainty with the highest AUROC."""
        return max(UNCERTAINTIES, key=lambda name: self.auroc[name])

    @property
    def order(self) -> str:
        """Name of the plain uncertainty with the lowest AURC."""
        return min(UNCERTAINTIES, key=lambda name: self.aurc[name])

    @property
    def strongest(self) -> tuple[str, ...]:
        """Names of the rows with the strongest plain partner of each kind."""
        return (
            f"F1 / vanilla, {self.rejection} rejection",
            "F1, same images",
            "F1, all images",
            f"d / {self.grouping('macro')}",
            f"d by size / {self.grouping('size')}",
            f"AUROC / {self.detector}",
            f"AURC / {self.order}",
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by name, as they are written to ``scores.json``."""
        return asdict(self) | {
            "coverage": self.coverage,
            "rejection": self.rejection,
            "detector": self.detector,
            "grouping": {"macro": self.grouping("macro"), "size": self.grouping("size")},
            "distance_ratio": {"macro": self.ratio("macro"), "size": self.ratio("size")},
            "verdict": verdict(self),
        }

    def rows(self) -> tuple[Row, ...]:
        """Return the lines of the comparison table."""
        rows = (*_class_rows(self), *_group_rows(self), *_detection_rows(self))
        return tuple(replace(row, interval=self.intervals.get(row.name)) for row in rows)


def verdict(comparison: Comparison) -> str:
    """Return in one line whether S2C2 is better than the plain network under the same terms.

    A difference counts when its bootstrap interval leaves out zero. F1 is held against the *best* of the
    plain rejections, d against the *best* of the plain clusterings with as many groups on the same images.
    Many small groups lower d and not d by size: a better d counts only where d by size is not above that of
    the clustering that is best in it.
    """
    if comparison.rejected in (0, comparison.images):
        side = "certain" if comparison.rejected == 0 else "ambiguous"
        return f"Nothing to compare: S2C2 calls all {comparison.images} images {side}."
    rows = {row.name: row for row in comparison.rows()}
    best, _, _, tightest_macro, tightest_size, *_ = (rows[name] for name in comparison.strongest)
    states = {"F1": best.state or "no clear difference", "d": _groups_state(tightest_macro, tightest_size)}
    f1, distance, name = comparison.f1, comparison.distance, comparison.rejection
    closest, closest_by_size = comparison.grouping("macro"), comparison.grouping("size")
    kept = f"{comparison.coverage:.0%} of {comparison.images} images kept"
    return (
        f"{_headline(states)} at equal coverage ({kept}): "
        f"F1 {f1['s2c2']:.3f} against {f1[name]:.3f} for vanilla with {name} rejection ({states['F1']}); "
        f"d {distance['s2c2'].macro:.3f} against {distance[closest].macro:.3f} for {closest} on the same "
        f"{comparison.rejected} images, by size {distance['s2c2'].size:.3f} against "
        f"{distance[closest_by_size].size:.3f} for {closest_by_size} "
        f"({states['d']}). One pair of runs."
    )


def _groups_state(macro: Row, size: Row) -> str:
    if macro.state == "better" and size.difference > 0:
        return "better in small groups only"
    return macro.state or "no clear difference"


def _headline(states: Mapping[str, str]) -> str:
    better = [name for name, state in states.items() if state == "better"]
    worse = [name for name, state in states.items() if state == "worse"]
    if better and worse:
        return "Mixed"
    if not better and not worse:
        return "No clear difference"
    word, names = ("Better", better) if better else ("Worse", worse)
    return word if len(names) == len(states) else f"{word} in {names[0]} only"


def _class_rows(comparison: Comparison) -> Iterator[Row]:
    f1 = comparison.f1
    for name in UNCERTAINTIES:
        text = f"Vanilla may also set {comparison.rejected} images aside: the least certain by {name}."
        yield Row(f"F1 / vanilla, {name} rejection", f1["s2c2"], f1[name], "higher", text)
    yield Row(
        "F1 / vanilla, random rejection", f1["s2c2"], f1["random"], "higher", "Floor: any images set aside."
    )
    text = "Vanilla sets aside the images people disagree about most, which no network is told."
    yield Row("F1 / vanilla, oracle rejection", f1["s2c2"], f1["oracle"], "higher", text)
    text = (
        "S2C2's own class prediction, its least confident images set aside: does p_a choose better than that?"
    )
    yield Row("F1 / S2C2, max-softmax rejection", f1["s2c2"], f1["s2c2 max-softmax"], "higher", text)
    same, whole = comparison.f1_same, comparison.f1_all
    text = "Both on the very images that S2C2 calls certain: which one classifies better?"
    yield Row("F1, same images", same["s2c2"], same["vanilla"], "higher", text)
    yield Row("F1, all images", whole["s2c2"], whole["vanilla"], "higher", "Nothing set aside.")


def _group_rows(comparison: Comparison) -> Iterator[Row]:
    ours = comparison.distance["s2c2"]
    texts = {name: text for name, text in CLUSTERINGS.items() if name in comparison.distance} | {
        "classes": "The same images grouped by vanilla's class",
        "random": "Floor: groups as large as S2C2's, members at random",
    }
    for name, text in texts.items():
        other = comparison.distance[name]
        caption = f"{text} ({other.clusters} groups; S2C2 uses {ours.clusters})."
        yield Row(f"d / {name}", ours.macro, other.macro, "lower", caption)
        by_size = f"{text}, large groups counting more."
        yield Row(f"d by size / {name}", ours.size, other.size, "lower", by_size)


def _detection_rows(comparison: Comparison) -> Iterator[Row]:
    found, area = comparison.auroc, comparison.aurc
    for name in UNCERTAINTIES:
        text = f"Finding the images people disagree about: p_a against vanilla's {name}; 0.5 is a coin."
        yield Row(f"AUROC / {name}", found["s2c2"], found[name], "higher", text)
    texts = dict.fromkeys(UNCERTAINTIES, "Mean error over all coverages: S2C2 by p_a, vanilla by {}.")
    texts |= {"random": "Floor: vanilla's error rate.", "oracle": "Vanilla ordered by people's disagreement."}
    for name, text in texts.items():
        yield Row(f"AURC / {name}", area["s2c2"], area[name], "lower", text.format(name))
