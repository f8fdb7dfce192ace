import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from s2c2.errors import UserError
from s2c2.files import finite
from s2c2.metrics.baselines import gaussian_mixture, hdbscan, kmeans, unit_kmeans
from s2c2.metrics.clustering import inner_distance
from s2c2.metrics.coverage import UNCERTAINTIES
from s2c2.metrics.scores import compare
from s2c2.predictions import Predictions

COUNT, CLASSES = 400, 4


def network(rng: np.random.Generator, people: np.ndarray, noise: float) -> Predictions:
    """A network that knows the soft labels up to noise."""
    logits = np.log(people + 0.05) + noise * rng.normal(size=people.shape)
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    images = tuple(f"{i:03}.png" for i in range(len(people)))
    classes = tuple("abcd")
    return Predictions(
        classes, images, ("validation",) * len(people), probabilities, logits.astype(np.float32)
    )


def runs(seed: int = 0) -> tuple[Predictions, Predictions, np.ndarray]:
    rng = np.random.default_rng(seed)
    people = rng.dirichlet(np.full(CLASSES, 0.15), size=COUNT)
    vanilla = network(rng, people, 1.0)
    ours = replace(
        network(rng, people, 1.0),
        ambiguity=rng.random(COUNT).astype(np.float32),
        clusters=rng.integers(0, 9, size=COUNT).astype(np.int32),
        cluster_confidence=np.ones(COUNT, dtype=np.float32),
    )
    return ours, vanilla, people


def weighted(target: np.ndarray, predicted: np.ndarray) -> float:
    return float(f1_score(target, predicted, average="weighted", zero_division=0.0))


def aurc(doubt: np.ndarray, wrong: np.ndarray) -> float:
    """The mean error of the i least doubtful images over all i."""
    return float(np.mean(np.cumsum(wrong[np.argsort(doubt)]) / np.arange(1, len(doubt) + 1)))


def test_each_f1_is_that_of_as_many_kept_images() -> None:
    ours, vanilla, people = runs()
    found = compare(ours, vanilla, people, seed=0)
    target, certain = people.argmax(axis=1), ours.ambiguity is not None and ours.ambiguity < 0.5
    count = int((~np.asarray(certain)).sum())
    assert (found.images, found.rejected, found.left_out) == (COUNT, count, 0)
    assert found.coverage == pytest.approx(1 - count / COUNT)
    assert found.f1["s2c2"] == pytest.approx(weighted(target[certain], ours.predicted[certain]))
    p = np.sort(vanilla.probabilities.astype(np.float64), axis=1)
    doubts = {
        "max-softmax": -p[:, -1],
        "entropy": -(p * np.log(p)).sum(axis=1),
        "margin": p[:, -2] - p[:, -1],
        "oracle": -np.sum(people * np.log(np.maximum(people, 1e-300)), axis=1),
    }
    for name, doubt in doubts.items():
        kept = np.argsort(doubt, kind="stable")[: COUNT - count]
        assert found.f1[name] == pytest.approx(weighted(target[kept], vanilla.predicted[kept])), name
    own = np.argsort(-ours.probabilities.max(axis=1), kind="stable")[: COUNT - count]
    assert found.f1["s2c2 max-softmax"] == pytest.approx(weighted(target[own], ours.predicted[own]))
    assert found.f1_same["vanilla"] == pytest.approx(weighted(target[certain], vanilla.predicted[certain]))
    assert found.f1_same["s2c2"] == found.f1["s2c2"]
    assert found.f1_all == {
        "s2c2": pytest.approx(weighted(target, ours.predicted)),
        "vanilla": pytest.approx(weighted(target, vanilla.predicted)),
    }
    assert found.f1["random"] == pytest.approx(found.f1_all["vanilla"], abs=0.02)
    assert found.rejection == max(("max-softmax", "entropy", "margin"), key=lambda name: found.f1[name])


def test_each_distance_is_of_the_images_that_s2c2_calls_ambiguous() -> None:
    ours, vanilla, people = runs()
    found = compare(ours, vanilla, people, seed=7)
    rejected = ours.ambiguous
    assert ours.clusters is not None
    groups = {
        "s2c2": ours.clusters[rejected],
        "k-means": kmeans(vanilla.embeddings[rejected], 9, seed=7),
        "k-means unit": unit_kmeans(vanilla.embeddings[rejected], 9, seed=7),
        "gaussian mixture": gaussian_mixture(vanilla.embeddings[rejected], 9, seed=7),
        "hdbscan": hdbscan(vanilla.embeddings[rejected], 9),
        "k-means probabilities": kmeans(vanilla.probabilities[rejected], 9, seed=7),
        "classes": vanilla.predicted[rejected],
    }
    for name, clusters in groups.items():
        assert found.distance[name].macro == pytest.approx(inner_distance(people[rejected], clusters))
        assert found.distance[name].size == pytest.approx(inner_distance(people[rejected], clusters, "size"))
        assert found.distance[name].clusters == len(set(clusters.tolist()))
    assert set(found.distance) == {*groups, "random"}
    # S2C2's clusters are random here: as bad as groups of the same sizes
    assert found.distance["s2c2"].size == pytest.approx(found.distance["random"].size, abs=0.02)
    assert found.distance["k-means"].clusters == found.distance["s2c2"].clusters


def test_detection_and_risk_are_of_all_images() -> None:
    ours, vanilla, people = runs()
    found = compare(ours, vanilla, people, seed=0, tolerance=0.2)
    truth, target = people.max(axis=1) < 0.8, people.argmax(axis=1)
    assert found.auroc["s2c2"] == pytest.approx(roc_auc_score(truth, ours.ambiguity))
    doubt = 1 - vanilla.probabilities.max(axis=1)
    assert found.auroc["max-softmax"] == pytest.approx(roc_auc_score(truth, doubt))
    wrong = (vanilla.predicted != target)[np.argsort(doubt, kind="stable")]
    area = np.mean([wrong[: i + 1].mean() for i in range(COUNT)])
    assert found.aurc["max-softmax"] == pytest.approx(area)
    assert found.aurc["random"] == pytest.approx(wrong.mean())
    assert found.aurc["max-softmax"] < found.aurc["random"]
    assert found.aurc["s2c2"] == pytest.approx((ours.predicted != target).mean(), abs=0.05)


def test_the_order_of_the_vanilla_rows_changes_nothing() -> None:
    ours, vanilla, people = runs()
    expected = compare(ours, vanilla, people, seed=0)
    for seed in range(3):
        moved = vanilla.take(np.random.default_rng(seed).permutation(COUNT))
        assert compare(ours, moved, people, seed=0) == expected


def test_where_scores_tie_the_order_of_the_images_decides_nothing() -> None:
    people = np.eye(3)[np.repeat([0, 1, 2], 100)]
    rng = np.random.default_rng(0)
    ours = replace(network(rng, people, 1.0), classes=tuple("abc"), ambiguity=rng.random(300, np.float32))
    certain = np.tile(np.array([0, 0, 1], dtype=np.float32), (300, 1))
    vanilla = replace(ours, ambiguity=None, probabilities=certain)
    names = ("max-softmax", "entropy", "margin", "oracle")
    found = []
    for seed in range(3):
        order = np.arange(300) if not seed else np.random.default_rng(seed).permutation(300)
        f1 = compare(ours.take(order), vanilla.take(order), people[order], 0).f1
        found += [f1[name] - f1["random"] for name in names]
    assert found == pytest.approx(np.zeros(len(found)), abs=0.03)


def test_the_same_seed_gives_the_same_comparison() -> None:
    ours, vanilla, people = runs()
    assert compare(ours, vanilla, people, seed=1) == compare(ours, vanilla, people, seed=1)
    assert compare(ours, vanilla, people, seed=1) != compare(ours, vanilla, people, seed=2)


def test_unannotated_images_are_left_out_of_both() -> None:
    ours, vanilla, people = runs()
    unknown = people.copy()
    unknown[::5] = np.nan
    known = np.arange(COUNT) % 5 > 0
    found = compare(ours, vanilla, unknown, seed=0)
    expected = compare(ours.take(known), vanilla.take(known), people[known], seed=0)
    assert found == replace(expected, left_out=COUNT // 5)


def test_better_networks_are_called_better() -> None:
    rng = np.random.default_rng(0)
    people = rng.dirichlet(np.full(CLASSES, 0.15), size=COUNT)
    vanilla = network(rng, people, 2.0)
    disputed = 1 - people.max(axis=1)
    clusters = np.where(disputed > 0.3, people.argsort(axis=1)[:, -2:] @ [1, CLASSES], 0)
    ours = replace(
        network(rng, people, 0.1),
        ambiguity=(disputed / disputed.max() * 1.2).clip(0, 1).astype(np.float32),
        clusters=clusters.astype(np.int32),
    )
    found = compare(ours, vanilla, people, seed=0)
    rows = {row.name: row for row in found.rows()}
    for name in found.strongest:
        row, ends = rows[name], found.intervals[name]
        assert row.state == "better", name
        assert ends.low < row.difference < ends.high, name


def test_each_interval_is_that_of_its_row() -> None:
    ours, vanilla, people = runs()
    found = compare(ours, vanilla, people, seed=0, tolerance=0.2)
    assert tuple(found.intervals) == found.strongest
    assert ours.clusters is not None
    assert ours.ambiguity is not None
    clusters, ambiguity = ours.clusters[ours.ambiguous], ours.ambiguity
    target, certain, truth = people.argmax(axis=1), ~ours.ambiguous, people.max(axis=1) < 0.8
    doubt = UNCERTAINTIES[found.detector](vanilla.probabilities)
    groups = kmeans(vanilla.probabilities[ours.ambiguous], 9, seed=0)
    assert found.grouping("macro") == "k-means probabilities"

    count = int(certain.sum())
    by_doubt = np.argsort(UNCERTAINTIES[found.rejection](vanilla.probabilities), kind="stable")
    kept = np.isin(np.arange(COUNT), by_doubt[:count])
    orders = (ours, ambiguity), (vanilla, UNCERTAINTIES[found.order](vanilla.probabilities))

    def gain(rows: np.ndarray, others: np.ndarray | None = None) -> float:
        pairs = ((ours, rows), (vanilla, rows if others is None else others))
        first, second = (weighted(target[drawn], said.predicted[drawn]) for said, drawn in pairs)
        return first - second

    def risk(rows: np.ndarray) -> float:
        first, second = (aurc(doubt[rows], (said.predicted != target)[rows]) for said, doubt in orders)
        return first - second

    def found_by(rows: np.ndarray) -> float:
        first, second = (roc_auc_score(truth[rows], score[rows]) for score in (ambiguity, doubt))
        return float(first - second)

    def distance(rows: np.ndarray) -> float:
        soft, ranks = people[ours.ambiguous], rows[rows < int(ours.ambiguous.sum())]
        first, second = (inner_distance(soft[ranks], of[ranks]) for of in (clusters, groups))
        return first - second

    rng = np.random.default_rng(5)
    draws = [rng.integers(COUNT, size=COUNT) for _ in range(500)]
    naive = {
        f"F1 / vanilla, {found.rejection} rejection": [
            gain(rows[certain[rows]], rows[kept[rows]]) for rows in draws
        ],
        "F1, same images": [gain(rows[certain[rows]]) for rows in draws],
        "F1, all images": [gain(rows) for rows in draws],
        f"AUROC / {found.detector}": [found_by(rows) for rows in draws],
        f"AURC / {found.order}": [risk(rows) for rows in draws],
        "d / k-means probabilities": [distance(rows) for rows in draws],
    }
    for name, values in naive.items():
        low, high = np.quantile(values, [0.025, 0.975])
        ends = found.intervals[name]
        assert (ends.low, ends.high) == pytest.approx((low, high), abs=0.25 * (high - low)), name


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_all_certain_or_all_ambiguous(level: float) -> None:
    ours, vanilla, people = runs()
    found = compare(replace(ours, ambiguity=np.full(COUNT, level, dtype=np.float32)), vanilla, people, seed=0)
    assert found.rejected == level * COUNT
    if level == 0:
        assert np.isnan(found.distance["s2c2"].macro)
        assert found.f1["entropy"] == pytest.approx(found.f1_all["vanilla"])
    else:
        assert np.isnan(found.f1["s2c2"])
        assert np.isnan(found.f1["random"])


def test_values_are_plain_json() -> None:
    ours, vanilla, people = runs()
    values = compare(ours, vanilla, people, seed=0).as_dict()
    again = json.loads(json.dumps(finite(values)))
    assert again["f1"]["s2c2"] == values["f1"]["s2c2"]
    assert again["distance"]["k-means"]["clusters"] == 9
    assert isinstance(again["verdict"], str)


def test_runs_that_do_not_fit() -> None:
    ours, vanilla, people = runs()
    with pytest.raises(UserError, match="no ambiguity head"):
        compare(vanilla, vanilla, people, seed=0)
    with pytest.raises(UserError, match="other images"):
        compare(ours, vanilla.take(np.arange(10)), people, seed=0)
