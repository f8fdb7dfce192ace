"""A run: a configuration and a dataset become a run folder."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from s2c2 import checkpoint, files, readout
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.pack import Pack
from s2c2.data.progress import Progress, silent
from s2c2.engine import NonFiniteError, Record, train
from s2c2.errors import UserError
from s2c2.experiments.embedding import Embedded
from s2c2.experiments.fitting import too_large
from s2c2.experiments.folder import Place, accompany, describe, guard, no_ruins
from s2c2.experiments.passes import passes
from s2c2.experiments.precision import bfloat16
from s2c2.experiments.predicting import Reader, predict_inputs, predict_pack
from s2c2.experiments.probing import Known, corrected, fitted, require
from s2c2.experiments.setup import Setup, idle, setup, views
from s2c2.experiments.threads import threads
from s2c2.memory import exhausted
from s2c2.networks.network import Network
from s2c2.predictions import Predictions


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
    beside: Mapping[str, str] = MappingProxyType({}),
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
        progress: called while images are decoded and embedded.
        predicting: called while the images are predicted, when training is over.
        say: told what a person should know: settings that do nothing, damaged checkpoints.
        beside: further files of the run folder by name, which say where the labels of the dataset come from.

    Raises:
        KeyboardInterrupt: when asked to stop.
        UserError: for a folder that holds another run, and for whatever is wrong with the data.
    """
    place = Place(out)
    guard(place, dataset, config, resume=resume)
    for folder in (place.root, place.checkpoints):
        files.sweep(folder)
    torch.set_num_threads(threads(config))
    ready = setup(dataset, config, torch.device("cuda" if torch.cuda.is_available() else "cpu"), progress)
    require(config.predict, known(ready).dissent)
    for text in idle(ready.objective):
        say(text)
    if bfloat16(config) and not bfloat16(config, ready.training.network):
        say("trained in float32: bfloat16 makes depthwise convolutions slower on this processor")
    with no_ruins(place):
        describe(place, dataset, config, ready)
        accompany(place, beside)
    if resume and checkpoint.listed(place.checkpoints):
        problems = checkpoint.restore(place.checkpoints, ready.training)
        for text in problems:
            say(f"{text} Going on from step {ready.training.step}.")
        if problems:
            files.write_text(place.root / "damaged.txt", "\n".join(problems) + "\n")
    follow(place, ready, config, watch, stop)
    reader = reader_of(ready.training.averaged.network, dataset.classes, config)
    sources = (ready.pack, ready.embedded, known(ready))
    return conclude(place, config, reader, sources, ready.splits.of(), predicting)


def conclude(
    place: Place,
    config: Config,
    reader: Reader,
    sources: tuple[Pack, Embedded | None, Known],
    splits: dict[str, str],
    progress: Progress,
) -> Predictions:
    """Fit what reads a trained network, predict every image with it, and write both.

    Args:
        place: of the run.
        config: its configuration.
        reader: the trained network.
        sources: the images, what is read instead of them, and what is known of the labeled ones.
        splits: split of each image.
        progress: called with images done and their number.
    """
    packed, read, labeled = sources
    predictions = predict_all(reader, packed, read, progress)
    found = fitted(config.predict, predictions, read, labeled)
    if found is not None:
        found.write(place.probe)
        predictions = corrected(found, predictions, read)
    predictions = read_out(place, with_splits(predictions, splits), config)
    predictions.write(place.predictions)
    return predictions


def known(ready: Setup) -> Known:
    """Return what people said of the labeled images of a run."""
    made = ready.batches
    return Known(made.labeled, made.labels.cpu().numpy(), _dissent(made.dissent, len(made.labeled)))


def _dissent(dissent: Tensor | None, count: int) -> Float[np.ndarray, " l"]:
    return np.full(count, np.nan, dtype=np.float32) if dissent is None else dissent.cpu().numpy()


def predict_all(reader: Reader, packed: Pack, read: Embedded | None, progress: Progress) -> Predictions:
    """Return what a network says of each image of a pack, from its embeddings where there are some."""
    if read is None:
        return predict_pack(reader, packed, progress)
    device = next(reader.network.parameters()).device
    return predict_inputs(reader, packed.images, read.blocks(reader.views, device, progress))


def reader_of(network: Network, classes: tuple[str, ...], config: Config) -> Reader:
    """Return how a network reads images, as configured."""
    weak = views(config.views)["weak"]
    return Reader(network, classes, bfloat16(config), config.predict.views, weak, config.seed)


def read_out(place: Place, predictions: Predictions, config: Config) -> Predictions:
    """Return the predictions as configured: from the heads, or by a readout fitted on the training images.

    Raises:
        UserError: when prototypes need an ambiguity and there is none.
    """
    options = config.predict
    if (options.ambiguity, options.clusters) == ("head", "head"):
        return predictions
    if options.ambiguity == "head" and predictions.ambiguity is None:
        raise UserError("predict.clusters=prototypes needs an ambiguity: set predict.ambiguity=doubt as well")
    count = config.network.clusters or 5 * len(predictions.classes)
    wanted = readout.Wanted(
        prior=options.prior,
        clusters=count if options.clusters == "prototypes" else None,
        appearance=options.appearance,
        ambiguity=options.ambiguity,
    )
    pool = predictions.take(np.array([name in ("labeled", "unlabeled") for name in predictions.splits]))
    fitted = readout.fit(pool, wanted, config.seed)
    fitted.write(place.readout)
    return readout.apply(fitted, predictions)


def follow(
    place: Place, ready: Setup, config: Config, watch: Callable[[Record, int], None], stop: Callable[[], bool]
) -> None:
    """Train to the end, or until asked to stop, writing losses and checkpoints.

    Raises:
        KeyboardInterrupt: when asked to stop.
        UserError: for a step that is not finite or does not fit into memory.
    """
    try:
        return _follow(place, ready, config, watch, stop)
    except NonFiniteError as error:
        # A step is a function of seed, number and weights: the last checkpoint replays it.
        files.write_json(place.nonfinite, {"step": error.step, "losses": error.losses})
        raise UserError(
            f"{error}. It is kept: 's2c2 replay {place.root}' repeats it and names the images; a smaller "
            "optimizer.rate or train.clip usually helps"
        ) from error
    except (RuntimeError, MemoryError) as error:
        if not exhausted(error):
            raise
    # Not in the handler: until it ends, the error holds what the step had allocated.
    raise too_large(ready, config)


def _follow(
    place: Place, ready: Setup, config: Config, watch: Callable[[Record, int], None], stop: Callable[[], bool]
) -> None:
    trim(place.losses, ready.training.step)
    steps = train(
        *(ready.training, ready.batches, ready.objective, ready.schedule),
        seed=config.seed,
        autocast=bfloat16(config, ready.training.network),
        passes=passes(config.train.passes, ready.objective, ready.training.network),
    )
    lines: list[str] = []
    for record in steps:
        lines.append(line(record))
        watch(record, ready.schedule.steps)
        stopped = stop()
        if stopped or record.step % config.train.checkpoint == 0:
            save(place, ready, config, lines)
        if stopped:
            raise KeyboardInterrupt
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


def with_splits(predictions: Predictions, splits: dict[str, str]) -> Predictions:
    """Return the predictions with the split of each image; empty for an image in none."""
    return replace(predictions, splits=tuple(splits.get(image, "") for image in predictions.images))
