"""What a graphics card computes: what a processor computes, equal bits each time, and without waiting.

    pytest tests/test_card.py

Skipped where there is no card.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from s2c2 import checkpoint
from s2c2 import config as configuration
from s2c2.algorithms import ALGORITHMS
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.data.views import VIEWS, Draws
from s2c2.data.views.pool import POOL
from s2c2.engine import Record, train
from s2c2.errors import UserError
from s2c2.experiments.device import present
from s2c2.experiments.others import predict_folder
from s2c2.experiments.run import run
from s2c2.experiments.saved import load_run, reread
from s2c2.experiments.setup import Setup, setup
from s2c2.networks.manner import PASSES
from s2c2.predictions import Predictions

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no graphics card")

OBJECTIVES = ("vanilla", "s2c2")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """What a processor computes here is small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=240, seed=0, size=32)


def config_of(algorithm: str, objective: str, **train: Any) -> configuration.Config:
    values: dict[str, Any] = {
        "algorithm": {"name": algorithm},
        "objective": {"name": objective} | ({"votes": 1.0} if objective == "s2c2" else {}),
        "data": {"votes": 3},
        "train": {"steps": 4, "batch": 8, "precision": "float32"} | train,
    }
    return configuration.resolve(configuration.merged(configuration.preset("cpu"), values))


def ready(dataset: Dataset, algorithm: str, objective: str, device: torch.device) -> Setup:
    return setup(dataset, config_of(algorithm, objective), device)


def steps_of(made: Setup) -> Iterator[Record]:
    return train(made.training, made.batches, made.objective, made.schedule)


@pytest.mark.parametrize("name", sorted(POOL))
def test_an_operation_changes_the_same_pixels(name: str) -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (64, 3, 32, 32), dtype=np.uint8))
    amount = torch.rand(64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    card = POOL[name](images.cuda(), amount.cuda()).cpu()
    # The card's sine can differ in its last bit, which moves an edge by a pixel.
    assert (card != POOL[name](images, amount)).float().mean() < 1e-4


@pytest.mark.parametrize("name", ["none", "weak", "strong"])
def test_a_view_is_the_same_on_the_card(name: str) -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (64, 3, 32, 32), dtype=np.uint8))
    draws = Draws(seed=3, step=7, images=torch.arange(64))
    assert (VIEWS[name](images.cuda(), draws).cpu() != VIEWS[name](images, draws)).float().mean() < 1e-4


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_losses_are_those_of_the_processor(algorithm: str, objective: str, dataset: Dataset) -> None:
    card, processor = (
        list(steps_of(ready(dataset, algorithm, objective, device)))
        for device in (present(), torch.device("cpu"))
    )
    assert len(card) == len(processor) == 4
    for ours, theirs in zip(card, processor, strict=True):
        assert ours.losses == pytest.approx(theirs.losses, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_a_step_waits_for_the_card_once(algorithm: str, objective: str, dataset: Dataset) -> None:
    steps = steps_of(ready(dataset, algorithm, objective, present()))
    next(steps), next(steps)
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            next(steps)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    waits = [f"{one.filename}:{one.lineno}" for one in said if "synchronizing" in str(one.message)]
    assert len(waits) <= 1, waits


@pytest.mark.parametrize("passes", [*sorted(PASSES), "lean"])
def test_a_stopped_run_goes_on_bit_for_bit(passes: str, dataset: Dataset, tmp_path: Path) -> None:
    more = {"objective": {"view": "last"}} if passes == "lean" else {}
    values = config_of("fixmatch", "s2c2", precision="auto", passes=passes, steps=8).model_dump()
    config = configuration.resolve(configuration.merged(values, more))
    run(dataset, config, tmp_path / "whole")
    seen = iter([False, False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, config, tmp_path / "stopped", stop=lambda: next(seen))
    run(dataset, config, tmp_path / "stopped", resume=True)
    for file in ("losses.jsonl", "checkpoints/00000008.safetensors", "predictions.parquet"):
        assert (tmp_path / "stopped" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


@pytest.mark.parametrize("algorithm", ["mean-teacher", "mixmatch", "flexmatch", "freematch", "softmatch"])
def test_equal_bits_each_time(algorithm: str, dataset: Dataset) -> None:
    digests = set()
    for _ in range(2):
        made = ready(dataset, algorithm, "s2c2", present())
        list(steps_of(made))
        digests.add(checkpoint.digest(checkpoint.state(made.training)))
    assert len(digests) == 1


def test_what_does_not_fit_says_which_batch_would(dataset: Dataset, tmp_path: Path) -> None:
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(2**29 / torch.cuda.get_device_properties(0).total_memory)
    try:
        with pytest.raises(UserError, match=r"out of memory in step 0 .*; train\.batch=\d+ fits"):
            run(dataset, config_of("fixmatch", "s2c2", batch=2048), tmp_path / "large")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.parametrize("views", [1, 3])
def test_a_run_is_read_anew_on_the_card(views: int, dataset: Dataset, tmp_path: Path) -> None:
    values = config_of("fixmatch", "s2c2", precision="auto").model_dump()
    config = configuration.resolve(configuration.merged(values, {"predict": {"views": views}}))
    found = run(dataset, config, tmp_path / "run")
    saved = load_run(tmp_path / "run")
    assert saved.reader.network.device.type == "cuda"
    read, again = predict_folder(saved, dataset.root), reread(tmp_path / "run", tmp_path / "again", {})
    for one in (read, again):
        np.testing.assert_array_equal(one.probabilities, found.probabilities)


def test_a_run_learns_and_its_probe_reads(dataset: Dataset, tmp_path: Path) -> None:
    values = config_of("mean-teacher", "s2c2", precision="auto", steps=60, batch=32).model_dump()
    readout = {"predict": {"classes": "probe", "ambiguity": "doubt", "clusters": "prototypes", "views": 3}}
    found = run(dataset, configuration.resolve(configuration.merged(values, readout)), tmp_path / "run")
    assert isinstance(found, Predictions)
    assert np.isfinite(found.probabilities).all()
    assert len(found) == len(dataset.images)
