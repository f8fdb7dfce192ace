"""What holds for every metric: other names of clusters and classes, other orders, bounds, merged clusters."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.metrics import (
    agreement,
    ambiguity,
    calibration,
    classification,
    clustering,
    coverage,
    degenerate,
)
from s2c2.metrics.scores import Scores, evaluate
from s2c2.predictions import Predictions

K = 4
Made = dict[str, np.ndarray]


@st.composite
def images(draw: st.DrawFn) -> Made:
    """Some images: what people said of them, and what a network did."""
    n = draw(st.integers(1, 24))
    votes = np.array(
        draw(
            st.lists(st.lists(st.integers(0, 3), min_size=K, max_size=K).filter(any), min_size=n, max_size=n)
        )
    )
    logits = np.array(
        draw(st.lists(st.lists(st.integers(-9, 9), min_size=K, max_size=K), min_size=n, max_size=n))
    )
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return {
        "votes": votes,
        "soft": votes / votes.sum(axis=1, keepdims=True),
        "probabilities": powers / powers.sum(axis=1, keepdims=True),
        "clusters": np.array(draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))),
        "scores": np.array(draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))) / 5,
        "flags": np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))),
    }


def target(made: Made) -> np.ndarray:
    return np.asarray(made["votes"].argmax(axis=1))


def predicted(made: Made) -> np.ndarray:
    return np.asarray(made["probabilities"].argmax(axis=1))


def clear(made: Made) -> Made:
    """The images of which one class is ahead, for people and for the network."""
    rows = [np.sort(made[key], axis=1) for key in ("votes", "probabilities")]
    ahead = np.logical_and(*(each[:, -1] > each[:, -2] for each in rows))
    return {key: value[ahead] for key, value in made.items()}


METRICS: dict[str, tuple[Callable[[Made], float], float, float]] = {
    "accuracy": (lambda m: classification.accuracy(target(m), predicted(m)), 0, 1),
    "weighted_f1": (lambda m: classification.weighted_f1(target(m), predicted(m)), 0, 1),
    "macro_f1": (lambda m: classification.macro_f1(target(m), predicted(m)), 0, 1),
    "purity": (lambda m: clustering.purity(target(m), m["clusters"]), 0, 1),
    "nmi": (lambda m: clustering.normalized_mutual_information(target(m), m["clusters"]), 0, 1),
    "d": (lambda m: clustering.inner_distance(m["soft"], m["clusters"]), 0, np.sqrt(2)),
    "d by size": (lambda m: clustering.inner_distance(m["soft"], m["clusters"], "size"), 0, np.sqrt(2)),
    "entropy of use": (lambda m: clustering.usage(m["clusters"]).entropy, 0, 1),
    "effective": (lambda m: clustering.usage(m["clusters"]).effective, 1, 7),
    "largest": (lambda m: clustering.usage(m["clusters"]).largest, 0, 1),
    "ece": (lambda m: calibration.ece(m["probabilities"], target(m)), 0, 1),
    "kl": (lambda m: calibration.kl(m["soft"], m["probabilities"]), 0, np.inf),
    "entropy": (lambda m: float(ambiguity.entropy(m["probabilities"]).mean()), 0, np.log(K)),
    "auroc": (lambda m: ambiguity.auroc(m["scores"], m["flags"]), 0, 1),
    "average precision": (lambda m: ambiguity.average_precision(m["scores"], m["flags"]), 0, 1),
    "spearman": (lambda m: ambiguity.spearman(m["scores"], m["soft"][:, 0]), -1, 1),
    "aurc": (lambda m: coverage.risk_coverage(m["scores"], m["flags"]).area, 0, 1),
    "least confidence": (lambda m: float(coverage.least_confidence(m["probabilities"]).max()), 0, 1 - 1 / K),
    "margin": (lambda m: float(coverage.margin(m["probabilities"]).max()), 0, 1),
    "kappa": (lambda m: agreement.cohen_kappa(target(m), predicted(m)), -1, 1),
    "alpha": (lambda m: agreement.krippendorff_alpha(m["votes"]), -1, 1),
    "degenerate": (lambda m: float(degenerate.degenerate(m["flags"])), 0, 1),
    "constant class": (lambda m: float(degenerate.constant_class(target(m))), 0, 1),
    "single cluster": (lambda m: float(degenerate.single_cluster(m["clusters"])), 0, 1),
}
"""Each metric with its bounds."""
CLASSED = ("accuracy", "weighted_f1", "macro_f1", "purity", "nmi", "kappa", "constant class")
"""Metrics of classes as numbers; the others read rows, where a class is a column."""


SCORES = {
    **dict.fromkeys(("share_ambiguous", "share_disputed", "usage_entropy", "largest_cluster"), (0, 1)),
    **dict.fromkeys(("f1_certain", "f1_all", "macro_f1", "accuracy", "purity", "nmi", "ece"), (0, 1)),
    **dict.fromkeys(("auroc", "auroc_strict", "average_precision", "degenerate", "collapsed"), (0, 1)),
    **dict.fromkeys(("distance", "distance_size"), (0, np.sqrt(2))),
    **dict.fromkeys(("images", "smallest_cluster"), (0, 24)),
    **dict.fromkeys(("clusters", "clusters_effective"), (0, 7)),
    "left_out": (0, 0),
    "score": (-1, np.sqrt(2)),
    "spearman": (-1, 1),
    "kl": (0, np.inf),
}
"""The bounds of what a run is scored by."""


def scored(made: Made, heads: bool) -> dict[str, float]:
    """Scores of a run, which has heads for ambiguity and clusters or has not."""
    n = len(made["flags"])
    run = Predictions(
        classes=tuple("abcd"),
        images=tuple(map(str, range(n))),
        splits=("validation",) * n,
        probabilities=made["probabilities"].astype(np.float32),
        embeddings=np.zeros((n, 1), dtype=np.float32),
        ambiguity=made["scores"].astype(np.float32) if heads else None,
        clusters=made["clusters"].astype(np.int32) if heads else None,
        cluster_confidence=np.ones(n, dtype=np.float32) if heads else None,
    )
    found = evaluate(run, made["soft"])
    return {name: float(getattr(found, name)) for name in SCORES}


def differing(one: dict[str, float], other: dict[str, float]) -> list[str]:
    """Names of the scores that differ by more than float32 can say."""
    return [name for name in one if not np.isclose(one[name], other[name], atol=1e-6, equal_nan=True)]


def equal(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True))


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=25)
@given(made=images())
def test_bounds(name: str, made: Made) -> None:
    metric, low, high = METRICS[name]
    value = metric(made)
    assert np.isnan(value) or low - 1e-9 <= value <= high + 1e-9


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=25)
@given(made=images(), seed=st.integers(0, 99))
def test_the_order_of_the_images_does_not_matter(name: str, made: Made, seed: int) -> None:
    metric = METRICS[name][0]
    order = np.random.default_rng(seed).permutation(len(made["clusters"]))
    assert equal(metric({key: value[order] for key, value in made.items()}), metric(made))


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=25)
@given(made=images(), seed=st.integers(0, 99))
def test_names_of_clusters_do_not_matter(name: str, made: Made, seed: int) -> None:
    metric = METRICS[name][0]
    names = np.random.default_rng(seed).permutation(50)[:7]
    assert equal(metric(made | {"clusters": names[made["clusters"]]}), metric(made))


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=25)
@given(made=images(), seed=st.integers(0, 99))
def test_names_of_classes_do_not_matter(name: str, made: Made, seed: int) -> None:
    """Ties between classes are decided by their order, so that only clear cases are renamed."""
    metric, kept = METRICS[name][0], clear(made)
    if name == "spearman" or not len(kept["flags"]):
        return
    order = np.random.default_rng(seed).permutation(K)
    columns = {key: kept[key][:, order] for key in ("votes", "soft", "probabilities")}
    assert equal(metric(kept | columns), metric(kept))


@settings(max_examples=40)
@given(made=images(), pair=st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_merging_two_clusters(made: Made, pair: tuple[int, int]) -> None:
    """Purity never rises, d by size never falls, and the use becomes more uneven or stays."""
    merged = made | {"clusters": np.where(made["clusters"] == pair[0], pair[1], made["clusters"])}
    assert METRICS["purity"][0](merged) <= METRICS["purity"][0](made) + 1e-12
    before, after = clustering.usage(made["clusters"]), clustering.usage(merged["clusters"])
    assert after.clusters <= before.clusters
    assert after.effective <= before.effective + 1e-9
    assert after.largest >= before.largest
    if clustering.usage(made["clusters"]).clusters == after.clusters:
        assert equal(METRICS["d"][0](merged), METRICS["d"][0](made))


@settings(max_examples=40)
@given(made=images(), count=st.integers(0, 24))
def test_rejecting_takes_exactly_so_many_of_the_highest(made: Made, count: int) -> None:
    count = min(count, len(made["scores"]))
    gone = coverage.reject(made["scores"], count)
    assert gone.sum() == count
    if 0 < count < len(gone):
        assert made["scores"][gone].min() >= made["scores"][~gone].max()


def test_every_score_that_is_a_number_has_bounds() -> None:
    assert {field.name for field in fields(Scores)} - SCORES.keys() == {"detector", "reasons"}


@pytest.mark.parametrize("heads", [False, True])
@settings(max_examples=25)
@given(made=images())
def test_scores_keep_to_their_bounds(heads: bool, made: Made) -> None:
    for name, value in scored(made, heads).items():
        low, high = SCORES[name]
        assert np.isnan(value) or low - 1e-6 <= value <= high + 1e-6, name


@pytest.mark.parametrize("heads", [False, True])
@settings(max_examples=25)
@given(made=images(), seed=st.integers(0, 99))
def test_scores_know_no_order_of_images_and_no_names_of_clusters(heads: bool, made: Made, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(len(made["flags"])), rng.permutation(50)[:7]
    moved = {key: value[order] for key, value in made.items()}
    moved["clusters"] = names[moved["clusters"]]
    assert differing(scored(moved, heads), scored(made, heads)) == []


@pytest.mark.parametrize("heads", [False, True])
@settings(max_examples=25)
@given(made=images(), seed=st.integers(0, 99))
def test_scores_know_no_names_of_classes(heads: bool, made: Made, seed: int) -> None:
    kept, order = clear(made), np.random.default_rng(seed).permutation(K)
    columns = {key: kept[key][:, order] for key in ("votes", "soft", "probabilities")}
    if len(kept["flags"]):
        assert differing(scored(kept | columns, heads), scored(kept, heads)) == []


@settings(max_examples=25)
@given(made=images(), pair=st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_scores_where_two_clusters_are_merged(made: Made, pair: tuple[int, int]) -> None:
    """Scores of classes and of ambiguity stay; groups become fewer, larger, less pure and more uneven."""
    merged = made | {"clusters": np.where(made["clusters"] == pair[0], pair[1], made["clusters"])}
    before, after = scored(made, heads=True), scored(merged, heads=True)
    falls, rises = ("clusters", "clusters_effective", "purity"), ("largest_cluster", "smallest_cluster")
    others = {"distance", "distance_size", "score", "usage_entropy", "nmi", "collapsed"}
    assert set(differing(before, after)) <= {*falls, *rises, *others}
    for name in falls:
        assert np.isnan(before[name]) or after[name] <= before[name] + 1e-6
    for name in (*rises, "collapsed"):
        assert np.isnan(before[name]) or after[name] >= before[name] - 1e-6
