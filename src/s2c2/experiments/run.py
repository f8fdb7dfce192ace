"""A run: a configuration and a dataset become a run folder."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from s2c2 import checkpoint, files, readout
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.pack import Pack
from s2c2.data.progress import Progress, silent
from s2c2.engine import PASSES, NonFiniteError, Record, train
from s2c2.errors import UserError
from s2c2.experiments.embedding import Embedded
from s2c2.experiments.folder import Place, accompany, describe, guard, no_ruins, pooled
from s2c2.experiments.precision import bfloat16
from s2c2.experiments.predicting import Reader, predict_inputs, predict_pack
from s2c2.experiments.setup import Setup, idle, setup, views
from s2c2.experiments.shards import together
from s2c2.networks.network import Network
from s2c2.predictions import Predictions
from s2c2.ranks.dividing import add_up, join
from s2c2.ranks.group import ALONE, Ranks, first, led, only


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
    ranks: Ranks = ALONE,
) -> Predictions:
    """Train, write the run folder, and return the predictions of the averaged network for every image.

    Between two steps an interrupt leaves a checkpoint behind, from which ``resume`` goes on bit for bit.
    Several processes train one run by calling this with the same arguments: each reads its share of every
    batch, and the first one writes the folder, which all of them can read.

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
        ranks: the processes that train this run; a checkpoint goes on with any number of them.

    Raises:
        KeyboardInterrupt: when asked to stop.
        UserError: for a folder that holds another run, and for whatever is wrong with the data.
    """
    place = Place(out)
    ranks.same("their settings", lambda: f"{config.model_dump_json()} {bfloat16(config)}")
    led(ranks, lambda: guard(place, dataset, config, resume=resume))
    torch.set_num_threads(config.train.threads or torch.get_num_threads())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    ready = first(ranks, lambda: setup(dataset, config, device, progress))
    ranks.same("their images", lambda: pooled(ready.pack.digests))
    for text in idle(ready.objective):
        say(text)
    led(ranks, lambda: begin(place, dataset, config, ready, beside, ranks.world))
    if resume and checkpoint.listed(place.checkpoints):
        problems = checkpoint.restore(place.checkpoints, ready.training)
        for text in problems:
            say(f"{text} Going on from step {ready.training.step}.")
        if problems:
            led(ranks, lambda: files.write_text(place.root / "damaged.txt", "\n".join(problems) + "\n"))
    for network in (ready.training.network, ready.training.averaged.network):
        join(network, ranks)
    follow(place, ready, config, watch, stop, ranks)
    reader = reader_of(ready.training.averaged.network, dataset.classes, config)
    merged = together(
        ranks,
        place.shards,
        len(ready.pack.images),
        lambda rows: predict_all(reader, ready.pack, ready.embedded, predicting, rows),
    )
    return ranks.lead(
        lambda: finished(place, ready, config, merged()), lambda: Predictions.read(place.predictions)
    )


def begin(
    place: Place, dataset: Dataset, config: Config, ready: Setup, beside: Mapping[str, str], processes: int
) -> None:
    """Write the first files of a run folder."""
    with no_ruins(place):
        describe(place, dataset, config, ready, processes)
        accompany(place, beside)


def finished(place: Place, ready: Setup, config: Config, predictions: Predictions) -> Predictions:
    """Write the predictions of a trained run, read as configured, and return them."""
    predictions = with_splits(predictions, ready.splits.of())
    predictions = read_out(place, predictions, config)
    predictions.write(place.predictions)
    return predictions


def predict_all(
    reader: Reader, packed: Pack, read: Embedded | None, progress: Progress, rows: range | None = None
) -> Predictions:
    """Return what a network says of images of a pack, or of some rows; from embeddings if there are some."""
    rows = range(len(packed.images)) if rows is None else rows
    if read is None:
        return predict_pack(reader, packed, progress, rows)
    device = next(reader.network.parameters()).device
    names = packed.images[rows.start : rows.stop]
    return predict_inputs(reader, names, read.blocks(reader.views, device, progress, rows))


def reader_of(network: Network, classes: tuple[str, ...], config: Config) -> Reader:
    """Return how a network reads images, as configured."""
    weak = views(config.views)["weak"]
    return Reader(network, classes, bfloat16(config), config.predict.views, weak, config.seed)


def read_out(place: Place, predictions: Predictions, config: Config) -> Predictions:
    """Return the predictions as configured: from the heads, or by a readout fitted on the training images.

    Raises:
        UserError: when the ambiguity head is asked for, beside prototypes, but there is none.
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
        doubt=options.ambiguity == "doubt",
    )
    pool = predictions.take(np.array([name in ("labeled", "unlabeled") for name in predictions.splits]))
    fitted = readout.fit(pool, wanted, config.seed)
    fitted.write(place.readout)
    return readout.apply(fitted, predictions)


def follow(
    place: Place,
    ready: Setup,
    config: Config,
    watch: Callable[[Record, int], None],
    stop: Callable[[], bool],
    ranks: Ranks = ALONE,
) -> None:
    """Train to the end, or until one process is asked to stop, writing losses and checkpoints."""
    training, every = ready.training, config.train.checkpoint
    led(ranks, lambda: trim(place.losses, training.step))
    steps = train(
        training,
        ready.batches,
        ready.objective,
        ready.schedule,
        seed=config.seed,
        autocast=bfloat16(config),
        passes=PASSES[config.train.passes],
        add_up=partial(add_up, ranks=ranks),
    )
    lines: list[str] = []

    def keep() -> None:
        ranks.same("their weights", lambda: checkpoint.digest(checkpoint.state(training)))
        only(ranks, save)(place, ready, config, lines)
        lines.clear()

    try:
        for record in steps:
            lines.append(line(record))
            watch(record, ready.schedule.steps)
            stopped = ranks.any(stop())
            if stopped or record.step % every == 0:
                keep()
            if stopped:
                raise KeyboardInterrupt
    except NonFiniteError as error:
        # A step is a function of seed, number and weights: the last checkpoint replays it.
        only(ranks, files.write_json)(place.nonfinite, {"step": error.step, "losses": error.losses})
        raise UserError(
            f"{error}. It is kept: --resume goes from the last checkpoint to the same step again, see "
            f"{place.nonfinite}; a smaller optimizer.rate or train.clip usually helps"
        ) from error
    keep()


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
