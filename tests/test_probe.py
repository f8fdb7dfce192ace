import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad
from scipy.special import softmax
from sklearn.preprocessing import StandardScaler

from s2c2 import probe, spreading
from s2c2.errors import UserError
from s2c2.predictions import Predictions
from s2c2.probe import CAUTION, STRENGTH, TRUST, WARINESS, Labeled, Linear, Pool, Probe

K = 3


def labeled(count: int = 60, seed: int = 0, votes: int = 5, k: int = K) -> Labeled:
    """Images whose classes are directions, and whose votes differ more the smaller x₀ is."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 4)).astype(np.float32)
    truth = np.abs(inputs[:, :k]).argmax(axis=1)
    differ = rng.random((count, votes)) < 0.4 / (1 + np.exp(3 * inputs[:, 3:]))
    said = np.where(differ, rng.integers(0, k, (count, votes)), truth[:, None])
    shares = np.stack([(said == c).mean(axis=1) for c in range(k)], axis=1)
    probabilities = rng.dirichlet(np.ones(k), count)
    dissent = 1 - shares.max(axis=1) if votes > 1 else np.full(count, np.nan)
    return Labeled(inputs, probabilities.astype(np.float32), shares, dissent, np.arange(count))


def predictions(found: Labeled) -> Predictions:
    count, k = found.probabilities.shape
    names = tuple(f"{number}.png" for number in range(count))
    return Predictions(
        ("a", "b", "c")[:k], names, ("labeled",) * count, found.probabilities, found.inputs.astype(np.float32)
    )


@given(st.integers(2, 5), st.integers(0, 10_000))
def test_two_opinions_are_blended_as_in_the_equation(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, logits = rng.dirichlet(np.ones(k), 4), rng.normal(size=(4, k)) * 5
    for row, said, mixed in zip(p.tolist(), logits.tolist(), probe.blended(p, logits).tolist(), strict=True):
        total = sum(math.exp(value) for value in said)
        raw = [math.sqrt(max(a, 1e-30) * math.exp(b) / total) for a, b in zip(row, said, strict=True)]
        assert mixed == pytest.approx([value / sum(raw) for value in raw], rel=1e-6)


def test_four_opinions_count_a_quarter_each() -> None:
    rng = np.random.default_rng(0)
    p, others = rng.dirichlet(np.ones(K), 5), [rng.dirichlet(np.ones(K), 5) for _ in range(3)]
    mixed = probe.blended(p, *map(np.log, others))
    for row in range(5):
        raw = [(p[row, c] * math.prod(one[row, c] for one in others)) ** 0.25 for c in range(K)]
        assert mixed[row] == pytest.approx([value / sum(raw) for value in raw])


def pool(found: Labeled, spaces: int) -> Pool:
    """As many images without a label as there are labeled ones, each once by x and once by something else."""
    count = len(found.inputs)
    known = np.concatenate([found.inputs, found.inputs + 0.1])
    return Pool((known, known[:, :2] ** 2)[:spaces], np.arange(count), np.arange(count))


@pytest.mark.parametrize("spaces", [1, 2])
def test_spread_labels_are_further_opinions(spaces: int) -> None:
    found = labeled(40)
    images = pool(found, spaces)
    read = images.known[-1][:40]
    fitted = probe.fit(found, classes=True, dissent=True, pool=images)
    assert fitted.classes is not None
    assert len(fitted.spreads) == spaces
    said = [softmax(fitted.classes(found.inputs), axis=1), fitted.spreads[0](found.inputs)]
    said += [spread(read) for spread in fitted.spreads[1:]]
    given = replace(predictions(found), embeddings=read)
    made = probe.apply(fitted, given, iter([found.inputs[:15], found.inputs[15:]]))
    raw = found.probabilities.astype(np.float64)
    for one in said:
        raw = raw * one.clip(1e-9)
    raw **= 1 / (1 + len(said))
    np.testing.assert_allclose(made.probabilities, raw / raw.sum(axis=1, keepdims=True), rtol=1e-4)


def test_what_votes_teach_is_learned_beside_opinions_that_do_not_know_them() -> None:
    found = labeled(40)
    images = pool(found, 2)
    fitted = probe.fit(found, classes=False, dissent=True, pool=images)
    said = [
        spreading.apart(spreading.graph(known), images.rows, found.votes).clip(1e-9) for known in images.known
    ]
    mixed = (found.probabilities * said[0] * said[1]) ** (1 / 3)
    mixed = (mixed / mixed.sum(axis=1, keepdims=True)).astype(np.float32)
    told = replace(found, probabilities=mixed)
    alone = probe.fit(told, classes=False, dissent=True).dissent
    assert fitted.dissent is not None
    assert alone is not None
    np.testing.assert_allclose(fitted.dissent.weights, alone.weights, rtol=1e-3, atol=1e-6)


def test_of_a_drawn_pool_the_images_in_it_teach() -> None:
    found = labeled(40)
    drawn = np.arange(0, 40, 2)
    few = Labeled(*(value[drawn] for value in vars(found).values()))
    known = found.inputs[drawn]
    ours = probe.fit(found, classes=False, dissent=True, pool=Pool((known,), np.arange(20), drawn))
    theirs = probe.fit(few, classes=False, dissent=True, pool=Pool((known,), np.arange(20), np.arange(20)))
    assert ours.dissent is not None
    assert theirs.dissent is not None
    np.testing.assert_array_equal(ours.dissent.weights, theirs.dissent.weights)


def test_an_opinion_that_is_that_of_the_network_changes_nothing() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(4), 6)
    np.testing.assert_allclose(probe.blended(p, np.log(p) + 3), p)


def penalised(weights: np.ndarray, found: Labeled) -> float:
    """Negative logarithm of the posterior of the class probe, by loops."""
    x = StandardScaler().fit_transform(found.inputs[np.nonzero(found.votes)[0]])
    rows, classes = np.nonzero(found.votes)
    matrix, bias = weights[: K * 4].reshape(K, 4), weights[K * 4 :]
    loss = 0.5 * float((matrix**2).sum()) / STRENGTH
    for place, (row, c) in enumerate(zip(rows, classes, strict=True)):
        logits = [sum(w * v for w, v in zip(line, x[place], strict=True)) for line in matrix]
        logits = [a + b for a, b in zip(logits, bias, strict=True)]
        loss -= float(found.votes[row, c]) * (logits[c] - math.log(sum(math.exp(z) for z in logits)))
    return loss


def test_the_class_probe_is_the_mode_of_its_posterior() -> None:
    found = labeled(30)
    fitted = probe.fit(found, classes=True, dissent=False).classes
    assert fitted is not None
    scaler = StandardScaler().fit(found.inputs[np.nonzero(found.votes)[0]])
    matrix = fitted.weights * scaler.scale_
    best = np.r_[matrix.ravel(), fitted.bias + fitted.weights @ scaler.mean_]
    rng = np.random.default_rng(0)
    least = penalised(best, found)
    for size in (1e-1, 1e-2):
        for _ in range(10):
            assert penalised(best + size * rng.normal(size=len(best)), found) > least - 1e-6


def test_the_vote_probe_is_the_mode_of_its_posterior() -> None:
    found = labeled(40)
    fitted = probe.fit(found, classes=False, dissent=True).dissent
    assert fitted is not None
    features = probe.considered(found.inputs, found.probabilities)
    scaler, trust = StandardScaler().fit(features), np.array([1, 1, 1, 1, TRUST, TRUST])
    x, y = scaler.transform(features) * trust, np.where(found.dissent > 0, 1.0, -1.0)

    def loss(weights: np.ndarray) -> float:
        margins = y * (x @ weights[:-1] + weights[-1])
        return float(np.logaddexp(0, -margins).sum() + (weights[:-1] ** 2).sum() / (2 * CAUTION))

    def slope(weights: np.ndarray) -> np.ndarray:
        margins = y * (x @ weights[:-1] + weights[-1])
        pull = -y / (1 + np.exp(margins))
        return np.asarray(np.r_[x.T @ pull + weights[:-1] / CAUTION, pull.sum()])

    raw = np.r_[fitted.weights[0] * scaler.scale_ / trust, fitted.bias + fitted.weights @ scaler.mean_]
    assert check_grad(loss, slope, raw) < 1e-3
    assert np.abs(slope(raw)).max() < 0.02


def test_cross_fitted_votes_are_learned_from_doubt_without_the_own_label(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = labeled(43)
    said = np.zeros((43, K), dtype=np.float32)
    for image in range(43):
        others = np.array([other for other in range(43) if other % 5 != image % 5])
        rest = Labeled(*(value[others] for value in vars(found).values()))
        classes = probe.fit(rest, classes=True, dissent=False).classes
        assert classes is not None
        said[image] = softmax(classes(found.inputs[image : image + 1]), axis=1)[0]
    ours = probe.fit(found, classes=True, dissent=True, crossfit=True)
    monkeypatch.setattr(probe, "CAUTION", WARINESS)
    theirs = probe.fit(replace(found, probabilities=said), classes=False, dissent=True)
    assert ours.dissent is not None
    assert theirs.dissent is not None
    np.testing.assert_allclose(ours.dissent.weights, theirs.dissent.weights, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_said_apart_does_not_hang_on_the_own_label(seed: int) -> None:
    found = labeled(20, seed)
    inputs, votes = found.inputs.astype(np.float64), found.votes.copy()
    rows = np.arange(20)
    before = probe.apart(inputs, votes, rows)
    votes[7] = np.roll(votes[7], 1)
    np.testing.assert_array_equal(probe.apart(inputs, votes, rows)[[2, 7, 12, 17]], before[[2, 7, 12, 17]])


def test_what_is_said_apart_does_not_hang_on_the_label_of_a_copy() -> None:
    found = labeled(20)
    inputs, votes, groups = found.inputs.astype(np.float64), found.votes.copy(), np.arange(20)
    inputs[13], groups[13] = inputs[7], groups[7]
    before = probe.apart(inputs, votes, groups)
    votes[[7, 13]] = np.roll(votes[[7, 13]], 1, axis=1)
    np.testing.assert_array_equal(probe.apart(inputs, votes, groups)[[7, 13]], before[[7, 13]])
    assert (probe.apart(inputs, votes, np.arange(20))[7] != before[7]).any(), (
        "its own label comes by the copy"
    )


def test_a_cross_fitted_probe_knows_of_copies() -> None:
    found = labeled(40)
    copied = replace(found, inputs=np.repeat(found.inputs[::2], 2, axis=0), groups=None)
    pairs = replace(copied, groups=np.repeat(np.arange(20), 2))
    with_, without = (probe.fit(one, classes=True, dissent=True, crossfit=True) for one in (pairs, copied))
    assert with_.dissent is not None
    assert without.dissent is not None
    assert (with_.dissent.weights != without.dissent.weights).any()


def test_without_another_class_the_mean_label_is_said() -> None:
    votes = np.eye(K)[[0, 0, 1, 0, 0, 0, 0]]
    said = softmax(probe.apart(np.random.default_rng(0).normal(size=(7, 4)), votes, np.arange(7)), axis=1)
    assert said[2].round(6).tolist() == [1, 0, 0]
    assert (said[0] > 0).all()
    assert probe.apart(np.zeros((1, 4)), votes[:1], np.arange(1)).tolist() == [[0, 0, 0]]


def test_votes_that_differ_are_found() -> None:
    found = labeled(400)
    fitted = probe.fit(found, classes=True, dissent=True)
    read = probe.apply(fitted, predictions(found), [found.inputs])
    assert read.ambiguity is not None
    few, many = found.inputs[:, 3] > 1, found.inputs[:, 3] < -1
    assert read.ambiguity[many].mean() > read.ambiguity[few].mean() + 0.02


def test_ambiguity_equals_the_equation() -> None:
    found = labeled(20)
    fitted = probe.fit(found, classes=True, dissent=True)
    read = probe.apply(fitted, predictions(found), [found.inputs])
    assert fitted.dissent is not None
    assert read.ambiguity is not None
    weights, bias = fitted.dissent.weights[0].tolist(), float(fitted.dissent.bias[0])
    for row, p, p_a in zip(found.inputs.tolist(), read.probabilities.tolist(), read.ambiguity, strict=True):
        m = max(p)
        entropy = -sum(value * math.log(value) for value in p if value > 0)
        features = [*row, math.log(1 - m) - math.log(m), entropy]
        r = 1 / (1 + math.exp(-bias - sum(w * v for w, v in zip(weights, features, strict=True))))
        assert p_a == pytest.approx(1 - m * (1 - r), abs=1e-5)


@given(st.integers(1, 30))
def test_the_size_of_blocks_does_not_matter(size: int) -> None:
    found = labeled(40)
    fitted = probe.fit(found, classes=True, dissent=True)
    whole = probe.apply(fitted, predictions(found), [found.inputs])
    blocks = (found.inputs[start : start + size] for start in range(0, 40, size))
    read = probe.apply(fitted, predictions(found), blocks)
    np.testing.assert_allclose(read.probabilities, whole.probabilities, atol=1e-6)
    assert read.ambiguity is not None
    assert whole.ambiguity is not None
    np.testing.assert_allclose(read.ambiguity, whole.ambiguity, atol=1e-6)


def test_units_of_the_embeddings_do_not_matter() -> None:
    found = labeled(40)
    other = Labeled(found.inputs * np.array([1, 10, 0.1, 2]) + 3, *list(vars(found).values())[1:])
    reads = [
        probe.apply(probe.fit(one, classes=True, dissent=True), predictions(one), [one.inputs])
        for one in (found, other)
    ]
    first, second = reads
    assert first.ambiguity is not None
    assert second.ambiguity is not None
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-3)
    np.testing.assert_allclose(first.ambiguity, second.ambiguity, atol=1e-3)


@pytest.mark.parametrize("k", [2, 3])
def test_a_class_that_no_labeled_image_has_is_never_chosen(k: int) -> None:
    found = labeled(50, k=k)
    votes = np.column_stack([found.votes, np.zeros(50)])
    said = np.column_stack([found.probabilities * 0.8, np.full(50, 0.2)]).astype(np.float32)
    fitted = probe.fit(Labeled(found.inputs, said, votes, found.dissent), classes=True, dissent=False)
    assert fitted.classes is not None
    opinion = fitted.classes(found.inputs)
    assert (opinion.argmax(axis=1) < k).all()
    assert (probe.blended(said, opinion)[:, -1] < 1e-3).all()


def test_two_classes_have_the_odds_of_a_binary_regression() -> None:
    found = labeled(80, k=2)
    fitted = probe.fit(found, classes=True, dissent=False).classes
    assert fitted is not None
    logits = fitted(found.inputs)
    np.testing.assert_allclose(logits[:, 0], -logits[:, 1])
    right = (logits.argmax(axis=1) == found.votes.argmax(axis=1)).mean()
    assert right > 0.5


@pytest.mark.parametrize("dissent", [np.full(8, np.nan), np.zeros(8), np.full(8, 0.2)])
def test_votes_that_cannot_teach_are_refused(dissent: np.ndarray) -> None:
    found = labeled(8)
    assert not probe.varied(dissent)
    with pytest.raises(UserError, match=r"data\.votes"):
        probe.fit(
            Labeled(found.inputs, found.probabilities, found.votes, dissent), classes=False, dissent=True
        )


def test_images_with_one_vote_teach_classes_and_not_dissent() -> None:
    found = labeled(40)
    some = np.where(np.arange(40) < 20, found.dissent, np.nan)
    first = Labeled(found.inputs, found.probabilities, found.votes, some)
    half = Labeled(*(value[:20] for value in vars(found).values()))
    ours, theirs = (probe.fit(one, classes=False, dissent=True).dissent for one in (first, half))
    assert ours is not None
    assert theirs is not None
    np.testing.assert_allclose(ours.weights, theirs.weights)


@pytest.mark.parametrize(("classes", "dissent"), [(True, False), (False, True), (True, True), (False, False)])
def test_a_probe_is_read_as_it_was_written(classes: bool, dissent: bool, tmp_path: Path) -> None:
    fitted = probe.fit(labeled(), classes=classes, dissent=dissent)
    fitted.write(tmp_path / "probe.npz")
    read = Probe.read(tmp_path / "probe.npz")
    for old, new in ((fitted.classes, read.classes), (fitted.dissent, read.dissent)):
        assert (old is None) == (new is None)
        if old is not None and new is not None:
            np.testing.assert_array_equal(old.weights, new.weights)
            np.testing.assert_array_equal(old.bias, new.bias)


@pytest.mark.parametrize("spaces", [1, 2])
def test_spread_labels_are_read_as_they_were_written(spaces: int, tmp_path: Path) -> None:
    found = labeled()
    images = pool(found, spaces)
    fitted = probe.fit(found, classes=True, dissent=False, pool=images)
    fitted.write(tmp_path / "probe.npz")
    read = Probe.read(tmp_path / "probe.npz")
    for known, old, new in zip(images.known, fitted.spreads, read.spreads, strict=True):
        np.testing.assert_array_equal(old(known), new(known))


def test_without_parts_nothing_changes() -> None:
    found = labeled(10)
    read = probe.apply(Probe(None, None), predictions(found), [found.inputs])
    np.testing.assert_array_equal(read.probabilities, found.probabilities)
    assert read.ambiguity is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "probe.npz"
    Probe(Linear(np.zeros((2, 3)), np.zeros(2)), None).write(path)
    whole = path.read_bytes()
    for damaged in (b"", b"PK nothing", whole[:-30], whole.replace(b"classes_bias", b"classes_buas")):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"probe\.npz is damaged"):
            Probe.read(path)


def test_a_linear_map_by_loops() -> None:
    rng = np.random.default_rng(0)
    weights, bias, x = rng.normal(size=(2, 3)), rng.normal(size=2), rng.normal(size=(4, 3))
    for row, made in zip(x, Linear(weights, bias)(x), strict=True):
        for line, b, value in zip(weights, bias, made, strict=True):
            assert value == pytest.approx(sum(w * v for w, v in zip(line, row, strict=True)) + b)
