"""A run: a configuration and a dataset become a run folder."""

import datetime
import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from s2c2 import checkpoint, files, readout
from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.progress import Progress, silent
from s2c2.engine import NonFiniteError, Record, train
from s2c2.errors import UserError
from s2c2.experiments.predicting import Reader, predict_pack
from s2c2.experiments.setup import Setup, idle, setup, views
from s2c2.networks.network import Network
from s2c2.predictions import Predictions


@dataclass(frozen=True)
class Place:
    """Where the files of a run folder lie."""

    root: Path

    @property
    def config(self) -> Path:
        """The resolved configuration."""
        return self.root / "config.yaml"

    @property
    def losses(self) -> Path:
        """One JSON object for each step."""
        return self.root / "losses.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.root / "checkpoints"

    @property
    def predictions(self) -> Path:
        """Predictions for every image; they are there when the run is finished."""
        return self.root / "predictions.parquet"

    @property
    def readout(self) -> Path:
        """What was fitted to read ambiguity and clusters, where that was asked for."""
        return self.root / "readout.npz"

    @property
    def dataset(self) -> Path:
        """Name, folder, classes and training size of the dataset."""
        return self.root / "dataset.json"


def run(
    dataset: Dataset,
    config: Config,
    out: Path,
    *,
    resume: bool = False,
    watch: Callable[[Record, int], None] = lambda record, steps: None,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = silent,
    predicting: Progress = silent,
    say: Callable[[str], None] = lambda text: None,
) -> Predictions:
    """Train, write the run folder, and return the predictions of the averaged network for every image.

    Between two steps an interrupt leaves a checkpoint behind, from which ``resume`` goes on bit for bit.

    Args:
        dataset: what to learn from.
        config: everything else that the run depends on.
        out: run folder.
        resume: go on from the newest checkpoint, or start when there is none.
        watch: called after each step with its record and the number of steps.
        stop: asked after each step whether to stop; then a checkpoint is written.
        progress: called while images are decoded.
        predicting: called while the images are predicted, when training is over.
        say: told what a person should know: settings that do nothing, damaged checkpoints.

    Raises:
        KeyboardInterrupt: when asked to stop.
        UserError: for a folder that holds another run, and for whatever is wrong with the data.
    """
    place = Place(out)
    guard(place, dataset, config, resume=resume)
    torch.set_num_threads(config.train.threads or torch.get_num_threads())
    ready = setup(dataset, config, torch.device("cuda" if torch.cuda.is_available() else "cpu"), progress)
    for text in idle(ready.objective):
        say(text)
    with no_ruins(place):
        describe(place, dataset, config, ready)
    if resume and checkpoint.listed(place.checkpoints):
        problems = checkpoint.restore(place.checkpoints, ready.training)
        for text in problems:
            say(f"{text} Going on from step {ready.training.step}.")
        if problems:
            files.write_text(place.root / "damaged.txt", "\n".join(problems) + "\n")
    follow(place, ready, config, watch, stop)
    reader = reader_of(ready.training.averaged.network, dataset.classes, config)
    predictions = with_splits(predict_pack(reader, ready.pack, predicting), ready.splits.of())
    predictions = read_out(place, predictions, config)
    predictions.write(place.predictions)
    return predictions


def reader_of(network: Network, classes: tuple[str, ...], config: Config) -> Reader:
    """Return how a network reads images, as configured."""
    weak = views(config.views)["weak"]
    return Reader(network, classes, bfloat16(config), config.predict.views, weak, config.seed)


def read_out(place: Place, predictions: Predictions, config: Config) -> Predictions:
    """Return the predictions as configured: from the heads, or by a readout fitted on the training images."""
    if config.predict.ambiguity == "head":
        return predictions
    pool = predictions.take(np.array([name in ("labeled", "unlabeled") for name in predictions.splits]))
    wanted = config.predict.clusters == "prototypes"
    count = (config.network.clusters or 5 * len(predictions.classes)) if wanted else None
    fitted = readout.fit(pool, config.predict.prior, count, config.predict.appearance, config.seed)
    fitted.write(place.readout)
    return readout.apply(fitted, predictions)


def follow(
    place: Place, ready: Setup, config: Config, watch: Callable[[Record, int], None], stop: Callable[[], bool]
) -> None:
    """Train to the end, or until asked to stop, writing losses and checkpoints."""
    training, every = ready.training, config.train.checkpoint
    trim(place.losses, training.step)
    steps = train(
        training, ready.batches, ready.objective, ready.schedule, seed=config.seed, autocast=bfloat16(config)
    )
    lines: list[str] = []
    try:
        for record in steps:
            lines.append(line(record))
            watch(record, ready.schedule.steps)
            stopped = stop()
            if stopped or record.step % every == 0:
                save(place, ready, config, lines)
            if stopped:
                raise KeyboardInterrupt
    except NonFiniteError as error:
        raise UserError(
            f"{error}. The last checkpoint in {place.checkpoints} is from before it, and --resume comes to "
            "the same step again; a smaller optimizer.rate or train.clip usually helps"
        ) from error
    save(place, ready, config, lines)


def save(place: Place, ready: Setup, config: Config, lines: list[str]) -> None:
    """Append the losses since the last checkpoint, then write a checkpoint."""
    try:
        with place.losses.open("a", encoding="utf-8") as stream:
            stream.writelines(lines)
    except OSError as error:
        raise UserError(f"cannot write {place.losses}: {error.strerror or error}") from error
    lines.clear()
    checkpoint.write(place.checkpoints, ready.training, keep=config.train.keep)


def line(record: Record) -> str:
    """Return a record as a line of JSON."""
    values = {"step": record.step, "progress": record.progress, "rate": record.rate} | record.losses
    return json.dumps(files.finite(values)) + "\n"


def trim(path: Path, step: int) -> None:
    """Drop the losses of steps after ``step``, which a killed run may have written."""
    if not path.exists():
        return
    kept = []
    for text in path.read_text(encoding="utf-8").splitlines(keepends=True):
        with suppress(ValueError):
            if json.loads(text)["step"] <= step:
                kept.append(text)
    files.write_text(path, "".join(kept))


def guard(place: Place, dataset: Dataset, config: Config, *, resume: bool) -> None:
    """Refuse a folder that this run must not write into.

    Raises:
        UserError: says whether to resume, to choose another folder, or what differs.
    """
    if not place.root.exists():
        return
    if not place.root.is_dir() or (any(place.root.iterdir()) and not place.config.exists()):
        raise UserError(f"{place.root} exists and is not a run folder: choose another --out")
    if not place.config.exists():
        return
    if place.predictions.exists():
        raise UserError(f"{place.root} holds a finished run: choose another --out")
    if not resume:
        raise UserError(
            f"{place.root} holds an unfinished run: add --resume to go on, or choose another --out"
        )
    old, new = configuration.read(place.config), config.model_dump(mode="json")
    changed = sorted(differences(old, new))
    if changed:
        raise UserError(f"{place.root} was started with another configuration: {', '.join(changed)}")
    if files.read_json(place.dataset)["name"] != dataset.name:
        raise UserError(f"{place.root} was started on another dataset")


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield each key whose value differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {*old, *new}:
            yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif old != new:
        yield f"{path} {old} → {new}"


def describe(place: Place, dataset: Dataset, config: Config, ready: Setup) -> None:
    """Write what the run is: configuration, dataset, splits, labels, environment.

    Raises:
        UserError: when the images or splits are not those the run was started with.
    """
    digest = ready.pack.digests
    facts = {
        "name": dataset.name,
        "root": str(dataset.root.resolve()),
        "classes": list(dataset.classes),
        "size": int(ready.pack.pixels.shape[1]),
        "images": len(ready.pack.images),
        "digest": pooled(digest),
    }
    if place.dataset.exists() and files.read_json(place.dataset)["digest"] != facts["digest"]:
        raise UserError(f"the images of {dataset.root} are not those that {place.root} was started with")
    place.root.mkdir(parents=True, exist_ok=True)
    files.write_json(place.dataset, facts)
    splits = ready.splits.of()
    table = pl.DataFrame({"image": list(splits), "split": list(splits.values())})
    files.write_text(place.root / "splits.csv", table.write_csv())
    names = [dataset.classes[number] for number in ready.labels]
    drawn = pl.DataFrame({"image": list(ready.splits.labeled), "label": names})
    files.write_text(place.root / "labels.csv", drawn.write_csv())
    files.write_json(place.root / "environment.json", environment())
    files.write_text(place.config, configuration.dump(config))


@contextmanager
def no_ruins(place: Place) -> Iterator[None]:
    """Remove a run folder again when the first files of it cannot be written."""
    existed = place.root.exists()
    try:
        yield
    except UserError:
        if not existed:
            shutil.rmtree(place.root, ignore_errors=True)
        raise


def pooled(digests: tuple[str, ...]) -> str:
    """Return one digest for all images."""
    return hashlib.blake2b("\n".join(digests).encode(), digest_size=16).hexdigest()


def environment() -> dict[str, Any]:
    """Return what the numbers of a run may depend on beside its configuration."""
    packages = ("s2c2", "torch", "numpy", "pillow", "scikit-learn", "polars")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "packages": {name: version(name).partition("+")[0] for name in packages},
        "git": _git(),
    }


def bfloat16(config: Config) -> bool:
    """Return whether the networks compute in bfloat16: where the processor has instructions for it."""
    if config.train.precision != "auto":
        return bool(config.train.precision == "bfloat16")
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


def with_splits(predictions: Predictions, splits: dict[str, str]) -> Predictions:
    """Return the predictions with the split of each image; empty for an image in none."""
    return replace(predictions, splits=tuple(splits.get(image, "") for image in predictions.images))


def _git() -> str | None:
    """Return the commit of the package's checkout, with ``+`` when it has changes."""
    if shutil.which("git") is None:
        return None
    here = Path(__file__).parent
    try:
        commit, changes = (
            subprocess.run(
                ["git", *command], cwd=here, capture_output=True, text=True, check=True, timeout=10
            ).stdout
            for command in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain"])
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return commit.strip() + ("+" if changes.strip() else "")
