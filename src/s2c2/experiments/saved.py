"""The network of a finished run, and its scores."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from s2c2 import checkpoint, files
from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.pack import Pack, pack
from s2c2.data.progress import silent
from s2c2.errors import UserError, command_line
from s2c2.experiments.device import present
from s2c2.experiments.embedding import embedded, reading
from s2c2.experiments.folder import Place
from s2c2.experiments.predicting import Reader
from s2c2.experiments.probing import Known, require
from s2c2.experiments.run import Material, conclude, copies, reader_of
from s2c2.experiments.setup import answers, fresh, objective_of, views
from s2c2.experiments.threads import threads
from s2c2.experiments.unchanged import learned, refuse_other_images, refuse_other_votes
from s2c2.metrics.equal_coverage import compare
from s2c2.metrics.scores import Scores, evaluate
from s2c2.predictions import Predictions
from s2c2.probe import Probe
from s2c2.readout import Readout
from s2c2.runs import Run, dataset_of, refuse_other_pictures, root_of


@dataclass(frozen=True)
class Saved:
    """What a run left behind."""

    reader: Reader
    """The averaged network, and how it reads images."""
    config: Config
    size: int
    """Training size in pixels."""
    readout: Readout | None
    """How ambiguity and clusters are read, where not from the heads."""
    problems: tuple[str, ...] = ()
    """A sentence for each damaged checkpoint that was passed over."""
    probe: Probe | None = None
    """What corrects the predictions of the network, if so."""


def load_run(root: Path) -> Saved:
    """Load the newest averaged network of a run folder.

    Raises:
        UserError: when there is none, or the extractor that the run was trained with cannot be had.
    """
    place = Place(root)
    if not place.config.exists():
        made = command_line("train", "DATASET", "--out", root)
        raise UserError(f"{root} is not a run folder; to make one: {made}")
    found = _network(place, configuration.resolve(configuration.read(place.config)))
    fitted = Readout.read(place.readout) if place.readout.exists() else None
    return replace(found, readout=fitted, probe=Probe.read(place.probe) if place.probe.exists() else None)


def _network(place: Place, config: Config) -> Saved:
    """Return the newest averaged network of a run, to be read as configured, without what was fitted to it.

    Raises:
        UserError: as :func:`load_run`.
    """
    facts = files.read_json(place.dataset)
    objective = objective_of(config, torch.ones(1, len(facts["classes"])))
    device = present()
    training = fresh(unfetched(config), facts["size"], len(facts["classes"]), objective, device)
    problems = tuple(checkpoint.restore(place.checkpoints, training))
    reader = reader_of(training.averaged.network, tuple(facts["classes"]), config)
    reader = replace(reader, finish=reading(config, facts["size"], facts.get("extractor"), device))
    return Saved(reader, config, facts["size"], None, problems)


def unfetched(config: Config) -> Config:
    """Return the configuration of the same network without its first weights: a checkpoint has all."""
    backbone = config.network.backbone
    if not getattr(backbone, "pretrained", False):
        return config
    changed = {"backbone": backbone.model_copy(update={"pretrained": False})}
    return config.model_copy(update={"network": config.network.model_copy(update=changed)})


def reread(root: Path, out: Path, predict: dict[str, Any]) -> Predictions:
    """Write a new run folder with the same network and other ``predict`` settings; nothing is trained.

    Raises:
        UserError: when ``out`` exists, a setting is wrong, or the checkpoints or the dataset are gone.
    """
    if out.exists():
        raise UserError(f"{out} exists: choose another folder")
    old = Place(root)
    predictions = Predictions.read(old.predictions)
    config = configuration.resolve(configuration.merged(configuration.read(old.config), {"predict": predict}))
    torch.set_num_threads(threads(config))
    saved = _network(old, config)
    with files.atomic_folder(out) as made:
        shutil.copytree(root, made, ignore=shutil.ignore_patterns(*DERIVED), dirs_exist_ok=True)
        files.write_text(Place(made).config, configuration.dump(config))
        seen = os.path.relpath(root_of(Run(root)).resolve(), out.resolve())
        files.write_json(Place(made).dataset, files.read_json(old.dataset) | {"relative": seen})
        return _concluded(root, made, saved, dict(zip(predictions.images, predictions.splits, strict=True)))


def _concluded(root: Path, folder: Path, saved: Saved, splits: dict[str, str]) -> Predictions:
    """Read the network of a run as configured, and write what follows into a copy of its folder."""
    config = saved.config
    dataset = dataset_of(Run(root))
    packed = pack(dataset, saved.size, fit=config.data.fit, skip_broken=config.data.skip_broken)
    refuse_other_images(Place(folder).images, packed, dataset.root, root)
    weak = {"weak": views(config.views)["weak"]}
    read = embedded(dataset, packed, config, weak, (saved.reader.network.device, silent))
    labeled = _known(Run(root), dataset, packed, config)
    require(config.predict, labeled, dataset.classes, set(saved.reader.network.heads))
    return conclude(Place(folder), config, saved.reader, Material(packed, read, labeled, splits), silent)


def _known(run: Run, dataset: Dataset, packed: Pack, config: Config) -> Known:
    """Return what people said of the labeled images, in the order in which their votes were drawn.

    Raises:
        UserError: when that is not what the run learned from.
    """
    table = pl.read_csv(run.path / "splits.csv", glob=False).filter(pl.col("split") == "labeled")
    images, number = tuple(table["image"]), {image: row for row, image in enumerate(packed.images)}
    shares, apart = answers(dataset, images, config)
    refuse_other_votes(run.dataset.get("labels"), learned(shares, apart), dataset.root, run.path)
    rows = np.array([number[image] for image in images])
    return Known(rows, shares.numpy(), apart.numpy(), copies(packed, rows))


DERIVED = (
    *("predictions.parquet", "scores.json", "proposals.parquet", "report.html"),
    *("readout.npz", "probe.npz", ".lock"),
)
"""Files of a run that follow from its network, and that of its lock."""


def score(root: Path, against: Path | None = None) -> dict[str, Any]:
    """Score a run on its validation split and write ``scores.json``.

    Args:
        root: run folder.
        against: run folder of the vanilla algorithm, with the same seed and splits, for equal coverage.

    Raises:
        UserError: when a run is not finished, or the two have different validation images.
    """
    place = Place(root)
    predictions = Predictions.read(place.predictions).of("validation")
    if not len(predictions):
        raise UserError(f"{root} has no validation images: set data.validation")
    soft = dataset_of(Run(root)).annotations.soft_labels(predictions.images)
    tolerance = configuration.resolve(configuration.read(place.config)).data.tolerance
    scores: Scores = evaluate(predictions, soft, tolerance)
    result: dict[str, Any] = {"scores": scores.as_dict()}
    if against is not None:
        if against.resolve() == root.resolve():
            raise UserError(f"{root} would be held against itself: name the plain run")
        refuse_other_pictures(Run(root), Run(against))
        vanilla = Predictions.read(Place(against).predictions).of("validation")
        result["against"] = against.name
        result["comparison"] = compare(predictions, vanilla, soft, 0, tolerance).as_dict()
    files.write_json(root / "scores.json", result)
    return result
