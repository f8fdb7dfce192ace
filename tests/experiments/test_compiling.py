import os
from pathlib import Path

import pytest
import torch

from s2c2 import config as configuration
from s2c2.config import Config
from s2c2.data.synthetic import synthetic
from s2c2.engine import Training
from s2c2.errors import UserError
from s2c2.experiments.compiling import compilable, compiler, compiling
from s2c2.experiments.run import run
from s2c2.experiments.setup import setup


def config(*, compiled: bool) -> Config:
    values = {"train": {"compile": compiled}}
    return configuration.resolve(configuration.merged(configuration.preset("cpu"), values))


@pytest.fixture
def training(tmp_path: Path) -> Training:
    dataset = synthetic(tmp_path / "data", images=60, seed=0, size=16)
    return setup(dataset, config(compiled=False), torch.device("cpu")).training


def is_compiled(training: Training) -> list[bool]:
    networks = (training.network, training.averaged.network)
    return [network.backbone._compiled_call_impl is not None for network in networks]


def test_nothing_is_compiled_that_nobody_asked_for(training: Training) -> None:
    with compiling(training, config(compiled=False)):
        assert is_compiled(training) == [False, False]


def test_without_a_compiler_the_line_says_what_to_do(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with (
        pytest.raises(UserError, match=r"needs a C\+\+ compiler"),
        compiling(training, config(compiled=True)),
    ):
        pass
    assert is_compiled(training) == [False, False]


def test_several_processes_are_refused(training: Training) -> None:
    with pytest.raises(UserError, match="for one process"):
        compilable(config(compiled=True), 2)
    assert is_compiled(training) == [False, False]


def test_what_cannot_be_compiled_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = synthetic(tmp_path / "data", images=60, seed=0, size=16)
    monkeypatch.setenv("CXX", str(tmp_path / "gone"))
    with pytest.raises(UserError, match=r"needs a C\+\+ compiler"):
        run(dataset, config(compiled=True), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_compiler_that_a_person_names_is_taken(tmp_path: Path) -> None:
    named = tmp_path / "mine"
    named.write_text("")
    named.chmod(0o755)
    assert compiler({"CXX": str(named)}) == str(named)
    assert compiler({"CXX": str(tmp_path / "gone")}) is None
    assert compiler(os.environ) == compiler({})


@pytest.mark.skipif(compiler(os.environ) is None, reason="needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")
def test_a_backbone_that_cannot_be_compiled_is_one_clear_line(training: Training) -> None:
    from torch._dynamo.exc import Unsupported

    def trained() -> None:
        with compiling(training, config(compiled=True)):
            assert is_compiled(training) == [True, True]
            raise Unsupported("not this one")

    with pytest.raises(UserError, match=r"cannot be compiled, leave train\.compile out: not this one"):
        trained()
