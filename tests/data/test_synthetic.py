from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from s2c2.data import shapes
from s2c2.data.annotations import ambiguous
from s2c2.data.dataset import Dataset, read
from s2c2.data.images import decode
from s2c2.data.pack import pack
from s2c2.data.synthetic import Plan, read_truth, soft_labels, synthetic
from s2c2.errors import UserError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "shapes", 400, seed=5, votes=40)


def test_it_is_a_dataset(made: Dataset) -> None:
    found = read(made.root)
    assert found == made
    assert len(found.images) == 400
    assert found.classes == tuple(shapes.SHAPES)
    assert (found.size, found.licence) == (32, "CC0-1.0")
    assert (found.annotations.votes(found.images) == 40).all()
    assert pack(found, 32).pixels.shape == (400, 32, 32, 3)


def test_the_truth_is_known_and_the_votes_follow_it(made: Dataset) -> None:
    truth = read_truth(made)
    assert np.abs(truth.sum(axis=1) - 1).max() < 1e-12
    assert ambiguous(truth).sum() == 140
    soft = made.annotations.soft_labels(made.images)
    assert (soft[~ambiguous(truth)] == truth[~ambiguous(truth)]).all()
    spread = np.sqrt((truth * (1 - truth)).sum() / 40)
    assert np.sqrt(((soft - truth) ** 2).sum()) == pytest.approx(spread, rel=0.15)


def test_classes_are_balanced_and_neighbours_meet(made: Dataset) -> None:
    table = pl.read_parquet(made.root / "truth.parquet")
    assert table["first"].value_counts()["count"].to_list() == [50] * 8
    names = made.classes
    for first, second in table.select("first", "second").iter_rows():
        assert (names.index(first) - names.index(second)) % 8 in (1, 7)


def test_soft_labels_by_hand() -> None:
    plan = Plan(np.array([0, 1, 2]), np.array([1, 0, 0]), np.array([0.0, 0.5, 0.75]))
    sigma = 1 / (1 + np.exp(-2.0))
    expected = [[1, 0, 0], [0.5, 0.5, 0], [sigma, 0, 1 - sigma]]
    assert np.abs(soft_labels(plan, 3) - expected).max() < 1e-12


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    first, again = (synthetic(tmp_path / name, 12, seed=1) for name in "ab")
    other = synthetic(tmp_path / "c", 12, seed=2)
    contents = [[made.path(image).read_bytes() for image in made.images] for made in (first, again, other)]
    assert contents[0] == contents[1] != contents[2]
    assert first.annotations == again.annotations


def test_imbalance_and_options(tmp_path: Path) -> None:
    made = synthetic(tmp_path / "a", 700, classes=3, size=16, votes=3, ambiguous=0.0, imbalance=4.0)
    counts = np.bincount(read_truth(made).argmax(axis=1))
    assert counts.tolist() == [400, 200, 100]
    assert decode(made.path(made.images[0]).read_bytes(), "x").shape == (16, 16, 3)
    assert not ambiguous(made.annotations.soft_labels(made.images)).any()


def test_two_classes_with_every_image_ambiguous(tmp_path: Path) -> None:
    made = synthetic(tmp_path / "a", 20, classes=2, ambiguous=1.0)
    assert ambiguous(read_truth(made)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1}, "classes must be from 2 to 8, not 1"),
        ({"classes": 9, "votes": 0}, "classes must.*; votes must be at least 1, not 0"),
        ({"images": 3}, "images must be at least the number of classes"),
        ({"size": 4}, "size must be from 8"),
        ({"ambiguous": 1.5}, "ambiguous must be a share"),
        ({"imbalance": 0.5}, "imbalance must be at least 1"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
    ],
)
def test_numbers_out_of_range(tmp_path: Path, options: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        synthetic(tmp_path / "a", **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_only_synthetic_datasets_know_the_truth(made: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no truth.parquet"):
        read_truth(Dataset(tmp_path, "x", made.classes, (), made.annotations))


def test_pictures_change_continuously_with_their_traits() -> None:
    table = np.array(list(shapes.SHAPES.values()))
    scene = shapes.scenes(8, np.random.default_rng(0))

    def drawn(t: float) -> np.ndarray:
        traits = (1 - t) * table + t * np.roll(table, -1, axis=0)
        return shapes.draw(traits, scene, 32, np.random.default_rng(0)).astype(float)

    path = [drawn(t) for t in np.linspace(0, 1, 41)]
    steps = [np.abs(after - before).mean(axis=(1, 2, 3)) for before, after in pairwise(path)]
    whole = np.abs(path[-1] - path[0]).mean(axis=(1, 2, 3))
    assert (whole > 3).all()
    assert (np.max(steps, axis=0) < 0.35 * whole).all()


def test_shapes_cannot_be_told_by_mean_colour_alone(made: Dataset) -> None:
    pixels = pack(made, 32).pixels.astype(float).mean(axis=(1, 2))
    labels = read_truth(made).argmax(axis=1)
    centres = np.stack([pixels[labels == k].mean(axis=0) for k in range(8)])
    nearest = np.linalg.norm(pixels[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == labels).mean() < 0.4
