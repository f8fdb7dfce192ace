import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from s2c2 import config as configuration
from s2c2.data.synthetic import synthetic
from s2c2.engine import forward
from s2c2.experiments import fitting, precision
from s2c2.experiments.fitting import apart
from s2c2.experiments.manner import manner
from s2c2.experiments.setup import setup

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")


@pytest.mark.parametrize("answer", [True, False])
def test_a_fork_answers(answer: bool) -> None:
    seen = []

    def ask() -> bool:
        seen.append(os.getpid())
        return answer

    assert apart(ask) is answer
    assert not seen, "asked in this process"


def test_a_trial_has_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """oneDNN refuses a thread every kernel after one that found no memory."""

    def alone() -> bool:
        return threading.current_thread() is not threading.main_thread()

    assert apart(alone)

    def no_memory() -> int:
        raise OSError

    monkeypatch.setattr(os, "fork", no_memory)
    assert apart(alone)


def test_what_crashes_does_not_fit() -> None:
    def crash() -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    assert not apart(crash)


def test_another_error_is_met_again_here() -> None:
    def broken() -> bool:
        raise KeyError("a defect")

    with pytest.raises(KeyError, match="a defect"):
        apart(broken)


def test_without_room_for_a_fork_it_is_asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(os, "fork", fork)
    assert apart(lambda: True)
    assert not apart(lambda: False)


def test_a_batch_of_one_image_that_batch_norm_refuses_does_not_fit(tmp_path: Path) -> None:
    values = {"data": {"size": 8}, "network": {"backbone": {"name": "resnet"}}}
    config = configuration.resolve(values | {"train": {"batch": 2, "threads": 1}})
    ready = setup(synthetic(tmp_path / "data", images=60, seed=0, size=8), config, torch.device("cpu"))
    assert fitting.passes(ready, config, 2)
    assert fitting.fitting(ready, config) is None
    assert "no smaller one fits" in str(fitting.too_large(ready, config))


@pytest.mark.parametrize("passes", ["joined", "apart", "lean"])
def test_a_batch_is_tried_as_training_computes_it(
    passes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.setattr(precision, "depthwise", lambda network: True)
    values = {"algorithm": {"name": "fixmatch"}, "objective": {"name": "s2c2", "view": "last"}}
    train = {"train": {"batch": 8, "passes": passes, "threads": 1}}
    config = configuration.resolve(configuration.merged(configuration.preset("cpu"), values | train))
    ready = setup(synthetic(tmp_path / "data", images=60, seed=0, size=16), config, torch.device("cpu"))
    tried: list[dict[str, Any]] = []

    def noted(*given: Any, **how: Any) -> Any:
        tried.append(how)
        return forward(*given, **how)

    monkeypatch.setattr(fitting, "forward", noted)
    assert fitting.passes(ready, config, 2)
    assert fitting.fitting(ready, config) == 4
    expected = manner(config, ready.objective, ready.training.network)
    assert tried[0]["manner"].autocast is expected.autocast is False
    assert tried[0]["manner"].passes.__code__ is expected.passes.__code__
