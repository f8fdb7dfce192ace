"""One visible training loop that yields, and prediction."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

import s2c2.allocator  # noqa: F401  (from its import on, freed memory is kept for the next step)
from s2c2.memory import exhausted
from s2c2.networks.averaged import Averaged
from s2c2.networks.manner import PLAIN, Manner, precision, still
from s2c2.networks.network import Network
from s2c2.types import Algorithm, Batch, Losses, Objective, Outputs, Preparing, Step

NORM = "norm of the gradient"
"""What is read from the device beside the losses."""
FINAL_COSINE = 7 / 16
"""The cosine schedule ends at cos(7π/16) ≈ 0.195 of the learning rate (FixMatch, and the reference)."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train."""

    steps: int
    """Steps of the whole training."""
    rate: float
    """Learning rate at the start."""
    clip: float = 1.0
    """Largest norm of the gradient; infinity never clips (reference)."""

    def at(self, step: int) -> float:
        """Return the learning rate lr · cos(7π/16 · t/T) of a step."""
        return self.rate * math.cos(FINAL_COSINE * math.pi * step / self.steps)


@dataclass
class Training:
    """Everything that changes while training, and all that a checkpoint holds."""

    network: Network
    averaged: Averaged
    optimizer: torch.optim.Optimizer
    step: int = 0
    """Steps that are done."""
    algorithm: nn.Module | None = None
    """The algorithm, where it has state; see :func:`adopt`."""

    @property
    def networks(self) -> tuple[Network, Network]:
        """The trained network and the averaged one."""
        return self.network, self.averaged.network


@dataclass(frozen=True)
class Record:
    """What one step did."""

    step: int
    """Number of steps done, from 1."""
    progress: float
    rate: float
    """Learning rate of the step."""
    losses: dict[str, float]
    """Each weighted term and their ``total``."""


class NonFiniteError(ArithmeticError):
    """A loss or gradient that is not finite.

    The weights, also the averaged ones, are still those before the step. Batch-norm statistics, counts of
    noise and the state of an algorithm have moved: to replay the step, go back to a checkpoint.
    """

    def __init__(self, step: int, losses: dict[str, float]) -> None:
        super().__init__(step, losses)
        self.step, self.losses = step, losses

    def __str__(self) -> str:
        terms = ", ".join(f"{name} {value:g}" for name, value in self.losses.items())
        return f"the loss or its gradient is not finite in step {self.step}: {terms}"


def adopt(training: Training, algorithm: Algorithm) -> None:
    """Make the state of an algorithm that has one a part of the training, and so of its checkpoints.

    Raises:
        ValueError: when the training already holds the state of another one.
    """
    if not isinstance(algorithm, nn.Module):
        return
    if training.algorithm not in (None, algorithm):
        raise ValueError("the training holds the state of another algorithm than the objective's")
    training.algorithm = algorithm


def train(
    training: Training,
    batches: Callable[[int], Batch],
    objective: Objective,
    schedule: Schedule,
    *,
    seed: int = 0,
    manner: Manner = PLAIN,
    add_up: Callable[[nn.Module], None] = lambda network: None,
) -> Iterator[Record]:
    """Train to the end of the schedule and yield a record after each step.

    The caller decides when to write, to evaluate and to stop: between two records ``training`` is consistent.

    Args:
        training: network, averaged network, optimizer and the steps done; it is changed in place.
        batches: returns the batch of a step.
        objective: reduces a step to losses.
        schedule: steps, learning rate, clipping.
        seed: seed of the random draws inside a step.
        manner: number format of the networks, and how they read the views of a step.
        add_up: called with the network once its gradients are there, before they are used: where several
            processes share a batch, it adds up theirs.

    Raises:
        NonFiniteError: before the weights change; the gradients are those of the step. What a forward pass
            moves has moved: a checkpoint replays the step.
    """
    adopt(training, objective.algorithm)
    following: Batch | None = None
    while training.step < schedule.steps:
        step = training.step
        generator = torch.Generator().manual_seed(step_seed(seed, step))
        rate = schedule.at(step)
        for group in training.optimizer.param_groups:
            group["lr"] = rate
        training.network.train()
        batch = following or batches(step)
        progress = step / schedule.steps
        losses = forward(training, batch, objective, generator, progress=progress, manner=manner)
        norm = differentiate(training, losses.total, add_up)
        following = batches(step + 1) if beside(batch) and step + 1 < schedule.steps else None
        values = scalars({**losses.terms, "total": losses.total, NORM: norm})
        length = values.pop(NORM)
        if not math.isfinite(values["total"]) or not math.isfinite(length):
            raise NonFiniteError(step, values)
        nn.utils.clip_grads_with_norm_(training.network.parameters(), schedule.clip, norm)
        training.optimizer.step()
        training.averaged.update(training.network, step)
        training.step = step + 1
        yield Record(training.step, training.step / schedule.steps, rate, values)


def differentiate(
    training: Training, total: Float[Tensor, ""], add_up: Callable[[nn.Module], None]
) -> Float[Tensor, ""]:
    """Put the gradient of a loss into the trained network and return its norm; it is not clipped yet."""
    training.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(total)
    add_up(training.network)
    present = [weight.grad for weight in training.network.parameters() if weight.grad is not None]
    return nn.utils.get_total_norm(present)


def forward(
    training: Training,
    batch: Batch,
    objective: Objective,
    generator: torch.Generator,
    *,
    progress: float,
    manner: Manner = PLAIN,
) -> Losses:
    """Return the losses of a batch.

    The passes are as many as the manner makes: of the trained network over all views, of the averaged one
    over those that it is asked for. Before them a :class:`~s2c2.types.Preparing` algorithm may ask the
    trained network without gradient, which leaves the running statistics of batch norm alone.
    """
    computing = precision(manner.autocast, batch.labeled.device)
    algorithm = objective.algorithm
    if isinstance(algorithm, Preparing):
        batch = algorithm.prepare(batch, _predict(training.network, computing), generator)
    with computing():
        labeled, *student = manner.passes(training.network, (batch.labeled, *batch.student))
    with torch.no_grad(), computing():
        training.averaged.network.train()
        teacher = manner.passes(training.averaged.network, batch.teacher)
    step = Step(
        labels=batch.labels,
        labeled=labeled,
        student=tuple(student),
        teacher=tuple(teacher),
        progress=progress,
        generator=generator,
        targets=batch.targets,
        images=batch.unlabeled,
        pool=batch.pool,
        training=True,
        dissent=batch.dissent,
    )
    return objective(step)


def beside(batch: Batch) -> bool:
    """Return whether the next batch is made while the device still works on this one: on a graphics card."""
    return batch.labeled.is_cuda


def scalars(tensors: Mapping[str, Float[Tensor, ""]]) -> dict[str, float]:
    """Return scalars as numbers, in one transfer from the device: all that a step waits for."""
    values = torch.stack(list(tensors.values())).tolist()
    return dict(zip(tensors, values, strict=True))


def step_seed(seed: int, step: int) -> int:
    """Return the seed of a step's random draws, in [0, 2⁶³)."""
    words = np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


@dataclass(frozen=True)
class Predicted:
    """Outputs for many images as arrays."""

    probabilities: Float[np.ndarray, "n k"]
    embeddings: Float[np.ndarray, "n e"]
    ambiguity: Float[np.ndarray, " n"] | None
    clusters: Int[np.ndarray, " n"] | None
    cluster_confidence: Float[np.ndarray, " n"] | None


def predict(
    network: Network,
    batches: Iterator[tuple[Float[Tensor, "n c h w"], ...]],
    *,
    autocast: bool = False,
) -> Iterator[Predicted]:
    """Yield what a network says of each batch of images, in evaluation mode, in parts where memory runs out.

    Args:
        network: usually the averaged network.
        batches: for each batch its views, images in [−1, 1]; what is said of the views is averaged.
        autocast: whether to compute in bfloat16.
    """
    network.eval()
    for views in batches:
        yield from _predicted(network, views, precision(autocast, views[0].device))


def _predicted(
    network: Network,
    views: tuple[Float[Tensor, "n c h w"], ...],
    computing: Callable[[], AbstractContextManager[object]],
) -> Iterator[Predicted]:
    try:
        with torch.inference_mode(), computing():
            outputs = [network(view.contiguous(memory_format=torch.channels_last)) for view in views]
        whole = arrays(outputs)
    except (RuntimeError, MemoryError) as error:
        if not exhausted(error) or len(views[0]) < 2:
            raise
        whole = None
    if whole is not None:
        yield whole
        return
    half = len(views[0]) // 2
    for part in (slice(half), slice(half, None)):
        yield from _predicted(network, tuple(view[part] for view in views), computing)


def arrays(outputs: list[Outputs]) -> Predicted:
    """Return the mean of the probabilities and embeddings of some views, on the host."""
    clusters = _mean([view.clusters for view in outputs], lambda logits: logits.softmax(dim=1))
    chosen = None if clusters is None else clusters.max(dim=1)
    return Predicted(
        probabilities=torch.stack([view.classes.softmax(dim=1) for view in outputs])
        .mean(dim=0)
        .cpu()
        .numpy(),
        embeddings=torch.stack([view.embeddings for view in outputs]).mean(dim=0).cpu().numpy(),
        ambiguity=_array(_mean([view.ambiguity for view in outputs], torch.sigmoid)),
        clusters=None if chosen is None else _array(chosen.indices.int()),
        cluster_confidence=None if chosen is None else _array(chosen.values),
    )


def _mean(logits: list[Tensor | None], link: Callable[[Tensor], Tensor]) -> Tensor | None:
    present = [link(view) for view in logits if view is not None]
    return torch.stack(present).mean(dim=0) if present else None


def _array(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.cpu().numpy()


def _predict(
    network: Network, computing: Callable[[], AbstractContextManager[object]]
) -> Callable[[Tensor], Tensor]:
    def classes(images: Tensor) -> Tensor:
        with torch.no_grad(), computing(), still(network):
            logits: Tensor = network(images.contiguous(memory_format=torch.channels_last)).classes
            return logits

    return classes
