"""Training steps of this package, and where their time goes."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from s2c2 import config as configuration
from s2c2.benchmarks.machine import memory
from s2c2.benchmarks.timing import Meter
from s2c2.benchmarks.worker import Work
from s2c2.config import Config
from s2c2.data.batches import Batches, resident
from s2c2.engine import Record, Schedule, Training, train
from s2c2.experiments.compiling import compile_backbones
from s2c2.experiments.device import present
from s2c2.experiments.manner import manner
from s2c2.experiments.setup import fresh, objective_of
from s2c2.types import Batch, Losses, Objective, Step

CLASSES, IMAGES, LABELED = 10, 2000, 320
PARTS = ("views", "forward", "losses", "backward", "optimizer", "averaging")
"""Parts of a step; clipping belongs to the optimizer, what starts a step to none."""


@dataclass
class Marks:
    """Seconds of the parts of steps: a processor's, or those that pass on a graphics card."""

    card: bool = False
    """Whether time passes on a graphics card, which works through what it was asked to do before."""
    at: list[tuple[str, Any]] = field(default_factory=list)
    """The moment at which each part ended, in their order."""

    def mark(self, name: str) -> None:
        """Write down that a part ends now."""
        self.at.append((name, self._now()))

    def _now(self) -> Any:
        if not self.card:
            return time.process_time()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def parts(self) -> dict[str, float]:
        """Return the seconds of each part, and forget them; a card must have worked through them."""
        seconds = dict.fromkeys(PARTS, 0.0)
        for (_, before), (name, now) in pairwise(self.at):
            if name in seconds:
                seconds[name] += before.elapsed_time(now) / 1e3 if self.card else now - before
        self.at.clear()
        return {f"{name}_s": total for name, total in seconds.items()}


def prepare(options: Mapping[str, Any]) -> Work:
    """Return some steps; before the first one their floating-point operations are counted.

    Args:
        options: ``values`` of a configuration, ``size`` in pixels, ``layout`` (``channels_last``, ``nchw``),
            ``compiled`` (``no``, or a mode of ``torch.compile``), ``device``, ``steps`` of a sample.
    """
    device = torch.device(options["device"])
    if device.type == "cuda":
        device = present()
    marks = Marks(card=device.type == "cuda")
    config = configuration.resolve(options["values"])
    training, objective, made = ready(config, options["size"], device)
    if options["layout"] == "nchw":
        nchw(training)
    watched = Watched(objective, marks)
    watch(training, marks)
    steps = train(
        training,
        lambda step: timed(made, step, marks),
        watched,
        Schedule(10**6, config.optimizer.rate),
        manner=manner(config, objective, training.network),
    )
    flops = counted(steps)
    if options["compiled"] != "no":
        compile_backbones(training, options["compiled"])
        next(steps)

    def work() -> dict[str, float]:
        marks.at.clear()
        meter = Meter()
        for _ in range(options["steps"]):
            marks.mark("start")
            next(steps)
            marks.mark("averaging")
        if device.type == "cuda":
            torch.cuda.synchronize()
        found = meter.sample() | marks.parts()
        each = {name: seconds / options["steps"] for name, seconds in found.items()}
        return each | {"flops": float(flops)} | memory(device.type)

    return work


def ready(config: Config, size: int, device: torch.device) -> tuple[Training, Objective, Batches]:
    """Return what a run of a configuration trains, on random images."""
    labels = torch.nn.functional.one_hot(torch.arange(LABELED) % CLASSES, CLASSES).float()
    objective = objective_of(config, labels)
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, size, size, 3), dtype=np.uint8)
    batches = Batches(
        pixels=resident(pixels, device),
        labeled=np.arange(LABELED),
        labels=labels.to(device),
        unlabeled=np.arange(IMAGES),
        student=objective.student,
        teacher=objective.algorithm.teacher,
        batch=config.train.batch,
        ratio=objective.algorithm.ratio,
        seed=0,
        device=device,
    )
    return fresh(config, size, CLASSES, objective, device), objective, batches


def counted(steps: Iterator[Record]) -> int:
    """Return the floating-point operations of the next step: of matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        next(steps)
    return int(counter.get_total_flops())


def nchw(training: Training) -> None:
    """Let both networks compute in NCHW order."""
    for network in training.networks:
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        network.backbone.register_forward_pre_hook(lambda _, images: (images[0].contiguous(),))


def timed(made: Callable[[int], Batch], step: int, marks: Marks) -> Batch:
    """Return the batch of a step and mark when it is made."""
    batch = made(step)
    marks.mark("views")
    return batch


@dataclass(frozen=True)
class Watched:
    """An objective that marks when it is called, after the forward pass, and when it is done."""

    objective: Objective
    marks: Marks

    @property
    def algorithm(self) -> Any:
        """That of the objective."""
        return self.objective.algorithm

    @property
    def student(self) -> tuple[str, ...]:
        """Those of the objective."""
        return self.objective.student

    @property
    def heads(self) -> frozenset[str]:
        """Those of the objective."""
        return self.objective.heads

    def __call__(self, step: Step) -> Losses:
        """Return the losses of the objective."""
        self.marks.mark("forward")
        losses = self.objective(step)
        self.marks.mark("losses")
        return losses


def watch(training: Training, marks: Marks) -> None:
    """Mark the end of the backward pass, the first weight's gradient, and of the optimizer."""
    first: nn.Parameter = next(training.network.backbone.parameters())
    first.register_post_accumulate_grad_hook(lambda weight: marks.mark("backward"))
    training.optimizer.register_step_post_hook(lambda *_: marks.mark("optimizer"))
