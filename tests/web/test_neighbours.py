from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.errors import UserError
from s2c2.predictions import Predictions
from s2c2.web.neighbours import Neighbours


def kept(folder: Path, embeddings: np.ndarray) -> Neighbours:
    n = len(embeddings)
    images = tuple(f"{i}.png" for i in range(n))
    shares = np.full((n, 2), 0.5, dtype=np.float32)
    predictions = Predictions(("a", "b"), images, ("",) * n, shares, embeddings.astype(np.float32))
    predictions.write(folder / "predictions.parquet")
    return Neighbours(folder / "predictions.parquet", images)


@settings(max_examples=20)
@given(seed=st.integers(0, 99), n=st.integers(2, 30), members=st.integers(1, 5))
def test_distances_are_those_from_the_centre(
    seed: int, n: int, members: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 3)).astype(np.float32)
    chosen, candidates = rng.integers(n, size=members).tolist(), rng.integers(n, size=7).tolist()
    found = kept(tmp_path_factory.mktemp("x"), rows).distances(chosen, candidates)
    centre = [sum(float(rows[i][d]) for i in chosen) / members for d in range(3)]
    expected = [sum((float(rows[i][d]) - centre[d]) ** 2 for d in range(3)) ** 0.5 for i in candidates]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_parts_are_the_heaps_that_there_are(tmp_path: Path) -> None:
    heaps = np.repeat(np.array([[0, 0], [9, 0], [0, 9]]), [5, 9, 7], axis=0)
    rows = heaps + np.random.default_rng(0).normal(scale=0.1, size=heaps.shape)
    near = kept(tmp_path, rows)
    parts = near.parts(range(21), 3)
    assert [set(part) for part in parts] == [set(range(5, 14)), set(range(14, 21)), set(range(5))]
    assert near.parts(list(reversed(range(21))), 3) == parts
    for part in parts:
        away = near.distances(part, part).tolist()
        assert away == sorted(away)


def test_too_few_or_too_alike_images_make_no_parts(tmp_path: Path) -> None:
    near = kept(tmp_path, np.zeros((5, 2)))
    with pytest.raises(UserError, match="only 1 different"):
        near.parts(range(5), 2)
    with pytest.raises(UserError, match="only 0 different"):
        near.parts([], 2)


def test_images_are_found_by_name_and_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    kept(tmp_path, np.arange(6).reshape(3, 2))
    assert Neighbours(path, ("2.png", "0.png")).distances([0], [1])[0] == pytest.approx(32**0.5)
    with pytest.raises(UserError, match="no embedding of x"):
        Neighbours(path, ("x.png",)).distances([0], [0])
    with pytest.raises(UserError, match="no embeddings"):
        Neighbours(None, ()).distances([0], [0])
