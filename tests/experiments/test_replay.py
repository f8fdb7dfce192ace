import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.engine import forward
from s2c2.errors import UserError
from s2c2.experiments import threads
from s2c2.experiments.replay import Suspect, Witness, replay, suspects
from s2c2.experiments.run import run
from s2c2.experiments.setup import Setup, setup
from s2c2.types import Outputs, Step


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=90, seed=0, size=16)


def configured(rate: float, checkpoint: int) -> Config:
    values = {
        "train": {
            "steps": 8,
            "batch": 4,
            "threads": 1,
            "checkpoint": checkpoint,
            "precision": "float32",
            "clip": math.inf,
        },
        "optimizer": {"rate": rate, "decay": 0.0},
    }
    return configuration.resolve(configuration.merged(configuration.preset("cpu"), values))


@pytest.fixture(params=[1, 50], ids=["from a checkpoint", "from the first weights"])
def failed(request: pytest.FixtureRequest, dataset: Dataset, tmp_path: Path) -> Path:
    with pytest.raises(UserError, match="s2c2 replay"):
        run(dataset, configured(1e4, request.param), tmp_path / "run")
    return tmp_path / "run"


def test_a_failed_step_comes_again_bit_for_bit(failed: Path, dataset: Dataset) -> None:
    before = {path: path.read_bytes() for path in failed.rglob("*") if path.is_file()}
    recorded = json.loads((failed / "nonfinite.json").read_text())
    found, again = replay(failed), replay(failed)
    assert found.step == recorded["step"] >= 1
    assert found.start == (found.step if (failed / "checkpoints").exists() else 0)
    assert found.same
    assert repr(again) == repr(found)
    images = {suspect.image for suspect in found.suspects}
    assert images <= set(dataset.images)
    assert len({(suspect.image, suspect.view) for suspect in found.suspects}) == 4 + 4 + 4
    assert {path: path.read_bytes() for path in failed.rglob("*") if path.is_file()} == before


def test_a_step_that_is_finite_now_is_said(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "run"
    seen = iter([False, False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, configured(0.01, 2), out, stop=lambda: next(seen))
    with pytest.raises(UserError, match=r"no step of .*run failed"):
        replay(out)
    (out / "nonfinite.json").write_text(json.dumps({"step": 4, "losses": {"total": None}}))
    with pytest.raises(UserError, match=r"step 4 of .* is finite now"):
        replay(out)


def test_a_step_comes_again_with_the_threads_of_the_run(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text("300000 100000")
    asked: list[int] = []
    monkeypatch.setattr(threads, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    free = configuration.merged(configured(0.01, 2).model_dump(), {"train": {"threads": None}})
    with pytest.raises(KeyboardInterrupt):
        run(dataset, configuration.resolve(free), tmp_path / "run", stop=lambda: True)
    (tmp_path / "run/nonfinite.json").write_text(json.dumps({"step": 1, "losses": {"total": None}}))
    with pytest.raises(UserError, match="is finite now"):
        replay(tmp_path / "run")
    assert asked == [3, 3]


@pytest.fixture(scope="module")
def ready(dataset: Dataset) -> Setup:
    return setup(dataset, configured(0.01, 2), torch.device("cpu"))


def step_of(ready: Setup, number: int) -> Step:
    witness = Witness(ready.objective)
    generator = torch.Generator().manual_seed(0)
    forward(ready.training, ready.batches(number), witness, generator, progress=0.0)
    assert witness.step is not None
    return witness.step


def test_the_images_are_those_of_the_step_and_the_bad_ones_are_named(ready: Setup) -> None:
    step, batch = step_of(ready, 5), ready.batches(5)
    classes = step.labeled.classes.clone()
    classes[2, 1] = math.nan
    assert step.teacher[0].clusters is not None
    clusters = step.teacher[0].clusters.clone()
    clusters[3] = -math.inf
    step = replace(
        step,
        labeled=replace(step.labeled, classes=classes),
        teacher=(replace(step.teacher[0], clusters=clusters),),
    )
    found = list(suspects(ready, step, 5))
    bad = [suspect for suspect in found if suspect.heads]
    assert [(suspect.view, suspect.heads) for suspect in bad] == [
        ("labeled", ("classes",)),
        ("teacher 0 (weak)", ("clusters",)),
    ]
    assert bad[1].image == ready.pack.images[int(batch.unlabeled[3])]
    shown = ready.pack.images.index(bad[0].image)
    label = ready.splits.labeled.index(bad[0].image)
    assert int(batch.labels[2].argmax()) == ready.labels[label]
    assert shown in ready.batches.labeled


def test_the_largest_finite_output_is_told(ready: Setup) -> None:
    step = step_of(ready, 0)
    assert step.labeled.clusters is not None
    assert step.labeled.ambiguity is not None
    rows = [step.labeled.classes, step.labeled.clusters, step.labeled.embeddings]
    expected = [
        max(
            max(abs(value) for tensor in rows for value in tensor[row].tolist()),
            abs(step.labeled.ambiguity[row].item()),
        )
        for row in range(4)
    ]
    found: list[Suspect] = list(suspects(ready, step, 0))[:4]
    assert [suspect.largest for suspect in found] == pytest.approx(expected)
    assert isinstance(step.labeled, Outputs)
