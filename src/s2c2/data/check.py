"""Checking a dataset: what it holds, and what stands in the way of training on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Int64

from s2c2.data.annotations import TOLERANCES, ambiguous
from s2c2.data.dataset import Dataset
from s2c2.data.description import SIZE
from s2c2.data.formats.names import unread
from s2c2.data.formats.walk import files_below
from s2c2.data.layout import SPLITS, composed
from s2c2.data.pack import Pack, readable
from s2c2.data.progress import Progress, silent
from s2c2.data.remarks import KINDS, by_kind
from s2c2.data.splits import default_sizes, resolve
from s2c2.errors import UserError

TINY = 16
"""Shorter side in pixels below which an image is called tiny."""

SHOWN = 5
"""Examples that a finding names."""


@dataclass(frozen=True)
class Finding:
    """Something a check found."""

    topic: str
    """What it is about, for example ``duplicates``."""
    message: str
    """One sentence."""
    examples: tuple[str, ...] = ()
    """Some of the images or classes it is about."""
    count: int = 1
    """How many there are."""


@dataclass(frozen=True)
class Report:
    """What a dataset holds. It can be trained on when there are no errors."""

    errors: tuple[Finding, ...]
    """What stands in the way of training, or makes its scores wrong."""
    warnings: tuple[Finding, ...]
    """What a person should know."""
    facts: tuple[tuple[str, str], ...]
    """Name and value, for a table."""
    classes: tuple[tuple[str, int, int], ...]
    """Of each class: name, images where it has most votes, votes."""
    votes: tuple[tuple[int, int], ...]
    """Histogram: number of votes, images that have so many."""
    splits: tuple[tuple[str, int], ...]
    """Of each fixed split: name and images; empty when none are fixed."""


def check(dataset: Dataset, *, size: int | None = None, progress: Progress = silent) -> Report:
    """Check a dataset; every image is decoded, and kept in the pack that a training at that size will use.

    Args:
        dataset: the dataset.
        size: size in pixels at which pixels are compared; by default the dataset's, else 32.
        progress: called with steps done and their number.
    """
    counts = dataset.annotations.counts(dataset.images)
    top = dataset.annotations.majority(dataset.images)
    packed = readable(dataset, size or dataset.size or SIZE, progress=progress)
    errors = [*_broken(packed), *_strangers(dataset), *_classes(dataset, counts), *_fixed(dataset, counts)]
    errors += _empty(dataset)
    warnings = [*_minor_classes(dataset, counts, top), *_repeated(dataset), *_namesakes(dataset)]
    warnings += [*_unlisted(dataset), *_unread(dataset)]
    warnings += [*_unmeasured(dataset, top), *_sizes(dataset, top), *_shapes(packed), *_remarks(packed)]
    leaks, duplicates = _duplicates(dataset, packed)
    return Report(
        errors=(*errors, *leaks),
        warnings=(*duplicates, *warnings),
        facts=_facts(dataset, counts, top, len(packed.broken)),
        classes=_rows(dataset, counts, top),
        votes=_histogram(counts.sum(axis=1)),
        splits=_split_rows(dataset),
    )


def finding(topic: str, message: str, concerned: Sequence[str]) -> list[Finding]:
    """Return one finding when it concerns anything; ``{n}`` in the message becomes how many."""
    if not concerned:
        return []
    text = message.replace("{n}", str(len(concerned)))
    return [Finding(topic, text, tuple(concerned[:SHOWN]), len(concerned))]


def _broken(packed: Pack) -> list[Finding]:
    reasons = [reason for _, reason in packed.broken]
    return finding(
        "broken", "{n} image(s) cannot be decoded; data.skip_broken=true trains without them", reasons
    )


def _unread(dataset: Dataset) -> list[Finding]:
    names = (path.name for path in files_below(dataset.root / "images"))
    return [Finding("files", f"{text}, in images/") for text in unread(names)]


def _strangers(dataset: Dataset) -> list[Finding]:
    return finding("annotations", "{n} annotated image(s) do not exist in images/", dataset.strangers())


def _classes(dataset: Dataset, counts: Int64[np.ndarray, "n k"]) -> list[Finding]:
    missing = [dataset.classes[i] for i in np.flatnonzero(counts.sum(axis=0) == 0)]
    return finding("classes", "{n} class(es) without any label", missing)


def _minor_classes(
    dataset: Dataset, counts: Int64[np.ndarray, "n k"], top: Int64[np.ndarray, " n"]
) -> list[Finding]:
    votes = counts.sum(axis=0)
    minor = [name for i, name in enumerate(dataset.classes) if votes[i] and not (top == i).any()]
    return finding("classes", "{n} class(es) with votes, but in no image with the most", minor)


def _fixed(dataset: Dataset, counts: Int64[np.ndarray, "n k"]) -> list[Finding]:
    bare = set(np.array(dataset.images, dtype=object)[counts.sum(axis=1) == 0])
    known = {image: name for image, name in dataset.splits.items() if name != "unlabeled"}
    wrong = [f"{image} ({name})" for image, name in known.items() if image in bare]
    return finding("splits", "{n} image(s) that nobody annotated in a split that needs labels", wrong)


def _empty(dataset: Dataset) -> list[Finding]:
    """Return the splits that training needs and the fixed ones lack."""
    listed = set(dataset.splits.values())
    missing = [name for name in ("labeled", "validation") if dataset.splits and name not in listed]
    return [Finding("splits", f"splits.csv lists no {name} image; training needs some") for name in missing]


def _unlisted(dataset: Dataset) -> list[Finding]:
    rest = [image for image in dataset.images if dataset.splits and image not in dataset.splits]
    return finding(
        "splits", "{n} image(s) in no split of splits.csv; list them as unlabeled to use them", rest
    )


def _unmeasured(dataset: Dataset, top: Int64[np.ndarray, " n"]) -> list[Finding]:
    """Return the classes that no validation image is of, by fixed splits or for want of a second image."""
    held = np.array([dataset.splits.get(image) == "validation" for image in dataset.images], dtype=bool)
    if dataset.splits and not held.any():
        return []
    sizes, scored = _per_class(dataset, top), _per_class(dataset, top[held])
    unseen = (sizes > 0) & (scored == 0) if dataset.splits else sizes == 1
    missing = [dataset.classes[i] for i in np.flatnonzero(unseen)]
    return finding("classes", "{n} class(es) without a validation image: no score will tell of them", missing)


def _per_class(dataset: Dataset, top: Int64[np.ndarray, " m"]) -> Int64[np.ndarray, " k"]:
    """Return how many images each class has."""
    return np.bincount(top[top >= 0], minlength=len(dataset.classes))


def _sizes(dataset: Dataset, top: Int64[np.ndarray, " n"]) -> list[Finding]:
    """Return why the default sizes of the splits cannot be met."""
    if dataset.splits or not (top >= 0).any():
        return []
    try:
        resolve(default_sizes(top), top)
    except UserError as error:
        return [Finding("splits", f"training would not start with the default sizes: {error}")]
    return []


def _remarks(packed: Pack) -> list[Finding]:
    return [
        found
        for kind, named in by_kind(packed.remarks).items()
        for found in finding(kind, KINDS[kind], named)
    ]


def _repeated(dataset: Dataset) -> list[Finding]:
    named = dataset.annotations.table.filter(pl.col("annotator") != "")
    twice = named.group_by("image", "annotator", maintain_order=True).len().filter(pl.col("len") > 1)
    rows = [f"{image} by {annotator}" for image, annotator, _ in twice.iter_rows()]
    return finding(
        "annotations", "{n} time(s) an annotator labeled an image more than once; each counts", rows
    )


def _namesakes(dataset: Dataset) -> list[Finding]:
    """Return annotators who may be one: their names are the same but for case, spaces and signs."""
    alike: dict[str, list[str]] = {}
    for name in dataset.annotations.table["annotator"].unique().sort():
        letters = "".join(filter(str.isalnum, composed(name).casefold()))
        alike.setdefault(letters or name, []).append(name)
    groups = [_text(names) for names in alike.values() if len(names) > 1]
    return finding(
        "annotators",
        "{n} person(s) whose name is written in several ways; each counts as somebody else",
        groups,
    )


def _shapes(packed: Pack) -> list[Finding]:
    heights, widths = packed.shapes.T
    names = np.array(packed.images, dtype=object)
    described = names + np.array([f" ({w} × {h})" for h, w in packed.shapes], dtype=object)
    tiny = described[np.minimum(heights, widths) < TINY].tolist()
    oblong = described[heights != widths].tolist()
    return [
        *finding("shapes", f"{{n}} image(s) with a side under {TINY} pixels", tiny),
        *finding(
            "shapes", "{n} image(s) that are not square; data.fit=stretch, crop or pad makes them so", oblong
        ),
    ]


def _duplicates(dataset: Dataset, packed: Pack) -> tuple[list[Finding], list[Finding]]:
    """Return leaks (duplicates of a validation or selection image in another split) and all duplicates."""
    alike: dict[str, list[str]] = {}
    for image, digest in zip(packed.images, packed.digests, strict=True):
        alike.setdefault(digest, []).append(image)
    groups = [group for group in alike.values() if len(group) > 1]
    held_out = {"validation", "selection"}
    found = [{dataset.splits[image] for image in group if image in dataset.splits} for group in groups]
    leaks = [
        _text(group)
        for group, names in zip(groups, found, strict=True)
        if len(names) > 1 and names & held_out
    ]
    same = "{n} group(s) of images with equal pixels"
    return (
        finding("leaks", f"{same} in validation or selection and in another split", leaks),
        finding("duplicates", same, [_text(group) for group in groups]),
    )


def _text(group: list[str]) -> str:
    return " = ".join(group)


def _facts(
    dataset: Dataset, counts: Int64[np.ndarray, "n k"], top: Int64[np.ndarray, " n"], broken: int
) -> tuple[tuple[str, str], ...]:
    votes = counts.sum(axis=1)
    annotated = votes > 0
    labels = dataset.annotations.soft_labels(dataset.images)[annotated]
    shares = {name: ambiguous(labels, value) for name, value in TOLERANCES.items()}
    return (
        ("images", str(len(dataset.images))),
        ("annotated", str(int(annotated.sum()))),
        ("broken", str(broken)),
        ("classes", str(len(dataset.classes))),
        ("votes", str(int(votes.sum()))),
        ("votes per annotated image", f"{votes[annotated].mean():.1f}" if annotated.any() else "–"),
        *(
            (f"ambiguous ({name})", f"{share.mean():.1%}" if len(share) else "–")
            for name, share in shares.items()
        ),
        ("imbalance", _imbalance(_per_class(dataset, top))),
    )


def _imbalance(sizes: Int64[np.ndarray, " k"]) -> str:
    """Return how many times larger the largest class is than the smallest."""
    return f"{sizes.max() / sizes.min():.1f} : 1" if sizes.min() else "a class is empty"


def _rows(
    dataset: Dataset, counts: Int64[np.ndarray, "n k"], top: Int64[np.ndarray, " n"]
) -> tuple[tuple[str, int, int], ...]:
    columns = dataset.classes, _per_class(dataset, top).tolist(), counts.sum(axis=0).tolist()
    return tuple(zip(*columns, strict=True))


def _histogram(votes: Int64[np.ndarray, " n"]) -> tuple[tuple[int, int], ...]:
    values, images = np.unique(votes, return_counts=True)
    return tuple((int(value), int(count)) for value, count in zip(values, images, strict=True))


def _split_rows(dataset: Dataset) -> tuple[tuple[str, int], ...]:
    if not dataset.splits:
        return ()
    names = [dataset.splits.get(image, "none") for image in dataset.images]
    return tuple((name, names.count(name)) for name in (*SPLITS, "none"))
