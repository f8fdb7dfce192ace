"""Backbones that are compiled: steps are faster, after a minute or more at the start."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from s2c2.config import Config
from s2c2.engine import Training
from s2c2.errors import UserError


def compile_backbones(training: Training, mode: str = "default") -> None:
    """Let both backbones be compiled, in a mode of ``torch.compile``, when they first read a batch."""
    for network in training.networks:
        network.backbone.compile(mode=mode)


def compilable(config: Config, processes: int = 1) -> None:
    """Refuse to compile, where that is asked for, what cannot be.

    Raises:
        UserError: where there is no compiler, and in several processes.
    """
    if not config.train.compile:
        return
    if processes > 1:
        raise UserError("train.compile is for one process: leave it out where several train a run")
    if compiler(os.environ) is None:
        raise UserError(
            "train.compile needs a C++ compiler, and there is none: install g++ or clang, set CXX, or leave "
            "train.compile out"
        )


@contextmanager
def compiling(training: Training, config: Config) -> Iterator[None]:
    """Train compiled where that is asked for; what is read afterwards, in other batches, is not compiled.

    Raises:
        UserError: where there is no compiler, and where a backbone cannot be compiled.
    """
    if not config.train.compile:
        yield
        return
    compilable(config)
    compile_backbones(training)
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), repr(error))
        raise UserError(f"this backbone cannot be compiled, leave train.compile out: {reason}") from error


def compiler(environment: Mapping[str, str]) -> str | None:
    """Return the C++ compiler that ``torch.compile`` would take; None where there is none."""
    named = [environment["CXX"]] if environment.get("CXX") else ["g++", "clang++", "cl"]
    return next((found for name in named if (found := shutil.which(name)) is not None), None)


def eager(config: Config) -> AbstractContextManager[object]:
    """Return what makes a context in which backbones that are compiled compute as if they were not."""
    if not config.train.compile:
        return nullcontext()
    stance: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance
