"""A run folder that two want to write into at once."""

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from s2c2 import config as configuration
from s2c2 import files
from s2c2.config import Config
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.experiments import holding
from s2c2.experiments.callbacks import Callbacks
from s2c2.experiments.folder import Place
from s2c2.experiments.run import run
from s2c2.predictions import Predictions

HOLDER = """
import sys, time
from pathlib import Path
from s2c2.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=60, seed=0, size=16)


def config(**data: object) -> Config:
    short = {"data": data, "train": {"steps": 3, "batch": 2, "threads": 1, "checkpoint": 1}}
    return configuration.resolve(configuration.merged(configuration.preset("cpu"), short))


def test_a_second_one_is_refused_while_the_first_goes_on(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "GRACE", 0.0)
    refused: list[str] = []

    def second(*step: object) -> None:
        with pytest.raises(UserError, match=r"another process trains .*run: let it end") as caught:
            run(dataset, config(), tmp_path / "run", resume=True)
        refused.append(str(caught.value))

    run(dataset, config(), tmp_path / "run", callbacks=Callbacks(step=second))
    assert len(refused) == 3
    run(dataset, config(), tmp_path / "alone")
    for name in ("losses.jsonl", "predictions.parquet", "checkpoints/00000003.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    assert not Place(tmp_path / "run").lock.exists()


def test_who_waits_can_be_stopped(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with files.locked(Place(tmp_path / "run").lock), pytest.raises(KeyboardInterrupt):
        run(dataset, config(), tmp_path / "run", stop=lambda: True)


def test_a_killed_process_lets_go_and_the_next_one_says_that_it_waits(
    dataset: Dataset, tmp_path: Path
) -> None:
    place, said = Place(tmp_path / "run"), list[str]()
    with subprocess.Popen([sys.executable, "-c", HOLDER, place.lock], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        def say(text: str) -> None:
            said.append(text)
            holder.kill()

        run(dataset, config(), place.root, callbacks=Callbacks(say=say))
    assert "another process trains" in said[0]
    assert place.predictions.exists()
    assert not place.lock.exists()


def test_who_waited_looks_again_at_what_is_there(dataset: Dataset, tmp_path: Path) -> None:
    place, done, said = Place(tmp_path / "run"), list[Predictions](), list[str]()
    with ExitStack() as other:
        other.enter_context(files.locked(place.lock))

        def say(text: str) -> None:
            said.append(text)
            if "another process trains" in text:
                other.close()
                done.append(run(dataset, config(), place.root))

        found = run(dataset, config(), place.root, resume=True, callbacks=Callbacks(say=say))
    assert "is finished: 3 steps, predictions for 60 images" in said[-1]
    assert found.images == done[0].images
    assert np.array_equal(found.probabilities, done[0].probabilities)


def test_a_finished_run_is_not_that_of_others(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(dataset, config(), out, beside={"labels.txt": "of the first round"})
    run(dataset, config(), out, resume=True, beside={"labels.txt": "of the first round"})
    refused: list[tuple[Dataset, Config, str]] = [
        (dataset, config(votes=3), "holds a finished run: .* data.votes 1 → 3"),
        (replace(dataset, name="other"), config(), "holds a finished run: .* on another dataset"),
    ]
    for other, settings, why in refused:
        with pytest.raises(UserError, match=why):
            run(other, settings, out, resume=True)
    with pytest.raises(UserError, match=r"labels\.txt is not what the run would be started with"):
        run(dataset, config(), out, resume=True, beside={"labels.txt": "of the second round"})


def test_a_run_that_cannot_begin_leaves_no_folder(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="need 10000 images"):
        run(dataset, config(split="cifar10h"), tmp_path / "run")
    assert not list(tmp_path.iterdir())
