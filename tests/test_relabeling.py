import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset
from s2c2.errors import UserError
from s2c2.predictions import Predictions
from s2c2.relabeling import ARMS, Budget, Round, ask, by_cluster, first, pool_of, relabeled, votes
from s2c2.simulation import Costs

CLASSES = ("a", "b", "c")
COSTS = Costs(alone=5.0, accepted=1.0, corrected=7.0, group=6.0, member=0.5)


def predictions(n: int = 60, seed: int = 0, plain: bool = False) -> Predictions:
    """Random predictions; a third of the images is certain, the others are in six clusters."""
    rng = np.random.default_rng(seed)
    splits = tuple(("labeled", "unlabeled", "unlabeled", "validation")[i % 4] for i in range(n))
    heads = {
        "ambiguity": rng.random(n).astype(np.float32) * 0.75 + 0.25,
        "clusters": rng.integers(0, 6, n).astype(np.int32),
        "cluster_confidence": np.ones(n, dtype=np.float32),
    }
    return Predictions(
        CLASSES,
        tuple(f"{i:03}.png" for i in range(n)),
        splits,
        rng.dirichlet(np.ones(3), n).astype(np.float32),
        rng.normal(size=(n, 2)).astype(np.float32),
        **({} if plain else heads),
    )


def truth(images: tuple[str, ...], seed: int = 0) -> Annotations:
    rng = np.random.default_rng(seed)
    rows = [
        (image, CLASSES[c], int(count))
        for image in images
        for c, count in enumerate(rng.multinomial(20, (0.6, 0.3, 0.1)))
        if count
    ]
    return Annotations.build(pl.DataFrame(rows, schema=["image", "label", "votes"], orient="row"), CLASSES)


def entropy_by_hand(row: np.ndarray) -> float:
    return -sum(float(p) * math.log(p) for p in row if p > 0)


def test_entropy_asks_the_least_decided_first() -> None:
    said = predictions()
    rows = ARMS["entropy"].order(said, 10, np.random.default_rng(0))
    ranked = sorted(range(len(said)), key=lambda i: -entropy_by_hand(said.probabilities[i]))
    assert rows.tolist() == ranked[:10]


def test_ambiguity_asks_the_highest_p_a_first() -> None:
    said = predictions()
    assert said.ambiguity is not None
    rows = ARMS["ambiguity"].order(said, 7, np.random.default_rng(0))
    assert rows.tolist() == sorted(range(len(said)), key=lambda i: -said.ambiguity[i])[:7]  # type: ignore[index]


def ranked_clusters(said: Predictions) -> list[list[int]]:
    """Return the clusters of ambiguous images by size · coherence, each from its centre outwards."""
    assert said.ambiguity is not None
    assert said.clusters is not None
    points = said.embeddings.astype(np.float64)
    everything = np.mean([((p - points.mean(axis=0)) ** 2).sum() for p in points])
    found = []
    for number in sorted(set(said.clusters.tolist())):
        rows = [i for i in range(len(said)) if said.clusters[i] == number and said.ambiguity[i] >= 0.5]
        if rows:
            centre = points[rows].mean(axis=0)
            squared = {i: ((points[i] - centre) ** 2).sum() for i in rows}
            inside = sum(squared.values()) / (len(rows) - 1) if len(rows) > 1 else everything
            worth = len(rows) * max(0.0, 1 - inside / everything)
            found.append((worth, sorted(rows, key=lambda i: squared[i])))
    return [rows for _, rows in sorted(found, key=lambda pair: -pair[0])]


@given(st.integers(0, 50), st.integers(1, 80))
def test_clusters_are_asked_whole_and_at_most_one_is_cut(seed: int, count: int) -> None:
    said = predictions(seed=seed)
    assert said.ambiguity is not None
    rows = by_cluster(said, count, np.random.default_rng(0)).tolist()
    assert len(rows) == len(set(rows)) == min(count, len(said))
    expected: list[int] = []
    waiting: list[int] = []
    for cluster in ranked_clusters(said):
        (expected if len(expected) + len(cluster) <= count else waiting).extend(cluster)
    rest = sorted(range(len(said)), key=lambda i: -said.ambiguity[i])  # type: ignore[index]
    for row in waiting + rest:
        if len(expected) < count and row not in expected:
            expected.append(row)
    assert rows == expected
    cut = [c for c in ranked_clusters(said) if 0 < len(set(c) & set(rows)) < len(c)]
    assert len(cut) <= 1


def test_random_is_a_matter_of_its_seed() -> None:
    said = predictions()
    orders = [ARMS["random"].order(said, 20, np.random.default_rng(seed)).tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert len(set(orders[0])) == 20


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_gets_as_many_answers(arm: str) -> None:
    said = predictions(plain=ARMS[arm].learner == "vanilla")
    log = ask(said, truth(said.images), arm, Budget(votes=4), Round(0, 2, 25))
    assert len(log) == 4 * 25
    assert log["image"].n_unique() == 25
    assert set(log["arm"]) == {arm}
    assert set(log["round"]) == {2}
    assert log.select("image", "annotator").is_unique().all()
    assert log["proposal"].null_count() == 0


@pytest.mark.parametrize("arm", ["ambiguity", "ambiguous-clusters"])
def test_an_order_by_ambiguity_needs_it(arm: str) -> None:
    said = predictions(plain=True)
    with pytest.raises(UserError, match="ambiguity"):
        ask(said, truth(said.images), arm, Budget(), Round(0, 1, 5))


def test_without_proposals_every_answer_costs_the_same() -> None:
    said = predictions()
    for arm in ("random", "ambiguous-clusters"):
        log = ask(said, truth(said.images), arm, Budget(proposals=False, costs=COSTS), Round(0, 1, 20))
        assert log["seconds"].to_list() == [5.0] * 60
        assert log["proposal"].null_count() == 60


def test_the_time_of_classes_by_hand() -> None:
    said = predictions()
    log = ask(said, truth(said.images), "entropy", Budget(costs=COSTS), Round(0, 1, 20))
    expected = sum(1.0 if row["label"] == row["proposal"] else 7.0 for row in log.to_dicts())
    assert log["seconds"].sum() == pytest.approx(expected)


def test_the_time_of_clusters_by_hand() -> None:
    said = predictions()
    log = ask(said, truth(said.images), "ambiguous-clusters", Budget(votes=1, costs=COSTS), Round(0, 1, 30))
    assert said.ambiguity is not None
    assert said.clusters is not None
    row = {image: i for i, image in enumerate(said.images)}
    fits = {r["image"]: r["label"] == r["proposal"] for r in log.to_dicts()}
    groups: dict[int, list[str]] = {}
    expected = 0.0
    for image in fits:
        if said.ambiguity[row[image]] >= 0.5:
            groups.setdefault(int(said.clusters[row[image]]), []).append(image)
        else:
            expected += 1.0 if fits[image] else 7.0
    for members in groups.values():
        if len(members) > 1:
            expected += 6.0 + 0.5 * len(members) + 7.0 * sum(not fits[image] for image in members)
        else:
            expected += 1.0 if fits[members[0]] else 7.0
    assert len(groups) > 1
    assert log["seconds"].sum() == pytest.approx(expected)


def test_answers_follow_seed_and_round() -> None:
    said = predictions()
    logs = [ask(said, truth(said.images), "entropy", Budget(), Round(0, number, 20)) for number in (1, 2)]
    assert logs[0].equals(ask(said, truth(said.images), "entropy", Budget(), Round(0, 1, 20)))
    assert logs[0]["label"].to_list() != logs[1]["label"].to_list()
    assert not logs[0].equals(ask(said, truth(said.images), "entropy", Budget(), Round(1, 1, 20)))


def test_the_pool_is_of_training_images_with_a_truth() -> None:
    said = predictions()
    log = first({"000.png": "a", "001.png": "b"}, COSTS)
    known = truth(tuple(image for image in said.images if image != "002.png"))
    unlabeled = pool_of(said, log, known, "unlabeled")
    training = pool_of(said, log, known, "training")
    assert set(training.images) - set(unlabeled.images) == {"000.png", "001.png"}
    expected = {
        image
        for image, split in zip(said.images, said.splits, strict=True)
        if split in ("labeled", "unlabeled") and image not in ("000.png", "001.png", "002.png")
    }
    assert set(unlabeled.images) == expected


def test_an_empty_pool_is_named() -> None:
    said = predictions()
    nothing = said.take(np.zeros(len(said), dtype=bool))
    with pytest.raises(UserError, match="no image is left"):
        ask(nothing, truth(said.images), "random", Budget(), Round(0, 1, 5))


def dataset(said: Predictions) -> Dataset:
    return Dataset(Path("nowhere"), "made up", CLASSES, said.images, truth(said.images))


def test_relabeled_images_have_the_answers_of_the_log_alone() -> None:
    said = predictions()
    splits = dict(zip(said.images, said.splits, strict=True))
    start = first({image: "c" for image, split in splits.items() if split == "labeled"}, COSTS)
    pool = pool_of(said, start, truth(said.images), "unlabeled")
    log = pl.concat([start, ask(pool, truth(said.images), "entropy", Budget(), Round(0, 1, 10))])
    found = relabeled(dataset(said), splits, log)
    counts = found.annotations.counts(said.images)
    for i, image in enumerate(said.images):
        given = [row["label"] for row in log.to_dicts() if row["image"] == image]
        if splits[image] == "validation":
            assert found.splits[image] == "validation"
            assert counts[i].tolist() == truth(said.images).counts([image])[0].tolist()
        else:
            assert counts[i].tolist() == [given.count(name) for name in CLASSES]
            assert found.splits[image] == ("labeled" if given else "unlabeled")
    assert sum(split == "labeled" for split in found.splits.values()) == 15 + 10


def test_answers_about_other_images_are_refused() -> None:
    said = predictions()
    splits = dict(zip(said.images, said.splits, strict=True))
    with pytest.raises(UserError, match=r"'003\.png' was answered, but is no training image"):
        relabeled(dataset(said), splits, first({"003.png": "a"}, COSTS))
    with pytest.raises(UserError, match="unknown label 'z'"):
        relabeled(dataset(said), splits, first({"000.png": "z"}, COSTS))


def test_votes_are_counted() -> None:
    log = pl.concat([first({"000.png": label}, COSTS) for label in "aab"])
    assert votes(log, CLASSES).counts(["000.png"]).tolist() == [[2, 1, 0]]


def test_a_budget_is_checked() -> None:
    assert Budget(images=7).count(100) == 7
    assert Budget(images=0.05).count(8000) == 400
    assert Budget(images=0.01).count(10) == 1
    with pytest.raises(UserError, match=r"budget\.images"):
        Budget(images=1.5)
    with pytest.raises(UserError, match=r"budget\.images"):
        Budget(images=0)
    with pytest.raises(UserError, match="did you mean 'unlabeled'"):
        Budget(pool="unlabelled")
    with pytest.raises(UserError, match="acceptance offset"):
        Budget(offset=1.0)
    with pytest.raises(UserError, match="at least one round"):
        Budget(rounds=0)
