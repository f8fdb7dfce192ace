"""The network of a finished run, and its scores."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from s2c2 import checkpoint, files
from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data import dataset as datasets
from s2c2.data.cache import read_image
from s2c2.data.images import decode, resize
from s2c2.data.layout import SUFFIXES
from s2c2.data.pack import pack
from s2c2.data.progress import Progress, silent
from s2c2.errors import UserError
from s2c2.experiments.embedding import reading
from s2c2.experiments.precision import bfloat16
from s2c2.experiments.predicting import Read, predict_images
from s2c2.experiments.run import Place
from s2c2.experiments.setup import fresh, objective_of
from s2c2.metrics.equal_coverage import compare
from s2c2.metrics.scores import Scores, evaluate
from s2c2.networks.network import Network
from s2c2.predictions import Predictions


@dataclass(frozen=True)
class Saved:
    """What a run left behind."""

    network: Network
    """The averaged network."""
    config: Config
    classes: tuple[str, ...]
    size: int
    """Training size in pixels."""
    read: Read
    """Turns images of that size into what the network reads."""


def load_run(root: Path) -> Saved:
    """Load the newest averaged network of a run folder.

    Raises:
        UserError: when there is none, or the extractor that the run was trained with cannot be had.
    """
    place = Place(root)
    if not place.config.exists():
        raise UserError(f"{root} is not a run folder: make one with 's2c2 train DATASET --out {root}'")
    config = configuration.resolve(configuration.read(place.config))
    facts = files.read_json(place.dataset)
    objective = objective_of(config, torch.ones(1, len(facts["classes"])))
    training = fresh(config, facts["size"], len(facts["classes"]), objective, torch.device("cpu"))
    checkpoint.restore(place.checkpoints, training)
    read = reading(config, facts["size"], facts.get("extractor"))
    return Saved(training.averaged.network, config, tuple(facts["classes"]), facts["size"], read)


def predict_folder(saved: Saved, source: Path, progress: Progress = silent) -> Predictions:
    """Return predictions for a dataset folder or any folder of images.

    Raises:
        UserError: when there is no image, or one cannot be read.
    """
    autocast = bfloat16(saved.config)
    if (source / "dataset.yaml").exists():
        packed = pack(datasets.read(source), saved.size, fit=saved.config.data.fit, skip_broken=True)
        setting = (autocast, progress)
        return predict_images(
            saved.network, packed.images, iter(packed.pixels), saved.classes, setting, saved.read
        )
    if not source.is_dir():
        raise UserError(f"no folder {source}")
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise UserError(f"no images in {source} (endings: {', '.join(SUFFIXES)})")
    names = tuple(path.relative_to(source).as_posix() for path in found)
    pixels = (
        resize(decode(read_image(path), str(path)), saved.size, saved.config.data.fit) for path in found
    )
    return predict_images(saved.network, names, pixels, saved.classes, (autocast, progress), saved.read)


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
    dataset = datasets.read(Path(files.read_json(place.dataset)["root"]))
    soft = dataset.annotations.soft_labels(predictions.images)
    tolerance = configuration.resolve(configuration.read(place.config)).data.tolerance
    scores: Scores = evaluate(predictions, soft, tolerance)
    result: dict[str, Any] = {"scores": scores.as_dict()}
    if against is not None:
        vanilla = Predictions.read(Place(against).predictions).of("validation")
        result["against"] = against.name
        result["comparison"] = compare(predictions, vanilla, soft, 0, tolerance).as_dict()
    files.write_json(root / "scores.json", result)
    return result
