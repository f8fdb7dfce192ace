"""Which batch fits into memory, tried out after one did not."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch

from s2c2.allocator import give_back
from s2c2.config import Config
from s2c2.engine import forward
from s2c2.errors import UserError
from s2c2.experiments.compiling import eager
from s2c2.experiments.manner import manner
from s2c2.experiments.setup import Setup
from s2c2.memory import exhausted, rebound
from s2c2.networks.manner import lone

BROKEN = 3
"""Exit code of a fork that met another error, which is then met again where it can be seen."""


def too_large(ready: Setup, config: Config) -> UserError:
    """Return the error for a step that did not fit, with the batch that would.

    ``ready`` is of no use afterwards: the trials change the running statistics of its network.
    """
    batch, ratio = config.train.batch, ready.batches.ratio
    said = (
        f"out of memory in step {ready.training.step} with train.batch={batch}, that is {batch} labeled and "
    )
    said += f"{batch * ratio if ready.batches.student else 0} unlabeled images"
    give_back()
    fits = fitting(ready, config)
    if fits is None:
        return UserError(f"{said}; no smaller one fits: choose a smaller data.size or network")
    return UserError(
        f"{said}; train.batch={fits} fits: train anew with it into another --out, or go on with --resume "
        "where there is more memory"
    )


def too_small(config: Config) -> UserError:
    """Return the error for a step in which batch norm saw a single image."""
    return UserError(
        f"train.batch={config.train.batch} is too small for this network, whose batch norm cannot normalise "
        "the features of one image alone: set train.batch=2 or more"
    )


def fitting(ready: Setup, config: Config) -> int | None:
    """Return the largest of batch / 2, batch / 4, … of which a step fits; None if none does.

    The last is 1, or 2 where batch norm would see a single image.
    """
    batch = config.train.batch // 2
    while batch and not fits(ready, config, batch):
        batch //= 2
    return batch or None


def fits(ready: Setup, config: Config, batch: int) -> bool:
    """Return whether the forward and backward pass of a step with a batch fit into memory."""
    ready.training.optimizer.zero_grad(set_to_none=True)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        return passes(ready, config, batch)

    def trial() -> bool:
        rebound()
        return passes(ready, config, batch)

    return apart(trial)


def passes(ready: Setup, config: Config, batch: int) -> bool:
    """Return whether a step with a batch goes through, but for its update.

    Else it runs out of memory, or is of one image alone, which batch norm refuses.
    """
    batches = replace(ready.batches, batch=batch)
    generator = torch.Generator().manual_seed(0)
    try:
        # Compiling takes processes of its own, which a fork must not wait for.
        with eager(config):
            losses = forward(
                *(ready.training, batches(0), ready.objective, generator),
                progress=0.0,
                manner=manner(config, ready.objective, ready.training.network),
            )
            torch.autograd.backward(losses.total)
    except (RuntimeError, MemoryError, ValueError) as error:
        if not exhausted(error) and not lone(error):
            raise
        return False
    return True


def apart(ask: Callable[[], bool]) -> bool:
    """Return what a fork of this process answers; False where it dies.

    A compiled kernel that finds no memory may crash instead of saying so.
    """
    try:
        child = os.fork() if sys.platform == "linux" else None
    except OSError:  # no memory for another process, or too many of them
        child = None
    if child is None:
        return afresh(ask)
    if child == 0:
        answer = BROKEN
        try:
            # Threads of the parent are not there; waiting for one would take forever.
            torch.set_num_threads(1)
            answer = 0 if afresh(ask) else 1
        finally:
            os._exit(answer)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return afresh(ask) if code == BROKEN else code == 0


def afresh(ask: Callable[[], bool]) -> bool:
    """Return what a new thread answers.

    oneDNN keeps the first error of its code generator for a thread: where one kernel found no memory, that
    thread can compile none ever after, of whatever size.
    """
    with ThreadPoolExecutor(max_workers=1) as one:
        return one.submit(ask).result()
