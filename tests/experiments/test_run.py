from pathlib import Path

import pytest

from s2c2 import config as configuration
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.experiments.run import run
from s2c2.experiments.saved import load_run


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=120, seed=0, size=16)


@pytest.mark.parametrize("name", ["flexmatch", "freematch", "softmatch"])
def test_a_stopped_run_of_an_algorithm_with_state_goes_on_bit_for_bit(
    name: str, dataset: Dataset, tmp_path: Path
) -> None:
    values = configuration.merged(
        configuration.preset("cpu"),
        {"algorithm": {"name": name, "ratio": 2}, "train": {"steps": 4, "batch": 4, "threads": 1}},
    )
    config = configuration.resolve(values)
    run(dataset, config, tmp_path / "whole")
    seen = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        run(dataset, config, tmp_path / "stopped", stop=lambda: next(seen))
    run(dataset, config, tmp_path / "stopped", resume=True)
    for file in ("losses.jsonl", "checkpoints/00000004.safetensors", "predictions.parquet"):
        assert (tmp_path / "stopped" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
    assert load_run(tmp_path / "stopped").config.algorithm.name == name
