"""From a dataset and a configuration to everything that training needs."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.config import Config, ViewsConfig
from s2c2.data import splits as splitting
from s2c2.data.annotations import ambiguous
from s2c2.data.batches import Batches, resident, streamed
from s2c2.data.dataset import Dataset
from s2c2.data.pack import Pack, pack
from s2c2.data.progress import Progress, silent
from s2c2.data.splits import Splits, SplitSizes
from s2c2.data.views import VIEWS, Strong, View, Weak
from s2c2.data.views.pool import POOL
from s2c2.engine import Schedule, Training, adopt
from s2c2.errors import UserError, chosen
from s2c2.experiments.embedding import Embedded, embedded
from s2c2.experiments.size import training_size
from s2c2.networks import BACKBONES
from s2c2.networks.averaged import Averaged
from s2c2.networks.network import Network
from s2c2.networks.weights import load_weights
from s2c2.objectives import OBJECTIVES, S2C2, balanced_weights
from s2c2.optimizers import OPTIMIZERS
from s2c2.types import Objective

RESIDENT = 2 * 2**30
"""Bytes of a pack up to which it is held on the device."""


@dataclass(frozen=True)
class Setup:
    """A run that is ready to train."""

    pack: Pack
    splits: Splits
    labels: Int[np.ndarray, " l"]
    """Class of each labeled image, in the order of ``splits.labeled``."""
    training: Training
    batches: Batches
    objective: Objective
    schedule: Schedule
    embedded: Embedded | None = None
    """What is read instead of images, if so."""


def setup(
    dataset: Dataset,
    config: Config,
    device: torch.device,
    progress: Progress = silent,
    root: Path | None = None,
) -> Setup:
    """Return a run that is ready to train; the same configuration gives the same bits.

    Args:
        dataset: what to learn from.
        config: everything else that the run depends on.
        device: where to compute.
        progress: called while images are decoded and embedded.
        root: run folder; a run that was begun there keeps its training size.

    Raises:
        UserError: for broken images, split sizes that cannot be met, or classes without a label.
    """
    size = training_size(dataset, config, root)
    packed = pack(dataset, size, fit=config.data.fit, skip_broken=config.data.skip_broken, progress=progress)
    splits = divided(dataset, packed, config)
    labels, apart = answers(dataset, splits.labeled, config)
    objective = objective_of(config, labels, apart)
    seen = {name: view for name, view in views(config.views).items() if name in names(objective)}
    read = embedded(dataset, packed, config, seen, (device, progress))
    training = fresh(config, size, len(dataset.classes), objective, device)
    if config.network.weights is not None:
        start(training, Path(config.network.weights))
    made = batches(packed, splits, labels.to(device), objective, config, read)
    made = replace(made, dissent=apart.to(device))
    if read is not None:
        read.standardise(training, np.union1d(made.labeled, made.unlabeled))
    return Setup(
        pack=packed,
        splits=splits,
        labels=labels.argmax(dim=1).numpy(),
        training=training,
        batches=made,
        objective=objective,
        schedule=Schedule(config.train.steps, config.optimizer.rate, config.train.clip),
        embedded=read,
    )


def names(objective: Objective) -> set[str]:
    """Return the names of the views that are read: the labeled images' is weak."""
    return {"weak", *objective.student, *objective.algorithm.teacher}


def divided(dataset: Dataset, packed: Pack, config: Config) -> Splits:
    """Return the splits of the images that can be read; exact duplicates stay together."""
    row = {image: number for number, image in enumerate(packed.images)}
    readable = _only(dataset, row)
    if config.data.disputed == "remove":
        readable = undisputed(readable, config.data.tolerance)
    order = [row[image] for image in readable.images]
    groups = splitting.duplicates([packed.digests[number] for number in order])
    return splitting.divide(readable, sizes(config, len(order)), config.seed, groups)


def undisputed(dataset: Dataset, tolerance: float) -> Dataset:
    """Return the dataset without the images that people disagree about.

    Raises:
        UserError: when no image is left.
    """
    removed = ambiguous(dataset.annotations.soft_labels(dataset.images), tolerance)
    kept = tuple(image for image, gone in zip(dataset.images, removed, strict=True) if not gone)
    if not kept:
        raise UserError(f"data.disputed=remove leaves no image of {dataset.name}")
    return replace(dataset, images=kept)


def sizes(config: Config, images: int) -> SplitSizes | None:
    """Return the split sizes of a configuration; None where it leaves them at their defaults.

    Args:
        config: its ``data`` section.
        images: number of images that are divided.

    Raises:
        UserError: for an unknown preset.
    """
    data = config.data
    if data.split is not None:
        counts = chosen("split preset", data.split, splitting.PRESETS)
        return fitted(counts, images) if data.disputed == "remove" else counts
    if (data.labeled, data.unlabeled, data.validation, data.selection) == _DEFAULT:
        return None
    given = data.labeled, data.validation, data.selection
    if data.unlabeled is not None:
        return SplitSizes(data.labeled, data.unlabeled, data.validation, data.selection)
    labeled, validation, selection = (_count(size, images) for size in given)
    over = labeled + validation + selection - images
    if over > 0 and sum(size if isinstance(size, int) else size * images for size in given) <= images:
        labeled -= over  # what rounding has added
    return SplitSizes(labeled, max(-over, 0), validation, selection)


def fitted(counts: SplitSizes, images: int) -> SplitSizes:
    """Return counts in proportion, where fewer images are left than they add up to.

    Example:
        >>> fitted(SplitSizes(1600, 6400, 2000, 0), 5000)
        SplitSizes(labeled=800, unlabeled=3200, validation=1000, selection=0)
    """
    share = min(1.0, images / sum(astuple(counts)))
    return SplitSizes(*(int(count * share) for count in astuple(counts)))


_DEFAULT = (0.16, None, 0.2, 0.0)


def _count(size: int | float, images: int) -> int:
    return size if isinstance(size, int) else round(size * images)


def votes(dataset: Dataset, images: tuple[str, ...], config: Config) -> Float[Tensor, "n k"]:
    """Return the votes that are the label of each labeled image: some drawn, one for the majority, or all.

    Raises:
        UserError: when nobody annotated one of the images.
    """
    annotations, classes = dataset.annotations, len(dataset.classes)
    counts = annotations.counts(images)
    if not (known := counts.any(axis=1)).all():
        raise UserError(f"{images[int(known.argmin())]} is in the labeled split but nobody annotated it")
    if config.data.labels == "soft":
        return torch.from_numpy(counts).float()
    if config.data.labels == "majority":
        chosen = [annotations.majority(images)]
    else:
        rng = np.random.default_rng([config.seed, 0])
        chosen = [annotations.draw(images, rng) for _ in range(config.data.votes)]
    each = [torch.nn.functional.one_hot(torch.from_numpy(classes_of), classes) for classes_of in chosen]
    return torch.stack(each).sum(dim=0).float()


def answers(
    dataset: Dataset, images: tuple[str, ...], config: Config
) -> tuple[Float[Tensor, "n k"], Float[Tensor, " n"]]:
    """Return the labels of images by the votes taken, and how far these differ.

    However many votes are drawn of an image that got one, they say nothing of that: its dissent is NaN.

    Raises:
        UserError: when nobody annotated one of the images.
    """
    counts = votes(dataset, images, config)
    alone = torch.from_numpy(dataset.annotations.votes(images) < 2)
    return counts / counts.sum(dim=1, keepdim=True), dissent(counts).masked_fill(alone, torch.nan)


def dissent(counts: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """Return the share of the votes of each image that are not for its first class; NaN below two votes."""
    total = counts.sum(dim=1)
    return torch.where(total > 1, 1 - counts.amax(dim=1) / total, torch.nan)


def objective_of(
    config: Config, labels: Float[Tensor, "n k"], apart: Float[Tensor, " n"] | None = None
) -> Objective:
    """Return the objective, with what it needs to know of all labeled images.

    Args:
        config: the configuration.
        labels: of the labeled images; class weights follow from them, where they are asked for.
        apart: their dissent, for objectives that learn ambiguity from votes.
    """
    algorithm = configuration.build(ALGORITHMS, config.algorithm)
    weights = balanced_weights(labels) if config.data.class_weights else None
    objective: Objective = configuration.build(OBJECTIVES, config.objective, algorithm, weights)
    if isinstance(objective, S2C2) and objective.votes and apart is not None:
        return replace(objective, disputed=share_disputed(apart))
    return objective


def share_disputed(apart: Float[Tensor, " n"]) -> float | None:
    """Return the share of images whose votes differ among those with at least two; None without any."""
    known = apart[~apart.isnan()]
    return float((known > 0).float().mean()) if len(known) else None


def fresh(config: Config, size: int, classes: int, objective: Objective, device: torch.device) -> Training:
    """Return networks with their first weights, which depend on the seed alone, and the optimizer."""
    available = {"clusters": config.network.clusters or 5 * classes, "ambiguity": 1}
    heads = {"classes": classes} | {name: available[name] for name in sorted(objective.heads)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        backbone = configuration.build(BACKBONES, config.network.backbone).build(size)
        network = Network(backbone, heads)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = Averaged(network, config.network.averaging)
    optimizer = configuration.build(OPTIMIZERS, config.optimizer).build(network)
    training = Training(network, averaged, optimizer)
    adopt(training, objective.algorithm)
    return training


def start(training: Training, weights: Path) -> None:
    """Put the first weights of the backbone in the place of those that were drawn.

    Raises:
        UserError: for a file that is no safetensors file, or weights of another network.
    """
    for network in training.networks:
        load_weights(network.backbone, weights)


def batches(
    packed: Pack,
    splits: Splits,
    labels: Float[Tensor, "n k"],
    objective: Objective,
    config: Config,
    read: Embedded | None = None,
) -> Batches:
    """Return the maker of batches; small packs are held on the device, embeddings are read from disk."""
    row = {image: number for number, image in enumerate(packed.images)}
    labeled, unlabeled = (
        np.array([row[image] for image in images], dtype=np.int64)
        for images in (splits.labeled, splits.unlabeled)
    )
    both = np.concatenate([labeled, unlabeled])
    taken = both if config.data.labeled_as_unlabeled or not len(unlabeled) else unlabeled
    inputs = read.inputs(labels.device) if read else _inputs(packed, config, labels.device)
    return Batches(
        labeled=labeled,
        labels=labels,
        unlabeled=taken if config.data.block is None else np.sort(taken),
        block=config.data.block,
        student=objective.student,
        teacher=objective.algorithm.teacher,
        batch=config.train.batch,
        ratio=objective.algorithm.ratio,
        seed=config.seed,
        device=labels.device,
        **inputs,
    )


def _inputs(packed: Pack, config: Config, device: torch.device) -> dict[str, Any]:
    held = packed.pixels.nbytes <= RESIDENT
    return {
        "pixels": (resident if held else streamed)(packed.pixels, device),
        "registry": views(config.views),
    }


def views(config: ViewsConfig) -> Mapping[str, View]:
    """Return each view by its name, as configured.

    Raises:
        UserError: for an operation that does not exist.
    """
    weak = Weak(config.flip, config.upend, config.turn, config.shift)
    pool = tuple(POOL) if config.pool is None else tuple(config.pool)
    strong = Strong(weak, config.operations, pool, config.cutout)
    return dict(VIEWS) | {"weak": weak, "strong": strong}


def _only(dataset: Dataset, kept: dict[str, int]) -> Dataset:
    """Return the dataset with the images that could be read."""
    return replace(dataset, images=tuple(image for image in dataset.images if image in kept))
