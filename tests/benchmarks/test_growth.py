"""Nothing is done for each image in Python: a large batch runs as many lines of it as a small one."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch

import s2c2
from s2c2 import config as configuration
from s2c2.benchmarks.step import ready
from s2c2.data.pack import Pack
from s2c2.engine import Schedule, train
from s2c2.experiments import predicting
from s2c2.experiments.predicting import predict_pack
from s2c2.experiments.run import reader_of
from s2c2.experiments.setup import fresh, objective_of

PACKAGE = str(Path(s2c2.__file__).parent)
NETWORK = {"backbone": {"name": "wide-resnet", "depth": 10, "width": 0.5}}


def lines(work: Callable[[], object]) -> int:
    """Return how many lines of the package run, each as often as it does."""
    count = 0

    def look(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return look if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(look)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def step(algorithm: str, objective: str, batch: int) -> int:
    """Return the lines of the third step of a training."""
    values: dict[str, Any] = {"algorithm": {"name": algorithm}, "objective": {"name": objective}}
    config = configuration.resolve(values | {"network": NETWORK, "train": {"batch": batch}})
    training, made_for, batches = ready(config, 8, torch.device("cpu"))
    steps = train(training, batches, made_for, Schedule(100, 0.1))
    for _ in range(2):
        next(steps)
    return lines(lambda: next(steps))


@pytest.mark.parametrize("objective", ["vanilla", "s2c2"])
@pytest.mark.parametrize("algorithm", ["fixmatch", "flexmatch", "mean-teacher", "mixmatch"])
def test_a_step_runs_as_many_lines_for_a_large_batch(algorithm: str, objective: str) -> None:
    assert step(algorithm, objective, 64) == step(algorithm, objective, 16) > 100


def predictions(count: int) -> Callable[[], Any]:
    """Return what predicts a pack of noise."""
    config = configuration.resolve({"algorithm": {"name": "mean-teacher"}, "network": NETWORK})
    objective = objective_of(config, torch.eye(3))
    network = fresh(config, 8, 3, objective, torch.device("cpu")).averaged.network
    names = tuple(f"{number}.png" for number in range(count))
    pixels = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    packed = Pack(names, pixels, names, (), np.full((count, 2), 8, dtype=np.int32))
    reader = reader_of(network, ("a", "b", "c"), config)
    return lambda: predict_pack(reader, packed)


def test_predicting_runs_as_many_lines_for_a_large_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def lines_of_four(batch: int) -> int:
        monkeypatch.setattr(predicting, "BATCH", batch)
        return lines(predictions(5 * batch)) - lines(predictions(batch))

    assert lines_of_four(128) == lines_of_four(32) > 100
