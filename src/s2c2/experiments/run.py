"""A run: a configuration and a dataset become a run folder."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from s2c2 import checkpoint, files, readout
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.pack import Pack
from s2c2.data.progress import Progress
from s2c2.data.remarks import sentences
from s2c2.data.splits import duplicates
from s2c2.data.writing import first_few
from s2c2.engine import Training
from s2c2.experiments.callbacks import SILENT, Callbacks
from s2c2.experiments.compiling import compilable, compiling, eager
from s2c2.experiments.device import present
from s2c2.experiments.embedding import Embedded
from s2c2.experiments.folder import Place, accompany, describe, guard, no_ruins, refuse_beside
from s2c2.experiments.following import follow
from s2c2.experiments.holding import held
from s2c2.experiments.precision import bfloat16
from s2c2.experiments.predicting import Reader, predict_inputs, predict_pack
from s2c2.experiments.probing import Known, corrected, fitted, require, unlearned
from s2c2.experiments.remarks import idle, unequal, unheeded
from s2c2.experiments.setup import Setup, setup, views
from s2c2.experiments.shards import together
from s2c2.experiments.threads import threads
from s2c2.experiments.unchanged import pooled
from s2c2.networks.network import Network
from s2c2.predictions import Predictions
from s2c2.ranks.dividing import join
from s2c2.ranks.group import ALONE, Ranks, first, led


def run(
    dataset: Dataset,
    config: Config,
    out: Path,
    *,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    callbacks: Callbacks = SILENT,
    beside: Mapping[str, str] = MappingProxyType({}),
    ranks: Ranks = ALONE,
) -> Predictions:
    """Train, write the run folder, and return the predictions of the averaged network for every image.

    Between two steps an interrupt leaves a checkpoint behind, from which ``resume`` goes on bit for bit. To
    ``resume`` a run that is finished changes nothing; only its settings are compared, not the images.
    Several processes train one run by calling this with the same arguments: each reads its share of every
    batch, and the first one writes the folder, which all of them can read.

    Args:
        dataset: what to learn from.
        config: everything else that the run depends on.
        out: run folder.
        resume: go on from the newest checkpoint, or start when there is none, or return what a finished run
            predicted.
        stop: asked after each step whether to stop; then a checkpoint is written.
        callbacks: told how it goes.
        beside: further files of the run folder by name, which say where the labels of the dataset come from.
        ranks: the processes that train this run; a checkpoint goes on with any number of them.

    Raises:
        KeyboardInterrupt: when asked to stop.
        UserError: for a folder that holds another run, and for whatever is wrong with the data.
    """
    place = Place(out)
    ranks.same("their settings", config.model_dump_json)
    compilable(config, ranks.world)
    with ExitStack() as stack:
        ended = ranks.lead(
            lambda: stack.enter_context(entered(place, dataset, config, resume, stop, callbacks.say)),
            lambda: False,
        )
        if ranks.any(ended):
            return already(place, config, beside, callbacks.say)
        torch.set_num_threads(threads(config))
        device = present()
        ready = first(ranks, lambda: setup(dataset, config, device, callbacks.reading, out))
        ranks.same("their images", lambda: pooled(ready.pack.digests))
        ranks.same("their precision", lambda: str(bfloat16(config, device, ready.training.network)))
        labeled = known(ready)
        require(config.predict, labeled, dataset.classes, set(ready.training.network.heads))
        ignored = (
            *left_out(ready.pack),
            *remarked(dataset, ready.pack),
            *idle(ready.objective),
            *unheeded(config),
            *unequal(ready.objective, config),
        )
        for text in (*ignored, *unlearned(labeled, dataset.classes), *slowed(config, ready)):
            callbacks.say(text)
        led(ranks, lambda: begin(place, dataset, config, ready, beside, ranks.world))
        for text in restored(place, ready.training, ranks) if resume else ():
            callbacks.say(text)
        for network in ready.training.networks:
            join(network, ranks)
        with compiling(ready.training, config):
            follow(place, ready, config, callbacks.step, stop, ranks)
        reader = reader_of(ready.training.averaged.network, dataset.classes, config)
        material = Material(ready.pack, ready.embedded, labeled, ready.splits.of())
        with eager(config):
            return conclude(place, config, reader, material, callbacks.predicting, ranks)


@contextmanager
def entered(
    place: Place,
    dataset: Dataset,
    config: Config,
    resume: bool,
    stop: Callable[[], bool],
    say: Callable[[str], None],
) -> Iterator[bool]:
    """Hold a folder that the run may write into, and remove what a killed process left there.

    It yields whether this very run has ended there before: then it is left as it is.
    """
    if guard(place, dataset, config, resume=resume):
        yield True
        return
    with held(place, stop, say):
        ended = guard(place, dataset, config, resume=resume)  # who held it may have begun or ended a run
        for folder in () if ended else (place.root, place.checkpoints):
            files.sweep(folder)
        yield ended


def already(
    place: Place, config: Config, beside: Mapping[str, str], say: Callable[[str], None]
) -> Predictions:
    """Return what a finished run predicted, and say that nothing is left to do.

    Raises:
        UserError: when it was started with other further files, or its predictions cannot be read.
    """
    for name, text in beside.items():
        refuse_beside(place, name, text)
    predictions = Predictions.read(place.predictions)
    say(
        f"{place.root} is finished: {config.train.steps} steps, predictions for {len(predictions)} images. "
        "Nothing is left to do; to learn from images or labels that changed since, choose another --out"
    )
    return predictions


def left_out(packed: Pack) -> Iterator[str]:
    """Yield a sentence where images that cannot be read are left out; the first few are named."""
    if packed.broken:
        named = first_few([reason for _, reason in packed.broken])
        yield f"left out, as they cannot be read: {len(packed.broken)} ({named})"


def remarked(dataset: Dataset, packed: Pack) -> Iterator[str]:
    """Yield a sentence for annotations that belong to no image, and for images that were meant otherwise."""
    if absent := dataset.strangers():
        yield f"annotated, but not among the images: {len(absent)} ({first_few(absent)})"
    yield from sentences(packed.remarks)


def slowed(config: Config, ready: Setup) -> Iterator[str]:
    """Yield a sentence for what makes steps, or the first one, slower than a person may expect."""
    network = ready.training.network
    if bfloat16(config, network.device) and not bfloat16(config, network.device, network):
        yield "trained in float32: bfloat16 makes depthwise convolutions slower on this processor"
    if config.train.compile:
        yield "the backbone is compiled: the first step takes a minute or more"


def restored(place: Place, training: Training, ranks: Ranks) -> list[str]:
    """Go on from the newest checkpoint, where there is one; return a sentence for each damaged one."""
    if not checkpoint.listed(place.checkpoints):
        return []
    problems = checkpoint.restore(place.checkpoints, training)
    if problems:
        led(ranks, lambda: files.write_text(place.root / "damaged.txt", "\n".join(problems) + "\n"))
    return [f"{text} Going on from step {training.step}." for text in problems]


def begin(
    place: Place, dataset: Dataset, config: Config, ready: Setup, beside: Mapping[str, str], processes: int
) -> None:
    """Write the first files of a run folder."""
    with no_ruins(place):
        describe(place, dataset, config, ready, processes)
        accompany(place, beside)


@dataclass(frozen=True)
class Material:
    """What a trained network is read on."""

    pack: Pack
    """The images."""
    embedded: Embedded | None
    """What is read instead of them, if so."""
    labeled: Known
    """What people said of the labeled ones."""
    splits: dict[str, str]
    """Split of each image."""


def conclude(
    place: Place,
    config: Config,
    reader: Reader,
    material: Material,
    progress: Progress,
    ranks: Ranks = ALONE,
) -> Predictions:
    """Fit what reads a trained network, predict every image with it, and write both.

    Args:
        place: of the run.
        config: its configuration.
        reader: the trained network.
        material: the images and what is known of them.
        progress: called with images done and their number.
        ranks: the processes, each of which predicts a share.
    """

    def share(rows: range) -> Predictions:
        return predict_all(reader, material.pack, material.embedded, progress, rows)

    whole = together(ranks, place.shards, len(material.pack.images), share)
    return ranks.lead(
        lambda: finished(place, config, whole(), material), lambda: Predictions.read(place.predictions)
    )


def finished(place: Place, config: Config, predictions: Predictions, material: Material) -> Predictions:
    """Fit what reads a trained network from its predictions, and write both, see :func:`conclude`."""
    predictions = with_splits(predictions, material.splits)
    found = fitted(config, predictions, material.embedded, material.labeled)
    if found is not None:
        found.write(place.probe)
        predictions = corrected(found, predictions, material.embedded)
    predictions = read_out(place, predictions, config)
    predictions.write(place.predictions)
    return predictions


def known(ready: Setup) -> Known:
    """Return what people said of the labeled images of a run."""
    made = ready.batches
    apart = _dissent(made.dissent, len(made.labeled))
    return Known(made.labeled, made.labels.cpu().numpy(), apart, copies(ready.pack, made.labeled))


def copies(packed: Pack, rows: Int[np.ndarray, " l"]) -> Int[np.ndarray, " l"]:
    """Return one number for each of some images of a pack, the same for exact copies."""
    return duplicates([packed.digests[row] for row in rows])


def _dissent(dissent: Tensor | None, count: int) -> Float[np.ndarray, " l"]:
    return np.full(count, np.nan, dtype=np.float32) if dissent is None else dissent.cpu().numpy()


def predict_all(
    reader: Reader, packed: Pack, read: Embedded | None, progress: Progress, rows: range
) -> Predictions:
    """Return what a network says of images of a pack in a row, from their embeddings if there are some."""
    if read is None:
        return predict_pack(reader, packed, progress, rows)
    names = packed.images[rows.start : rows.stop]
    return predict_inputs(reader, names, read.blocks(reader.views, reader.network.device, progress, rows))


def reader_of(network: Network, classes: tuple[str, ...], config: Config) -> Reader:
    """Return how a network reads images, as configured."""
    weak = views(config.views)["weak"]
    autocast = bfloat16(config, network.device)
    return Reader(network, classes, autocast, config.predict.views, weak, config.seed)


def read_out(place: Place, predictions: Predictions, config: Config) -> Predictions:
    """Return the predictions as configured: from the heads, or by a readout fitted on the training images."""
    options = config.predict
    if (options.ambiguity, options.clusters) == ("head", "head"):
        return predictions
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


def with_splits(predictions: Predictions, splits: dict[str, str]) -> Predictions:
    """Return the predictions with the split of each image; empty for an image in none."""
    return replace(predictions, splits=tuple(splits.get(image, "") for image in predictions.images))
