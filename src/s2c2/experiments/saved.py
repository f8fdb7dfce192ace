"""The network of a finished run, and its scores."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from s2c2 import checkpoint, files, readout
from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data import dataset as datasets
from s2c2.data.cache import read_image
from s2c2.data.dataset import Dataset
from s2c2.data.images import load, resize
from s2c2.data.layout import SUFFIXES
from s2c2.data.pack import Pack, pack
from s2c2.data.parallel import ordered
from s2c2.data.progress import Progress, silent
from s2c2.errors import UserError
from s2c2.experiments.embedding import chosen, embedded, reading
from s2c2.experiments.folder import Place
from s2c2.experiments.predicting import Reader, predict_images, predict_pack
from s2c2.experiments.probing import Known, require
from s2c2.experiments.run import conclude, reader_of
from s2c2.experiments.setup import dissent, fresh, objective_of, views, votes
from s2c2.metrics.equal_coverage import compare
from s2c2.metrics.scores import Scores, evaluate
from s2c2.predictions import Predictions
from s2c2.probe import Probe, apply
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
    probe: Probe | None = None
    """What corrects the predictions of the network, if so."""


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
    probe = Probe.read(place.probe) if place.probe.exists() else None
    return Saved(reader, config, facts["size"], fitted, problems, probe)


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
    broken = skipped or _fail
    reader, means = _averaging(saved)
    if (source / "dataset.yaml").exists():
        fit = saved.config.data.fit
        packed = pack(datasets.read(source), saved.size, fit=fit, skip_broken=True)
        for _, reason in packed.broken:
            broken(reason)
        predictions = predict_pack(reader, packed, progress)
    else:
        found = images_in(source)
        rows = _decoded(saved, source, found, broken)
        predictions = predict_images(reader, rows, len(found), progress)
    if saved.probe is not None:
        predictions = apply(saved.probe, predictions, means or [predictions.embeddings])
    return predictions if saved.readout is None else readout.apply(saved.readout, predictions)


def _averaging(saved: Saved) -> tuple[Reader, list[Float[np.ndarray, "b e"]]]:
    """Return the reader, and a list that what a probe reads is put into while it reads.

    The list stays empty where there is no probe, or where it reads what the heads of the network read.
    """
    form, means = chosen(saved.config), list[Float[np.ndarray, "b e"]]()
    if saved.probe is None or form is None:
        return saved.reader, means

    def keep(inputs: Float[Tensor, "n e 1 1"]) -> None:
        means.append(inputs.flatten(1).cpu().numpy().astype(np.float32))

    return replace(saved.reader, aside=keep, averaged=form.weak), means


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
    labeled = _known(Run(out), dataset, packed, config)
    require(config.predict, labeled.dissent)
    return conclude(place, config, saved.reader, (packed, read, labeled), splits, silent)


def _known(run: Run, dataset: Dataset, packed: Pack, config: Config) -> Known:
    """Return what people said of the labeled images, in the order in which their votes were drawn."""
    table = pl.read_csv(run.path / "splits.csv").filter(pl.col("split") == "labeled")
    images, number = tuple(table["image"]), {image: row for row, image in enumerate(packed.images)}
    said = run.annotations(dataset.classes)
    counts = votes(dataset if said is None else replace(dataset, annotations=said), images, config)
    shares = (counts / counts.sum(dim=1, keepdim=True)).numpy()
    return Known(np.array([number[image] for image in images]), shares, dissent(counts).numpy())


DERIVED = (
    *("predictions.parquet", "scores.json", "proposals.parquet", "report.html"),
    *("readout.npz", "probe.npz"),
)
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
