"""What S2C2 adds to a training step: interleaved, as a ratio of medians, with the spread of the ratio."""

import json
import platform
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from s2c2 import config as configuration
from s2c2.data.batches import Batches, resident
from s2c2.engine import Record, Schedule, train
from s2c2.experiments.precision import bfloat16
from s2c2.experiments.setup import fresh, objective_of

IMAGES, CLASSES, SIZE, ROUNDS = 2000, 10, 32, 15
RESULT = Path(__file__).parent / "step.json"


NETWORKS = {"WRN-10-1": "cpu", "WRN-28-2": "paper"}
"""Network by the preset that has it."""
BATCHES = {"WRN-10-1": 32, "WRN-28-2": 16}
"""Labeled images in a step."""


def stepper(algorithm: str, objective: str, network: str) -> Iterator[Record]:
    values = configuration.merged(
        configuration.preset(NETWORKS[network]),
        {"algorithm": {"name": algorithm}, "objective": {"name": objective}, "train": {"batch": 16}},
    )
    config = configuration.resolve(values)
    labels = torch.nn.functional.one_hot(torch.arange(320) % CLASSES, CLASSES).float()
    goal = objective_of(config, labels)
    training = fresh(config, SIZE, CLASSES, goal, torch.device("cpu"))
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, SIZE, SIZE, 3), dtype=np.uint8)
    batches = Batches(
        pixels=resident(pixels, torch.device("cpu")),
        labeled=np.arange(320),
        labels=labels,
        unlabeled=np.arange(IMAGES),
        student=goal.student,
        teacher=goal.algorithm.teacher,
        batch=BATCHES[network],
        ratio=goal.algorithm.ratio,
        seed=0,
        device=torch.device("cpu"),
    )
    return train(training, batches, goal, Schedule(10_000, 0.03), autocast=bfloat16(config))


def seconds(steps: Iterator[Record]) -> float:
    start = time.perf_counter()
    next(steps)
    return time.perf_counter() - start


def ratio(algorithm: str, network: str) -> dict[str, object]:
    plain, extended = (stepper(algorithm, objective, network) for objective in ("vanilla", "s2c2"))
    pairs = []
    for number in range(ROUNDS + 3):
        order = (plain, extended) if number % 2 else (extended, plain)
        times = [seconds(steps) for steps in order]
        pairs.append(tuple(times if number % 2 else reversed(times)))
    plains, extendeds = zip(*pairs[3:], strict=True)
    quartiles = statistics.quantiles([s / v for v, s in pairs[3:]], n=4)
    return {
        "network": network,
        "batch": BATCHES[network],
        "algorithm": algorithm,
        "vanilla_ms": round(1000 * statistics.median(plains), 2),
        "s2c2_ms": round(1000 * statistics.median(extendeds), 2),
        "ratio": round(statistics.median(extendeds) / statistics.median(plains), 4),
        "quartiles": [round(value, 4) for value in quartiles],
        "memory": round(memory(algorithm, "s2c2", network) / memory(algorithm, "vanilla", network), 4),
    }


def memory(algorithm: str, objective: str, network: str) -> int:
    """Return the bytes that a step keeps for its backward pass, each storage once.

    They decide the peak. The resident size of a process varies by a tenth between equal runs.
    """
    sizes: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        next(stepper(algorithm, objective, network))
    return sum(sizes.values())


def main() -> None:
    torch.set_num_threads(1)
    rows = [ratio(algorithm, network) for network in NETWORKS for algorithm in ("mean-teacher", "fixmatch")]
    machine = {
        "processor": platform.processor() or platform.machine(),
        "torch": torch.__version__.partition("+")[0],
        "threads": 1,
    }
    RESULT.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
