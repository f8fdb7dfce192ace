"""Images that are ambiguous by construction, with known soft labels: for demos, tests and teaching."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Float, Int64, UInt8
from PIL import Image

from s2c2.data import shapes
from s2c2.data.allocation import apportion
from s2c2.data.dataset import Dataset, create
from s2c2.data.description import SIZES
from s2c2.data.progress import Progress, silent
from s2c2.data.source import Source, SourceImage
from s2c2.errors import UserError

TRUTH = "truth.parquet"
"""File in the dataset folder that holds the true soft labels."""

STEEPNESS = 8.0
"""How fast people change their minds along a transition; l of the second class is σ(8 (t − ½))."""

MIDDLE = (0.2, 0.8)
"""Where on a transition an ambiguous image may lie."""

BATCH = 64
"""Pictures that are drawn at a time."""


@dataclass(frozen=True)
class Plan:
    """What each picture shows: a class, or a place between two."""

    first: Int64[np.ndarray, " n"]
    """Class at t = 0."""
    second: Int64[np.ndarray, " n"]
    """Class at t = 1."""
    morph: Float[np.ndarray, " n"]
    """Place t on the transition, in [0, 1]; 0 for a typical picture of the first class."""


def synthetic(
    dest: Path,
    images: int = 2000,
    seed: int = 0,
    *,
    classes: int = len(shapes.SHAPES),
    size: int = 32,
    votes: int = 10,
    ambiguous: float = 0.35,
    imbalance: float = 1.0,
    progress: Progress = silent,
) -> Dataset:
    """Make a dataset of soft shapes, some of them between two classes, and what annotators say of them.

    Neighbouring classes are joined by a continuous change t of form, pattern and colour. Of an image at t, a
    share σ(8 (t − ½)) of people name the second class; votes are drawn from this. The true soft labels are
    written to ``truth.parquet`` beside the dataset, see :func:`read_truth`.

    Args:
        dest: the dataset folder to make.
        images: number of images.
        seed: the same seed gives the same files.
        classes: number of classes.
        size: height and width in pixels.
        votes: annotators of each image.
        ambiguous: share of images that lie between two classes.
        imbalance: how many times larger the first class is than the last.
        progress: called with steps done and their number (drawing, then writing).

    Raises:
        UserError: for numbers out of range, and as ``dataset.create`` does.
    """
    if seed < 0:
        raise UserError(f"seed must be at least 0, not {seed}")
    _check(images, classes, size, votes, ambiguous, imbalance)
    rng = np.random.default_rng(seed)
    plan = _plan(images, classes, ambiguous, imbalance, rng)
    labels = soft_labels(plan, classes)
    counts = rng.multinomial(votes, labels)
    names = tuple(shapes.SHAPES)[:classes]
    files = tuple(f"{number:0{len(str(images - 1))}d}.png" for number in range(images))
    pixels = _pictures(plan, size, rng, lambda done: progress(done, 2 * images))
    source = Source(
        name="synthetic shapes",
        classes=names,
        images=tuple(
            SourceImage(file, partial(_encode, picture), file)
            for file, picture in zip(files, pixels, strict=True)
        ),
        annotations=_table(files, names, counts),
        licence="CC0-1.0",
        size=size,
    )
    written = partial(_second_half, progress)
    return create(source, dest, progress=written, beside={TRUTH: _truth(files, names, plan, labels)})


def read_truth(dataset: Dataset) -> Float[np.ndarray, "n k"]:
    """Return the true soft label of each image of a synthetic dataset.

    Raises:
        UserError: when the dataset is not a synthetic one.
    """
    path = dataset.root / TRUTH
    if not path.is_file():
        raise UserError(f"{dataset.root} has no {TRUTH}: only synthetic datasets know their true soft labels")
    table = pl.read_parquet(path, glob=False)
    order = pl.DataFrame({"image": dataset.images}).join(table, on="image", how="left", maintain_order="left")
    return np.asarray(order.select(dataset.classes).to_numpy(), dtype=np.float64)


def soft_labels(plan: Plan, classes: int) -> Float[np.ndarray, "n k"]:
    """Return the soft label of each picture; one-hot for a typical picture."""
    between = plan.morph > 0
    second = np.where(between, 1 / (1 + np.exp(-STEEPNESS * (plan.morph - 0.5))), 0.0)
    labels = np.zeros((len(plan.morph), classes))
    rows = np.arange(len(labels))
    np.add.at(labels, (rows, plan.first), 1 - second)
    np.add.at(labels, (rows, plan.second), second)
    return labels


def _plan(images: int, classes: int, ambiguous: float, imbalance: float, rng: np.random.Generator) -> Plan:
    sizes = imbalance ** -np.linspace(0, 1, classes)
    weights = np.round(sizes * 1e6).astype(np.int64)
    first = np.repeat(np.arange(classes), apportion(images, weights, np.full(classes, images), least=1))
    rng.shuffle(first)
    second = (first + rng.choice([-1, 1], images)) % classes
    morph = np.zeros(images)
    between = rng.permutation(images)[: round(ambiguous * images)]
    morph[between] = rng.uniform(*MIDDLE, len(between))
    return Plan(first, second, morph)


def _second_half(progress: Progress, done: int, total: int) -> None:
    progress(total + done, 2 * total)


def _pictures(
    plan: Plan, size: int, rng: np.random.Generator, drawn: Callable[[int], None]
) -> UInt8[np.ndarray, "n s s 3"]:
    """Draw the pictures of a plan; ``drawn`` is called with how many there are."""
    table = np.array(list(shapes.SHAPES.values()))
    first, second = table[plan.first], table[plan.second]
    # The shorter way round the colour circle.
    second[:, -1] += np.round(first[:, -1] - second[:, -1])
    traits = first + plan.morph[:, None] * (second - first)
    traits[:, :-1] *= rng.normal(1, 0.10, (len(traits), 1))
    pictures = np.empty((len(traits), size, size, 3), dtype=np.uint8)
    for start in range(0, len(traits), BATCH):
        batch = traits[start : start + BATCH]
        pictures[start : start + BATCH] = shapes.draw(batch, shapes.scenes(len(batch), rng), size, rng)
        drawn(start + len(batch))
    return pictures


def _encode(picture: UInt8[np.ndarray, "s s 3"]) -> bytes:
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=6)
    return stream.getvalue()


def _table(files: tuple[str, ...], names: tuple[str, ...], counts: Int64[np.ndarray, "n k"]) -> pl.DataFrame:
    rows, labels = np.nonzero(counts)
    return pl.DataFrame(
        {
            "image": [files[row] for row in rows],
            "annotator": [""] * len(rows),
            "label": [names[label] for label in labels],
            "votes": counts[rows, labels],
        }
    )


def _truth(
    files: tuple[str, ...], names: tuple[str, ...], plan: Plan, labels: Float[np.ndarray, "n k"]
) -> bytes:
    columns = {
        "image": list(files),
        "first": [names[i] for i in plan.first],
        "second": [names[i] for i in plan.second],
        "morph": plan.morph,
    }
    stream = BytesIO()
    pl.DataFrame(columns | dict(zip(names, labels.T, strict=True))).write_parquet(stream)
    return stream.getvalue()


def _check(images: int, classes: int, size: int, votes: int, ambiguous: float, imbalance: float) -> None:
    most = len(shapes.SHAPES)
    rules = (
        (2 <= classes <= most, f"classes must be from 2 to {most}, not {classes}"),
        (images >= classes, f"images must be at least the number of classes ({classes}), not {images}"),
        (size in SIZES, f"size must be from {SIZES.start} to {SIZES.stop - 1} pixels, not {size}"),
        (votes >= 1, f"votes must be at least 1, not {votes}"),
        (0 <= ambiguous <= 1, f"ambiguous must be a share from 0 to 1, not {ambiguous}"),
        (imbalance >= 1, f"imbalance must be at least 1, not {imbalance}"),
    )
    problems = [problem for fine, problem in rules if not fine]
    if problems:
        raise UserError("; ".join(problems))
