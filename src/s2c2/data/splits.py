"""Splits: which images are labeled, unlabeled, for validation, and for choosing a checkpoint."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from s2c2.data.allocation import Group, rest, shuffled, take
from s2c2.data.dataset import Dataset
from s2c2.data.layout import SPLITS
from s2c2.errors import UserError


@dataclass(frozen=True)
class Splits:
    """Image ids by split; no image is in two of them, and an image may be in none."""

    labeled: tuple[str, ...]
    unlabeled: tuple[str, ...]
    validation: tuple[str, ...]
    selection: tuple[str, ...] = ()
    """Images for choosing a checkpoint, so that the validation images stay untouched."""

    def of(self) -> dict[str, str]:
        """Return image id to split."""
        return {image: name for name in SPLITS for image in getattr(self, name)}


@dataclass(frozen=True)
class SplitSizes:
    """How large the splits are: a count of images (int) or a share of all images (float in [0, 1])."""

    labeled: int | float = 0.16
    unlabeled: int | float = 0.64
    validation: int | float = 0.20
    selection: int | float = 0.0


PRESETS: Mapping[str, SplitSizes] = {
    "cifar10h": SplitSizes(1600, 6400, 2000, 0),
    "plankton": SplitSizes(1964, 7860, 2456, 0),
    "turkey": SplitSizes(1299, 5199, 1542, 0),
    "mice-bone": SplitSizes(277, 278, 169, 0),
}
"""Sizes of paper Table 1."""


def split(
    images: Sequence[str],
    labels: Int[np.ndarray, " n"],
    sizes: SplitSizes,
    seed: int,
    groups: Int[np.ndarray, " n"] | None = None,
) -> Splits:
    """Divide images at random, each class in proportion.

    Validation and selection are drawn before the labeled split, so they stay the same when only the number
    of labeled images changes. Each class has a labeled image. Images without a label are only unlabeled.

    Args:
        images: the n image ids.
        labels: class index of each image, −1 where nobody annotated.
        sizes: counts or shares. Counts are met exactly unless groups stand in the way.
        seed: the same seed gives the same splits.
        groups: images with the same number (exact duplicates) stay together; by default none do. Of a group
            that is not unlabeled, the images without a label are left out of all splits.

    Raises:
        UserError: when the sizes cannot be met or a class would have no labeled image.
    """
    counts = resolve(sizes, labels)
    left = shuffled(labels, np.arange(len(labels)) if groups is None else groups, seed)
    validation, left = take(left, counts["validation"], keep=1)
    selection, left = take(left, counts["selection"], keep=1)
    labeled, left = take(left, counts["labeled"], least=1)
    known = {"labeled": labeled, "validation": validation, "selection": selection}
    missing = sum(counts[name] - len(_rows(drawn)) for name, drawn in known.items())
    drawn = known | {"unlabeled": rest(left, counts["unlabeled"] + missing)}
    return Splits(**{name: tuple(images[row] for row in _rows(groups)) for name, groups in drawn.items()})


def divide(
    dataset: Dataset,
    sizes: SplitSizes | None = None,
    seed: int = 0,
    groups: Int[np.ndarray, " n"] | None = None,
) -> Splits:
    """Return the splits of a dataset: those that it fixes, or else a random division.

    Images that ``splits.csv`` does not list are in no split. After relabeling the division is the one from
    before, and unlabeled images that people answered are labeled; validation and selection stay as they were.

    Args:
        dataset: the dataset.
        sizes: as in :func:`split`; by default :func:`default_sizes`. Ignored where the dataset fixes splits.
        seed: as in :func:`split`.
        groups: as in :func:`split`.

    Raises:
        UserError: when the sizes cannot be met or a class would have no labeled image.
    """
    if dataset.relabeling is not None:
        before = dataset.relabeling.before or dataset.annotations
        first = divide(replace(dataset, annotations=before, relabeling=None), sizes, seed, groups)
        return promoted(first, dataset.relabeling.images)
    counts = dataset.annotations.counts(dataset.images)
    labels = dataset.annotations.majority(dataset.images)
    _require_classes(dataset, counts, "the dataset")
    if not dataset.splits:
        return split(dataset.images, labels, sizes or default_sizes(labels), seed, groups)
    fixed = {name: _listed(dataset, name) for name in SPLITS}
    _require_labels(dataset, labels)
    mask = np.array([dataset.splits.get(image) == "labeled" for image in dataset.images], dtype=bool)
    _require_classes(dataset, counts[mask], "the labeled split of splits.csv")
    return Splits(**fixed)


def promoted(splits: Splits, answered: Collection[str]) -> Splits:
    """Return the splits with the answered images among the unlabeled ones labeled.

    Example:
        >>> promoted(Splits(("a",), ("b", "c"), ("d",)), {"c", "d"})
        Splits(labeled=('a', 'c'), unlabeled=('b',), validation=('d',), selection=())
    """
    moved = tuple(image for image in splits.unlabeled if image in answered)
    left = tuple(image for image in splits.unlabeled if image not in answered)
    return replace(splits, labeled=tuple(sorted((*splits.labeled, *moved))), unlabeled=left)


def default_sizes(labels: Int[np.ndarray, " n"]) -> SplitSizes:
    """Return sizes that suit what is annotated.

    These are the paper's shares (16 % labeled, 20 % validation) where at least 36 % of the images are
    annotated; otherwise four fifths of the annotated images are labeled, one fifth is for validation, and all
    others are unlabeled.
    """
    annotated = int((labels >= 0).sum())
    if annotated >= 0.36 * len(labels):
        return SplitSizes()
    validation = annotated // 5
    return SplitSizes(annotated - validation, len(labels) - annotated, validation, 0)


def duplicates(digests: Sequence[str]) -> Int[np.ndarray, " n"]:
    """Return one number for each image, the same for exact duplicates; the ``groups`` of :func:`split`.

    Example:
        >>> duplicates(["a", "b", "a"])
        array([0, 1, 0])
    """
    numbers = {digest: number for number, digest in enumerate(dict.fromkeys(digests))}
    return np.array([numbers[digest] for digest in digests], dtype=np.int64)


def resolve(sizes: SplitSizes, labels: Int[np.ndarray, " n"]) -> dict[str, int]:
    """Return how many images each split gets; shares that sum to one use every image.

    Raises:
        UserError: when they cannot be met.
    """
    given = {name: getattr(sizes, name) for name in SPLITS}
    for name, value in given.items():
        _require_size(name, value)
    shares = np.array([value if isinstance(value, float) else 0.0 for value in given.values()])
    parts = np.diff(np.round(np.cumsum(shares) * len(labels)).astype(np.int64), prepend=0)
    counts = {name: int(value) for name, value in given.items() if isinstance(value, int)}
    counts |= {
        name: int(part)
        for (name, value), part in zip(given.items(), parts, strict=True)
        if isinstance(value, float)
    }
    _require_enough(counts, labels)
    return counts


def _require_size(name: str, value: object) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not whole and not (isinstance(value, float) and 0.0 <= value <= 1.0):
        raise UserError(f"size of split {name}: give a count ≥ 0 or a share in [0.0, 1.0], not {value!r}")


def _require_enough(counts: Mapping[str, int], labels: Int[np.ndarray, " n"]) -> None:
    asked = ", ".join(f"{counts[name]} {name}" for name in SPLITS)
    annotated, classes = int((labels >= 0).sum()), len(np.unique(labels[labels >= 0]))
    needed = sum(counts.values()) - counts["unlabeled"]
    if sum(counts.values()) > len(labels):
        raise UserError(f"the splits ({asked}) need {sum(counts.values())} images, there are {len(labels)}")
    if not annotated:
        raise UserError("no image is annotated: there is nothing to learn from")
    if needed > annotated:
        raise UserError(f"the splits ({asked}) need {needed} annotated images, there are {annotated}")
    if counts["labeled"] < classes:
        raise UserError(
            f"{counts['labeled']} labeled images cannot hold {classes} classes: a class would have "
            f"no labeled image; set data.labeled={classes} or more"
        )


def _require_classes(dataset: Dataset, counts: Int[np.ndarray, "n k"], where: str) -> None:
    missing = [name for name, votes in zip(dataset.classes, counts.sum(axis=0), strict=True) if not votes]
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        raise UserError(f"no labeled image for class {names} in {where}: annotate some, or remove the class")


def _require_labels(dataset: Dataset, labels: Int[np.ndarray, " n"]) -> None:
    known = ("labeled", "validation", "selection")
    for image, label in zip(dataset.images, labels, strict=True):
        if label < 0 and dataset.splits.get(image) in known:
            raise UserError(f"'{image}' is {dataset.splits[image]} in splits.csv, but nobody annotated it")


def _listed(dataset: Dataset, name: str) -> tuple[str, ...]:
    listed = tuple(image for image in dataset.images if dataset.splits.get(image) == name)
    if not listed and name in ("labeled", "validation"):
        raise UserError(f"splits.csv lists no {name} image")
    return listed


def _rows(groups: Iterable[Group]) -> list[int]:
    return sorted(row for group in groups for row in group.annotated)
