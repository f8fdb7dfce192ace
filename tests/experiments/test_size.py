"""The training size that nobody gave."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from s2c2 import config as configuration
from s2c2 import files
from s2c2.data.dataset import Dataset
from s2c2.data.synthetic import synthetic
from s2c2.experiments.size import training_size


def config(**values: object) -> configuration.Config:
    return configuration.resolve(configuration.merged(configuration.preset("cpu"), values))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Sixteen images of 16 pixels, of whose size the dataset says nothing."""
    return replace(synthetic(tmp_path_factory.mktemp("data") / "d", images=16, seed=0, size=16), size=None)


def resized(dataset: Dataset, place: Path, size: tuple[int, int]) -> Dataset:
    """The same images, larger."""
    for image in dataset.images:
        path = place / "images" / image
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(dataset.path(image)) as opened:
            opened.resize(size).save(path)
    return replace(dataset, root=place)


FROZEN = {"network": {"backbone": {"name": "features"}}}


def test_what_is_configured_or_said_by_the_dataset_counts(dataset: Dataset) -> None:
    assert training_size(dataset, config(data={"size": 48}, **FROZEN)) == 48
    assert training_size(replace(dataset, size=24), config(**FROZEN)) == 24
    assert training_size(replace(dataset, size=24), config(data={"size": 48})) == 48


def test_a_network_that_is_trained_takes_32_pixels(dataset: Dataset, tmp_path: Path) -> None:
    assert training_size(dataset, config()) == 32
    assert training_size(resized(dataset, tmp_path, (300, 200)), config()) == 32


@pytest.mark.parametrize(
    ("size", "backbone", "expected"),
    [
        ((300, 200), {}, 128),
        ((300, 90), {}, 90),
        ((300, 200), {"pixels": 160}, 160),
        ((300, 200), {"extractor": "timm/resnet18"}, 128),
        ((300, 200), {"extractor": "resnet/18"}, 32),
        ((300, 200), {"extractor": "resnet/18", "pixels": 160}, 160),
        ((4, 4), {}, 8),
    ],
)
def test_a_frozen_network_gets_what_it_reads_or_all_there_is(
    size: tuple[int, int], backbone: dict[str, object], expected: int, dataset: Dataset, tmp_path: Path
) -> None:
    frozen = {"network": {"backbone": {"name": "features", **backbone}}}
    assert training_size(resized(dataset, tmp_path, size), config(**frozen)) == expected


def test_a_run_that_was_begun_keeps_its_size(dataset: Dataset, tmp_path: Path) -> None:
    large, begun = resized(dataset, tmp_path, (300, 200)), tmp_path / "run"
    assert training_size(large, config(**FROZEN), begun) == 128
    begun.mkdir()
    files.write_json(begun / "dataset.json", {"size": 32})
    assert training_size(large, config(**FROZEN), begun) == 32
    assert training_size(large, config(data={"size": 64}, **FROZEN), begun) == 64


def test_broken_images_say_nothing(dataset: Dataset, tmp_path: Path) -> None:
    large = resized(dataset, tmp_path, (100, 100))
    for image in large.images[:15]:
        large.path(image).write_bytes(b"no image")
    assert training_size(large, config(**FROZEN)) == 100
    large.path(large.images[15]).unlink()
    assert training_size(large, config(**FROZEN)) == 32
