import io
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2 import readout
from s2c2.errors import UserError
from s2c2.predictions import Predictions
from s2c2.readout import Readout, Wanted


def made(count: int, seed: int = 0, k: int = 3) -> Predictions:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(k), count).astype(np.float32)
    embeddings = rng.normal(size=(count, 4)).astype(np.float32)
    names = tuple(f"{number}.png" for number in range(count))
    return Predictions(("a", "b", "c")[:k], names, ("unlabeled",) * count, probabilities, embeddings)


@given(st.integers(2, 60), st.floats(0, 1), st.integers(0, 10_000))
def test_the_share_is_the_prior(count: int, prior: float, seed: int) -> None:
    pool = made(count, seed)
    read = readout.apply(readout.fit(pool, Wanted(prior, None, 0.25), 0), pool)
    assert read.ambiguous.sum() == math.floor(count * prior + 1e-9)


@pytest.mark.parametrize(
    ("prior", "ambiguous"),
    [(0.0, 0), (0.3, 30), (0.4, 40), (0.41, 40), (0.69, 40), (0.71, 100), (1.0, 100)],
)
def test_images_that_are_equally_certain_stay_together_on_the_nearer_side(
    prior: float, ambiguous: int
) -> None:
    pool = made(100)
    largest = np.where(np.arange(100) < 60, np.float32(1), np.linspace(0.4, 0.9, 100, dtype=np.float32))
    rows = np.stack([largest, 1 - largest, np.zeros_like(largest)], axis=1)
    pool = replace(pool, probabilities=rows)
    read = readout.apply(readout.fit(pool, Wanted(prior, None, 0.25), 0), pool)
    assert read.ambiguous.sum() == ambiguous


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=12), st.floats(0, 1))
def test_no_threshold_between_doubts_comes_nearer_to_the_share(doubts: list[float], prior: float) -> None:
    asked = math.floor(len(doubts) * prior + 1e-9)
    shift = readout.threshold(np.array(doubts), prior)
    assert shift not in doubts
    possible = [sum(doubt > level for doubt in doubts) for level in (-1, 0, 1, 2)]
    found = sum(doubt > shift for doubt in doubts)
    assert abs(found - asked) == min(abs(count - asked) for count in possible)


def test_prototypes_do_not_hang_on_the_order_of_equally_doubtful_images() -> None:
    pool = made(120)
    sure = np.tile(np.array([1, 0, 0], dtype=np.float32), (120, 1))
    pool = replace(pool, probabilities=np.where(np.arange(120)[:, None] < 90, sure, pool.probabilities))
    order = np.random.default_rng(1).permutation(120)
    one = readout.fit(pool, Wanted(0.4, 1, 0.25), 0)
    other = readout.fit(pool.take(order), Wanted(0.4, 1, 0.25), 0)
    assert one.prototypes is not None
    assert other.prototypes is not None
    np.testing.assert_allclose(one.prototypes, other.prototypes, atol=1e-9)


def test_ambiguity_follows_doubt() -> None:
    pool = made(50)
    read = readout.apply(readout.fit(pool, Wanted(0.4, None, 0.25), 0), pool)
    assert read.ambiguity is not None
    order = np.argsort(pool.probabilities.max(axis=1))
    assert (np.diff(read.ambiguity[order]) <= 0).all()


def test_ambiguity_equals_the_equation() -> None:
    pool = made(20)
    fitted = readout.fit(pool, Wanted(0.5, None, 0.25), 0)
    read = readout.apply(fitted, pool)
    assert read.ambiguity is not None
    assert fitted.shift is not None
    for row, p_a in zip(pool.probabilities.tolist(), read.ambiguity.tolist(), strict=True):
        doubt = -math.log(max(row) / (1 - max(row)))
        assert p_a == pytest.approx(1 / (1 + math.exp(fitted.shift - doubt)), rel=1e-4)


def test_clusters_are_the_nearest_prototypes() -> None:
    pool = made(40)
    fitted = readout.fit(pool, Wanted(0.5, 5, 0.5), 0)
    read = readout.apply(fitted, pool)
    assert fitted.prototypes is not None
    assert read.clusters is not None
    assert read.cluster_confidence is not None
    for i in range(len(pool)):
        e = pool.embeddings[i] / math.sqrt(sum(x * x for x in pool.embeddings[i].tolist()))
        point = [*pool.probabilities[i].tolist(), *(0.5 * e).tolist()]
        squares = [
            sum((a - b) ** 2 for a, b in zip(point, c, strict=True)) for c in fitted.prototypes.tolist()
        ]
        assert read.clusters[i] == min(range(5), key=lambda j: squares[j])
        shares = [math.exp(-square / 0.1) for square in squares]
        assert read.cluster_confidence[i] == pytest.approx(max(shares) / sum(shares), rel=1e-4)


def test_clusters_do_not_depend_on_the_other_images() -> None:
    pool = made(40)
    fitted = readout.fit(pool, Wanted(0.5, 5, 0.5), 0)
    alone = readout.apply(fitted, pool.take(np.array([7])))
    together = readout.apply(fitted, pool)
    assert alone.clusters is not None
    assert together.clusters is not None
    assert alone.clusters[0] == together.clusters[7]


def test_prototypes_serve_the_ambiguous_images() -> None:
    """Two distant groups: 60 certain images, 30 in doubt. With two prototypes both go to those in doubt."""
    rng = np.random.default_rng(0)
    certain = np.tile([0.98, 0.01, 0.01], (60, 1)) + rng.normal(0, 0.001, (60, 3))
    left, right = np.tile([0.5, 0.5, 0.0], (15, 1)), np.tile([0.5, 0.0, 0.5], (15, 1))
    probabilities = np.concatenate([certain, left, right]).astype(np.float32)
    names = tuple(str(number) for number in range(90))
    pool = Predictions(("a", "b", "c"), names, ("",) * 90, probabilities, np.ones((90, 2), np.float32))
    read = readout.apply(readout.fit(pool, Wanted(1 / 3, 2, 0.0), 0), pool)
    assert read.clusters is not None
    assert set(read.clusters[60:75]).isdisjoint(read.clusters[75:])


def test_the_ambiguity_of_the_head_can_stay_and_weighs_the_prototypes(tmp_path: Path) -> None:
    """Everything is in equal doubt; the head calls 30 of 90 images ambiguous: both prototypes go to these."""
    left, right = np.tile([0.5, 0.5, 0.0], (15, 1)), np.tile([0.5, 0.0, 0.5], (15, 1))
    probabilities = np.concatenate([np.tile([0.0, 0.5, 0.5], (60, 1)), left, right]).astype(np.float32)
    ambiguity = np.repeat([0.1, 0.9], [60, 30]).astype(np.float32)
    names = tuple(str(number) for number in range(90))
    pool = Predictions(
        ("a", "b", "c"), names, ("",) * 90, probabilities, np.ones((90, 2), np.float32), ambiguity
    )
    fitted = readout.fit(pool, Wanted(1 / 3, 2, 0.0, ambiguity="head"), 0)
    fitted.write(tmp_path / "readout.npz")
    read = readout.apply(Readout.read(tmp_path / "readout.npz"), pool)
    assert read.clusters is not None
    np.testing.assert_array_equal(read.ambiguity, ambiguity)
    assert set(read.clusters[60:75]).isdisjoint(read.clusters[75:])


def test_fewer_images_than_clusters() -> None:
    pool = made(3)
    fitted = readout.fit(pool, Wanted(0.5, 50, 0.25), 0)
    assert fitted.prototypes is not None
    assert len(fitted.prototypes) == 3


@pytest.mark.parametrize("clusters", [None, 4])
def test_what_is_written_is_read(clusters: int | None, tmp_path: Path) -> None:
    pool = made(30)
    fitted = readout.fit(pool, Wanted(0.3, clusters, 0.25), 0)
    fitted.write(tmp_path / "readout.npz")
    again = Readout.read(tmp_path / "readout.npz")
    assert (again.shift, again.appearance) == (fitted.shift, fitted.appearance)
    ours, theirs = (readout.apply(value, pool) for value in (fitted, again))
    np.testing.assert_array_equal(ours.ambiguity, theirs.ambiguity)
    assert (ours.clusters is None) == (clusters is None)


def compressed(arrays: Mapping[str, np.ndarray]) -> bytes:
    with io.BytesIO() as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        return stream.getvalue()


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "readout.npz"
    Readout(0.5, np.arange(6.0).reshape(2, 3), 0.25).write(path)
    whole = path.read_bytes()
    packed = compressed({"shift": np.arange(99.0), "prototypes": np.zeros(1)})
    damaged = {
        "nothing": b"",
        "begun": b"PK",
        "cut": whole[:-30],
        "flipped": flipped(whole, whole.index(b"\x93NUMPY") + 130),
        "deflated": flipped(packed, packed.index(b".npy") + 30),
        "encrypted": flipped(whole, whole.index(b"PK\x01\x02") + 8),
        "one array": whole[whole.index(b"\x93NUMPY") :],
        "other arrays": compressed({"shift": np.zeros(2)}),
        "other shapes": compressed(
            {"shift": np.zeros(2), "prototypes": np.zeros(0), "appearance": np.ones(2)}
        ),
    }
    for name, content in damaged.items():
        assert content != whole, name
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"the readout .*readout\.npz is damaged"):
            Readout.read(path)


def test_prototypes_of_many_images_are_fitted_on_some_and_read_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, seen = made(200), list[int]()
    monkeypatch.setattr(readout, "FITTED", 50)
    whole = readout.features

    def counted(some: Predictions, appearance: float) -> np.ndarray:
        seen.append(len(some))
        return whole(some, appearance)

    monkeypatch.setattr(readout, "features", counted)
    fitted = readout.fit(pool, Wanted(0.5, 5, 0.5), 3)
    assert seen == [50]
    assert fitted.shift == readout.threshold(readout.doubt(pool.probabilities), 0.5)
    read = readout.apply(fitted, pool)
    assert read.clusters is not None
    assert len(read.clusters) == 200
    assert readout.some(200, 3).tolist() == sorted(set(readout.some(200, 3).tolist()))
    assert readout.some(200, 3).tolist() != readout.some(200, 4).tolist()
    assert readout.some(50, 3).tolist() == list(range(50))


@given(st.floats(0, 1), st.integers(0, 1000))
def test_an_ambiguity_from_votes_keeps_its_order_and_gets_the_share(prior: float, seed: int) -> None:
    ambiguity = np.random.default_rng(seed).permutation(np.linspace(0.05, 0.6, 30)).astype(np.float32)
    pool = replace(made(30, seed), ambiguity=ambiguity)
    fitted = readout.fit(pool, Wanted(prior, None, 0.25, ambiguity="votes"), 0)
    read = readout.apply(fitted, pool)
    assert read.ambiguity is not None
    assert read.ambiguous.sum() == math.floor(30 * prior + 1e-9)
    assert (np.diff(read.ambiguity[ambiguity.argsort()]) >= 0).all()
    assert fitted.shift is not None
    for old, new in zip(ambiguity.tolist(), read.ambiguity.tolist(), strict=True):
        odds = old / (1 - old) * math.exp(-fitted.shift)
        assert new == pytest.approx(odds / (1 + odds), rel=1e-3, abs=1e-6)


def test_a_readout_of_votes_is_read_as_it_was_written(tmp_path: Path) -> None:
    pool = replace(made(30), ambiguity=np.linspace(0.05, 0.6, 30).astype(np.float32))
    fitted = readout.fit(pool, Wanted(0.4, 3, 0.25, ambiguity="votes"), 0)
    fitted.write(tmp_path / "readout.npz")
    read = Readout.read(tmp_path / "readout.npz")
    assert read.votes
    first, second = readout.apply(fitted, pool), readout.apply(read, pool)
    np.testing.assert_array_equal(first.ambiguity, second.ambiguity)
    np.testing.assert_array_equal(first.clusters, second.clusters)


def test_the_readout_of_an_older_version_is_of_doubt(tmp_path: Path) -> None:
    np.savez(tmp_path / "readout.npz", shift=0.5, prototypes=np.empty((0, 0)), appearance=0.25)
    assert Readout.read(tmp_path / "readout.npz") == Readout(0.5, None, 0.25, votes=False)


def test_votes_need_an_ambiguity() -> None:
    with pytest.raises(ValueError, match="no ambiguity"):
        readout.fit(made(5), Wanted(0.4, None, 0.25, ambiguity="votes"), 0)
