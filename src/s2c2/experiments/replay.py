"""A step that was not finite, once more: from the last checkpoint to the same losses, image by image."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from s2c2 import checkpoint, files
from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.batches import LABELED, positions
from s2c2.data.progress import Progress, silent
from s2c2.engine import NonFiniteError, train
from s2c2.errors import UserError
from s2c2.experiments.compiling import compiling
from s2c2.experiments.device import present
from s2c2.experiments.folder import Place, origin, refuse_other
from s2c2.experiments.manner import manner
from s2c2.experiments.setup import Setup, setup
from s2c2.experiments.threads import threads
from s2c2.runs import dataset_of, open_run
from s2c2.types import Losses, Objective, Outputs, Step


@dataclass(frozen=True)
class Suspect:
    """What the network said of one view of one image."""

    image: str
    view: str
    """``labeled``, or student or teacher with the number and name of the view."""
    heads: tuple[str, ...]
    """Outputs that are not finite."""
    largest: float
    """Largest absolute value of the finite outputs."""


@dataclass(frozen=True)
class Replayed:
    """A failed step that came again."""

    step: int
    start: int
    """Step of the checkpoint that it was replayed from; 0 for the first weights."""
    losses: dict[str, float]
    """Each weighted term and their ``total``."""
    recorded: dict[str, float | None]
    """The same when the run failed; None for what was not finite."""
    gradients: tuple[str, ...]
    """Parameters whose gradient is not finite."""
    suspects: tuple[Suspect, ...]
    """Each view of each image of the step, the worst first."""
    problems: tuple[str, ...] = ()
    """A sentence for each damaged checkpoint that was passed over."""

    @property
    def same(self) -> bool:
        """Whether the losses are those that were recorded, bit for bit."""
        return bool(files.finite(self.losses) == self.recorded)


class Witness:
    """An objective that keeps the last step it was given."""

    def __init__(self, inner: Objective) -> None:
        self.inner = inner
        self.algorithm, self.student, self.heads = inner.algorithm, inner.student, inner.heads
        self.step: Step | None = None

    def __call__(self, step: Step) -> Losses:
        """Return the losses of the inner objective."""
        self.step = step
        return self.inner(step)


def replay(root: Path, progress: Progress = silent) -> Replayed:
    """Train from the last checkpoint to the step at which a run failed, writing nothing.

    Args:
        root: run folder.
        progress: called while images are decoded, and with the steps done and those to do.

    Raises:
        UserError: when no step failed, the dataset is gone or has changed, or the step is finite now.
    """
    last, recorded = _failed(root)
    found, place = open_run(root), Place(root)
    config, dataset = configuration.resolve(found.config), dataset_of(found)
    torch.set_num_threads(threads(config))
    device = present()
    ready = setup(dataset, config, device, progress, root)
    refuse_other(place, dataset, ready, origin(place, dataset, ready))
    there = checkpoint.listed(place.checkpoints)
    problems = checkpoint.restore(place.checkpoints, ready.training) if there else []
    start, witness = ready.training.step, Witness(ready.objective)
    with compiling(ready.training, config):
        error = _again(ready, config, witness, last, progress)
    if error is None or witness.step is None:
        raise UserError(f"step {last} of {root} is finite now: was it another machine or version?")
    return Replayed(
        step=error.step,
        start=start,
        losses=error.losses,
        recorded=recorded,
        gradients=tuple(gradients(ready.training.network)),
        suspects=tuple(sorted(suspects(ready, witness.step, error.step), key=_badness)),
        problems=tuple(problems),
    )


def _failed(root: Path) -> tuple[int, dict[str, float | None]]:
    open_run(root)
    path = Place(root).nonfinite
    if not path.exists():
        raise UserError(f"no step of {root} failed: {path.name} is written when a loss is not finite")
    failed = files.read_json(path)
    return int(failed["step"]), dict(failed["losses"])


def _again(
    ready: Setup, config: Config, witness: Witness, last: int, progress: Progress
) -> NonFiniteError | None:
    steps = train(
        *(ready.training, ready.batches, witness, ready.schedule),
        seed=config.seed,
        manner=manner(config, ready.objective, ready.training.network),
    )
    try:
        for record in steps:
            progress(record.step, last + 1)
            if record.step > last:
                return None
    except NonFiniteError as error:
        return error
    return None


def gradients(network: torch.nn.Module) -> Iterator[str]:
    """Yield the name of each parameter whose gradient is not finite."""
    for name, value in network.named_parameters():
        if value.grad is not None and not value.grad.isfinite().all():
            yield name


def suspects(ready: Setup, step: Step, number: int) -> Iterator[Suspect]:
    """Yield what was said of each view of each image of a step."""
    made, packed = ready.batches, ready.pack
    chosen = made.labeled[positions(made.seed, LABELED, number, made.batch, len(made.labeled))]
    yield from _of([packed.images[row] for row in chosen], "labeled", step.labeled)
    rows = [] if step.images is None else step.images.tolist()
    images = [packed.images[row] for row in rows]
    for kind, names, views in (
        ("student", made.student, step.student),
        ("teacher", made.teacher, step.teacher),
    ):
        for index, (name, outputs) in enumerate(zip(names, views, strict=True)):
            yield from _of(images, f"{kind} {index} ({name})", outputs)


def _of(images: list[str], view: str, outputs: Outputs) -> Iterator[Suspect]:
    heads = {name: getattr(outputs, name) for name in ("classes", "clusters", "ambiguity", "embeddings")}
    present = {name: value.detach().float() for name, value in heads.items() if value is not None}
    bad = {name: ~_rows(value).isfinite().all(dim=1) for name, value in present.items()}
    together = torch.cat([_rows(value) for value in present.values()], dim=1)
    largest = together.nan_to_num(0.0, 0.0, 0.0).abs().amax(dim=1).tolist()
    for row, image in enumerate(images):
        yield Suspect(image, view, tuple(name for name in bad if bad[name][row]), largest[row])


def _rows(value: Tensor) -> Tensor:
    return value.reshape(len(value), -1)


def _badness(suspect: Suspect) -> tuple[int, float]:
    return -len(suspect.heads), -suspect.largest
