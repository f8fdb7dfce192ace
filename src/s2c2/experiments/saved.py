"""The network of a finished run, and its scores."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from s2c2 import checkpoint, files, readout
from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data import dataset as datasets
from s2c2.data.cache import read_image
from s2c2.data.images import load, resize
from s2c2.data.layout import SUFFIXES
from s2c2.data.pack import pack
from s2c2.data.parallel import ordered
from s2c2.data.progress import Progress, silent
from s2c2.errors import UserError
from s2c2.experiments.embedding import embedded, reading
from s2c2.experiments.folder import Place
from s2c2.experiments.predicting import Reader, predict_images, predict_pack
from s2c2.experiments.run import predict_all, read_out, reader_of, with_splits
from s2c2.experiments.setup import fresh, objective_of, views
from s2c2.experiments.shards import together
from s2c2.metrics.equal_coverage import compare
from s2c2.metrics.scores import Scores, evaluate
from s2c2.predictions import Predictions
from s2c2.ranks.group import Ranks, first
from s2c2.readout import Readout
from s2c2.runs import Run


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
    problems = tuple(checkpoint.restore(place.checkpoints, training))
    reader = reader_of(training.averaged.network, tuple(facts["classes"]), config)
    reader = replace(reader, finish=reading(config, facts["size"], facts.get("extractor")))
    fitted = Readout.read(place.readout) if place.readout.exists() else None
    return Saved(reader, config, facts["size"], fitted, problems)


def predict_folder(
    saved: Saved, source: Path, skipped: Callable[[str], None] | None = None, *, progress: Progress = silent
) -> Predictions:
    """Return predictions for a dataset folder or any folder of images.

    Args:
        saved: a trained network.
        source: dataset folder, or folder of images.
        skipped: called with the reason for each image that is left out because it cannot be read; None fails
            on the first such image.
        progress: called with images done and their number.

    Raises:
        UserError: when there is no image, or one cannot be read.
    """
    source_of = opened_folder(saved, source, skipped, progress)
    return read_as(saved, source_of.predict(range(source_of.images)))


def predict_to(out: Path, saved: Saved, source: Callable[[], "Source"], ranks: Ranks) -> Predictions:
    """Predict a share of the images in each process, write the predictions of all, and return them.

    Args:
        out: file that the leader writes; the shards lie beside it, on a disk that all processes share.
        saved: a trained network.
        source: opens the images; the leader does so first.
        ranks: the processes.

    Raises:
        UserError: when there is no image, one cannot be read, or a process was lost.
    """
    found = first(ranks, source)
    merged = together(ranks, out.with_name(f"{out.name}.shards"), found.images, found.predict)

    def write() -> Predictions:
        made = read_as(saved, merged())
        made.write(out)
        return made

    return ranks.lead(write, lambda: Predictions.read(out))


@dataclass(frozen=True)
class Source:
    """Images that a network is to read."""

    images: int
    """How many there are."""
    predict: Callable[[range], Predictions]
    """Returns what the network says of some of them in a row."""


def opened_folder(
    saved: Saved, source: Path, skipped: Callable[[str], None] | None, progress: Progress
) -> Source:
    """Return the images of a dataset folder or any folder of images, see :func:`predict_folder`."""
    broken = skipped or _fail
    if (source / "dataset.yaml").exists():
        fit = saved.config.data.fit
        packed = pack(datasets.read(source), saved.size, fit=fit, skip_broken=True)
        for _, reason in packed.broken:
            broken(reason)
        return Source(len(packed.images), partial(predict_pack, saved.reader, packed, progress))
    found = images_in(source)

    def predict(rows: range) -> Predictions:
        images = _decoded(saved, source, found[rows.start : rows.stop], broken)
        return predict_images(saved.reader, images, len(rows), progress, rows.start)

    return Source(len(found), predict)


def read_as(saved: Saved, predictions: Predictions) -> Predictions:
    """Return predictions with ambiguity and clusters as the run reads them."""
    return predictions if saved.readout is None else readout.apply(saved.readout, predictions)


def images_in(source: Path) -> list[Path]:
    """Return the image files below a folder, sorted.

    Raises:
        UserError: when there is no such folder, or no image in it.
    """
    if not source.is_dir():
        raise UserError(f"no folder {source}")
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise UserError(f"no images in {source} (endings: {', '.join(SUFFIXES)})")
    return found


def _decoded(
    saved: Saved, folder: Path, paths: list[Path], broken: Callable[[str], None]
) -> Iterator[tuple[str, UInt8[np.ndarray, "s s 3"]]]:
    """Yield name and pixels of each image, decoded by threads as a pack decodes them."""

    def read(path: Path) -> UInt8[np.ndarray, "s s 3"] | str:
        try:
            pixels, _ = load(read_image(path), str(path), enough=2 * saved.size)
        except UserError as error:
            return str(error)
        return resize(pixels, saved.size, saved.config.data.fit)

    with closing(ordered(read, paths)) as rows:
        for path, row in zip(paths, rows, strict=True):
            if isinstance(row, str):
                broken(row)
            else:
                yield path.relative_to(folder).as_posix(), row


def _fail(reason: str) -> None:
    raise UserError(f"{reason} (--skip-broken leaves such images out)")


def reread(root: Path, out: Path, predict: dict[str, Any]) -> Predictions:
    """Write a new run folder with the same network and other ``predict`` settings; nothing is trained.

    Raises:
        UserError: when ``out`` exists, a setting is wrong, or the dataset is gone.
    """
    if out.exists():
        raise UserError(f"{out} exists: choose another folder")
    old, place = Place(root), Place(out)
    predictions = Predictions.read(old.predictions)
    config = configuration.resolve(configuration.merged(configuration.read(old.config), {"predict": predict}))
    shutil.copytree(root, out, ignore=shutil.ignore_patterns(*DERIVED))
    files.write_text(place.config, configuration.dump(config))
    saved = load_run(out)
    dataset = datasets.read(Path(files.read_json(place.dataset)["root"]))
    packed = pack(dataset, saved.size, fit=config.data.fit, skip_broken=config.data.skip_broken)
    splits = dict(zip(predictions.images, predictions.splits, strict=True))
    weak = {"weak": views(config.views)["weak"]}
    read = embedded(dataset, packed, config, weak, (torch.device("cpu"), silent))
    fresh_ones = predict_all(saved.reader, packed, read, silent)
    made = read_out(place, with_splits(fresh_ones, splits), config)
    made.write(place.predictions)
    return made


DERIVED = ("predictions.parquet", "scores.json", "proposals.parquet", "report.html", "readout.npz")
"""Files of a run that follow from its network."""


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
    try:
        dataset = datasets.read(Path(files.read_json(place.dataset)["root"]))
    except UserError as error:
        raise UserError(
            f"{error}. {root} was trained on it; if it moved, correct root in {place.dataset}"
        ) from error
    said = Run(root).annotations(dataset.classes) or dataset.annotations
    soft = said.soft_labels(predictions.images)
    tolerance = configuration.resolve(configuration.read(place.config)).data.tolerance
    scores: Scores = evaluate(predictions, soft, tolerance)
    result: dict[str, Any] = {"scores": scores.as_dict()}
    if against is not None:
        vanilla = Predictions.read(Place(against).predictions).of("validation")
        result["against"] = against.name
        result["comparison"] = compare(predictions, vanilla, soft, 0, tolerance).as_dict()
    files.write_json(root / "scores.json", result)
    return result
