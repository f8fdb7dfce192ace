import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from s2c2 import spreading
from s2c2.spreading import KEPT, NEIGHBOURS, OWN, STEPS, Spread, graph

K = 3


def images(count: int, seed: int = 0, width: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def votes(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(K), count)


def fit(known: np.ndarray, labeled: np.ndarray, said: np.ndarray) -> Spread:
    return spreading.fit(graph(known), labeled, said)


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def heaviest(points: list[list[float]], of: list[float], without: int | None = None) -> dict[int, float]:
    """Return w of the nearest points to one."""
    known = {j: cosine(point, of) for j, point in enumerate(points) if j != without}
    near = sorted(known, key=lambda j: -known[j])[:NEIGHBOURS]
    return {j: max(0.0, known[j]) ** 4 for j in near}


def naive(points: list[list[float]], labeled: list[int], said: np.ndarray) -> np.ndarray:
    """Return F / √d, with the sum to infinity in closed form."""
    n = len(points)
    w = np.zeros((n, n))
    for i, point in enumerate(points):
        for j, weight in heaviest(points, point, without=i).items():
            w[i, j] = w[j, i] = weight
    degree = [sum(row) for row in w.tolist()]
    s = [[w[i, j] / math.sqrt(degree[i] * degree[j]) if w[i, j] else 0.0 for j in range(n)] for i in range(n)]
    y = np.zeros((n, K))
    for row, image in enumerate(labeled):
        y[image] = said[row]
    f = (1 - KEPT) * np.linalg.solve(np.eye(n) - KEPT * np.array(s), y)
    return np.stack([f[i] / math.sqrt(degree[i] or 1.0) for i in range(n)])


def test_g_equals_the_equation() -> None:
    known, labeled, said = images(40), np.array([3, 7, 21, 30]), votes(4)
    found = fit(known, labeled, said)
    points = found.points.tolist()
    beliefs = naive(points, labeled.tolist(), said)
    np.testing.assert_allclose(found.beliefs, beliefs, atol=1e-5)

    def raw(of: list[float], without: int | None = None) -> list[float]:
        near = heaviest(points, of, without)
        total = [sum(weight * beliefs[j, c] for j, weight in near.items()) for c in range(K)]
        return [value / sum(total) for value in total]

    among = np.mean([raw(point, without=i) for i, point in enumerate(points)], axis=0)
    masses = [float(said[:, c].mean() / among[c]) for c in range(K)]
    np.testing.assert_allclose(found.masses, masses, rtol=1e-3)
    new = images(5, seed=1)
    for row, g in zip(new, found(new), strict=True):
        z = [float(v) for v in (row - found.mean) @ found.components.T]
        scaled = [m * value for m, value in zip(masses, raw(z), strict=True)]
        assert g == pytest.approx([value / sum(scaled) for value in scaled], rel=1e-3)


def test_z_are_principal_components() -> None:
    known = images(50) @ np.diag([5, 3, 1, 1, 0.1, 0.1]).astype(np.float32)
    theirs = PCA(6).fit_transform(known)
    ours = fit(known, np.array([0]), votes(1)).points
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=2e-3)


def test_an_image_says_nothing_to_itself() -> None:
    known, labeled, said = images(40), np.array([3, 7, 21, 30]), votes(4)
    found = fit(known, labeled, said)
    beliefs = found.beliefs.copy()
    beliefs[7] = [0, 0, 1e6]
    other = Spread(*(beliefs if value is found.beliefs else value for value in vars(found).values()))
    np.testing.assert_array_equal(found(known[7:8]), other(known[7:8]))
    points = spreading.unit(found.points)
    assert (spreading.nearest(points, points)[1][:, 0] > OWN).all()


def test_copies_of_an_image_are_its_neighbours() -> None:
    known = np.concatenate([np.repeat(images(2), 14, axis=0), images(30, seed=1)])
    said = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    found = fit(known, np.array([0, 20]), said)
    assert (found(known[:28]).argmax(axis=1) == np.repeat([0, 1], 14)).all()
    assert found(known[:1])[0, 0] > 0.9, "of the thirteen others, ten say what its own label says"


def test_labeled_images_are_asked_without_their_own_label() -> None:
    known, labeled, said = images(60), np.arange(0, 60, 5), votes(12)
    g = spreading.apart(graph(known), labeled, said)
    for fold in range(5):
        rest = np.arange(12) % 5 != fold
        theirs = fit(known, labeled[rest], said[rest])(known[labeled[~rest]])
        np.testing.assert_array_equal(g[~rest], theirs)
    other = said.copy()
    other[0] = [0, 0, 1]
    np.testing.assert_array_equal(spreading.apart(graph(known), labeled, other)[0], g[0])
    np.testing.assert_array_equal(spreading.apart(graph(known), labeled[:1], said[:1]), said[:1])


def test_labeled_images_are_asked_without_the_label_of_a_copy() -> None:
    known, labeled, said, groups = images(60), np.arange(0, 60, 5), votes(12), np.arange(12)
    known[labeled[8]], groups[8] = known[labeled[0]], 0
    g = spreading.apart(graph(known), labeled, said, groups)
    other = said.copy()
    other[[0, 8]] = [0, 0, 1]
    again = spreading.apart(graph(known), labeled, other, groups)
    np.testing.assert_array_equal(again[[0, 8]], g[[0, 8]])
    cut = spreading.apart(graph(known), labeled, other)
    assert (cut[0] != spreading.apart(graph(known), labeled, said)[0]).any(), "its label comes by the copy"


@given(st.integers(0, 1000), st.floats(0.01, 100), st.integers(-5, 5))
def test_where_the_axes_are_does_not_matter(seed: int, scale: float, shift: int) -> None:
    known, labeled, said = images(30, seed), np.array([1, 2, 3]), votes(3, seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
    moved = (known @ turn * scale + shift).astype(np.float32)
    ours, theirs = (fit(one, labeled, said)(one) for one in (known, moved))
    # Half precision may choose another tenth neighbour, so some images may say something else.
    assert np.median(np.abs(ours - theirs)) < 0.02


@given(st.integers(0, 1000))
def test_the_order_of_the_images_does_not_matter(seed: int) -> None:
    known, labeled, said = images(30, seed), np.array([1, 2, 3]), votes(3, seed)
    order = np.random.default_rng(seed).permutation(30)
    places = np.argsort(order)[labeled]
    ours, theirs = fit(known, labeled, said), fit(known[order], places, said)
    new = images(10, seed + 1)
    np.testing.assert_allclose(ours(new), theirs(new), atol=0.05)


def test_one_label_is_enough_for_images_that_are_alike() -> None:
    rng = np.random.default_rng(0)
    centres = 8 * np.eye(3, 5)
    truth = rng.integers(0, 3, 300)
    known = (centres[truth] + rng.normal(size=(300, 5))).astype(np.float32)
    labeled = np.array([int(np.flatnonzero(truth == c)[0]) for c in range(3)])
    found = fit(known, labeled, np.eye(3))
    assert (found(known).argmax(axis=1) == truth).all()
    between = (centres[0] + centres[1]) / 2
    assert found(between[None].astype(np.float32))[0, :2].min() > 0.1


def test_a_class_without_a_vote_is_never_said() -> None:
    said = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    g = fit(images(40), np.array([0, 1]), said)(images(9, seed=2))
    assert (g[:, 2] == 0).all()
    np.testing.assert_allclose(g.sum(axis=1), 1)


@pytest.mark.parametrize("known", [np.zeros((5, 4), np.float32), np.ones((1, 4), np.float32), images(2)])
def test_where_nothing_is_known_the_shares_of_the_votes_are_said(known: np.ndarray) -> None:
    said = votes(1)
    g = fit(known, np.array([0]), said)(np.zeros((2, known.shape[1]), np.float32))
    np.testing.assert_allclose(g, np.repeat(said, 2, axis=0))


def test_of_too_many_images_some_are_drawn_and_half_may_be_labeled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "MOST", 20)
    few, many = np.array([39, 2, 17]), np.arange(35)
    for labeled, expected in ((few, 3), (many, 15)):
        rows = spreading.some(40, labeled, seed=1)
        assert len(rows) == len(set(rows.tolist())) == 20
        assert np.isin(rows, labeled).sum() == expected
        assert rows.tolist() == sorted(rows.tolist())
    assert np.isin(spreading.some(400, np.arange(100), seed=1), np.arange(100)).sum() == 10
    assert spreading.some(20, few, seed=1).tolist() == list(range(20))


def test_the_size_of_blocks_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit(images(40), np.array([0, 1]), votes(2))(images(30, seed=1))
    monkeypatch.setattr(spreading, "BLOCK", 7)
    parts = fit(images(40), np.array([0, 1]), votes(2))(images(30, seed=1))
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_the_sum_is_long_enough() -> None:
    assert KEPT**STEPS < 2e-6


def test_no_image_gives_no_row() -> None:
    assert fit(images(12), np.array([0]), votes(1))(np.zeros((0, 6), np.float32)).shape == (0, K)
