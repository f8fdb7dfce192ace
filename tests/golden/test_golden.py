"""A short run whose losses are known: a change of behaviour shows here before it shows in a score.

``python -m tests.golden.test_golden`` writes the file anew; its difference belongs into the review.
"""

import json
import sys
from pathlib import Path

import pytest
import torch

from s2c2 import config as configuration
from s2c2.data.synthetic import synthetic
from s2c2.engine import train
from s2c2.experiments.setup import setup

GOLDEN = Path(__file__).parent / "losses.json"
RUNS = [
    (algorithm, objective) for algorithm in ("mean-teacher", "fixmatch") for objective in ("vanilla", "s2c2")
]


def losses(folder: Path, algorithm: str, objective: str) -> list[dict[str, float]]:
    """Return the losses of eight steps in float32."""
    dataset = synthetic(folder / "data", images=160, seed=0, size=16)
    values = {
        "algorithm": {"name": algorithm},
        "objective": {"name": objective},
        "train": {"steps": 8, "batch": 4, "precision": "float32"},
        "network": {"backbone": {"name": "wide-resnet", "depth": 10, "width": 1}},
    }
    ready = setup(dataset, configuration.resolve(values), torch.device("cpu"))
    steps = train(ready.training, ready.batches, ready.objective, ready.schedule, seed=0)
    return [{name: round(value, 6) for name, value in record.losses.items()} for record in steps]


@pytest.mark.parametrize(("algorithm", "objective"), RUNS)
def test_losses_are_those_of_the_golden_run(algorithm: str, objective: str, tmp_path: Path) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[f"{algorithm} {objective}"]
    for ours, theirs in zip(losses(tmp_path, algorithm, objective), golden, strict=True):
        assert ours == pytest.approx(theirs, rel=2e-2, abs=1e-4)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    found = {f"{a} {o}": losses(root / f"{a}-{o}", a, o) for a, o in RUNS}
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
