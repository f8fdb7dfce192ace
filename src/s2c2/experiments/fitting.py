"""Which batch fits into memory, tried out after one did not."""

from dataclasses import replace

import torch

from s2c2.config import Config
from s2c2.engine import PASSES, forward
from s2c2.errors import UserError
from s2c2.experiments.precision import bfloat16
from s2c2.experiments.setup import Setup
from s2c2.memory import exhausted


def too_large(ready: Setup, config: Config) -> UserError:
    """Return the error for a step that did not fit, with the batch that would.

    ``ready`` is of no use afterwards: the trials change the running statistics of its network.
    """
    batch, ratio = config.train.batch, ready.batches.ratio
    said = (
        f"out of memory in step {ready.training.step} with train.batch={batch}, that is {batch} labeled and "
    )
    said += f"{batch * ratio if ready.batches.student else 0} unlabeled images"
    fits = fitting(ready, config)
    if fits is None:
        return UserError(f"{said}; not even train.batch=1 fits: choose a smaller data.size or network")
    return UserError(
        f"{said}; train.batch={fits} fits: train anew with it into another --out, or go on with --resume "
        "where there is more memory"
    )


def fitting(ready: Setup, config: Config) -> int | None:
    """Return the largest of batch / 2, batch / 4, … of which a step fits; None if not even 1 does."""
    batch = config.train.batch // 2
    while batch and not fits(ready, config, batch):
        batch //= 2
    return batch or None


def fits(ready: Setup, config: Config, batch: int) -> bool:
    """Return whether the forward and backward pass of a step with a batch fit into memory."""
    training = ready.training
    training.optimizer.zero_grad(set_to_none=True)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    batches = replace(ready.batches, batch=batch)
    setting = (0.0, bfloat16(config), PASSES[config.train.passes])
    try:
        losses = forward(training, batches(0), ready.objective, torch.Generator().manual_seed(0), setting)
        torch.autograd.backward(losses.total)
    except (RuntimeError, MemoryError) as error:
        if not exhausted(error):
            raise
        return False
    return True
