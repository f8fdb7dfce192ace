import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.data.logs.log import Log
from s2c2.metrics.aggregation import (
    Votes,
    bias_corrected,
    confusions,
    dawid_skene,
    vote_mean,
    votes,
    with_others,
)
from s2c2.metrics.default_effect import biased

CLASSES = ("cat", "dog", "owl")
TABLE = """
a ann cat|a bob cat|a cleo cat|b ann cat|b bob dog|b cleo cat|c ann dog|c bob dog|c cleo dog|d ann dog
d bob cat|d cleo owl|e ann owl|e bob owl|e cleo cat|f ann owl|f cleo owl|g ann dog
g bob owl|h bob dog|h cleo dog
"""
CROWD_KIT = {
    1: """
0.992209 0.007791 0.000000|0.900953 0.099047 0.000000|0.000000 1.000000 0.000000|0.146355 0.189628 0.664017
0.086308 0.000000 0.913692|0.041096 0.000000 0.958904|0.042561 0.378138 0.579302|0.000000 1.000000 0.000000
""",
    2: """
0.999355 0.000645 0.000000|0.991404 0.008596 0.000000|0.000000 1.000000 0.000000|0.031932 0.056793 0.911274
0.014599 0.000000 0.985401|0.009115 0.000000 0.990885|0.009159 0.288798 0.702043|0.000000 1.000000 0.000000
""",
    5: """
1 0 0|1 0 0|0 1 0|0 0 1
0 0 1|0 0 1|0 0.117088 0.882912|0 1 0
""",
}
"""``DawidSkene(n_iter=…, tol=0).fit_predict_proba`` of crowd-kit 1.4.2 for the table, by number of steps."""


def table() -> Votes:
    """The fixed table."""
    rows = [row.split() for row in TABLE.replace("\n", "|").split("|") if row]
    frame = pl.DataFrame(rows, schema=["image", "annotator", "label"], orient="row")
    return votes(Log.build(frame, CLASSES))


@pytest.mark.parametrize("steps", CROWD_KIT)
def test_dawid_skene_is_that_of_crowd_kit(steps: int) -> None:
    rows = [row.split() for row in CROWD_KIT[steps].replace("\n", "|").split("|") if row]
    found = dawid_skene(table(), steps=steps, tolerance=0.0)
    assert found.steps == steps
    np.testing.assert_allclose(found.labels, np.array(rows, dtype=float), atol=2e-6)


def naive(given: Votes, steps: int) -> tuple[list[list[float]], float]:
    """Dawid–Skene and its log-likelihood by loops over answers, straight from the equations."""
    n, a, k = len(given.images), len(given.annotators), len(given.classes)
    answers = list(zip(given.image, given.annotator, given.shares.argmax(axis=1), strict=True))
    label = [[0.0] * k for _ in range(n)]
    for x in range(n):
        mine = [j for i, _, j in answers if i == x]
        label[x] = [mine.count(c) / len(mine) for c in range(k)]
    for _ in range(steps):
        prior = [sum(label[x][c] for x in range(n)) / n for c in range(k)]
        error = [[[1e-10] * k for _ in range(k)] for _ in range(a)]
        for person, c, j in itertools.product(range(a), range(k), range(k)):
            said = sum(label[x][c] for x, who, what in answers if who == person and what == j)
            error[person][c][j] = max(said, 1e-10)
        for person, c in itertools.product(range(a), range(k)):
            total = sum(error[person][c])
            error[person][c] = [value / total for value in error[person][c]]
        likelihood = 0.0
        for x in range(n):
            shares = [
                prior[c] * math.prod(error[who][c][j] for i, who, j in answers if i == x) for c in range(k)
            ]
            label[x] = [share / sum(shares) for share in shares]
            likelihood += math.log(sum(shares))
    return label, likelihood


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_dawid_skene_is_the_loop(seed: int) -> None:
    drawn = crowd(seed)
    found, (labels, likelihood) = dawid_skene(drawn, steps=4, tolerance=0.0), naive(drawn, 4)
    np.testing.assert_allclose(found.labels, labels, atol=1e-7)
    assert found.likelihood == pytest.approx(likelihood)


def crowd(seed: int, images: int = 12, people: int = 4) -> Votes:
    """People who are right four times out of five; somebody answers each image."""
    rng = np.random.default_rng(seed)
    rows = []
    for x in range(images):
        truth = rng.integers(3)
        for person in range(people):
            if person == x % people or rng.random() < 0.7:
                said = truth if rng.random() < 0.8 else rng.integers(3)
                rows.append((f"{x:02}", f"p{person}", CLASSES[said]))
    frame = pl.DataFrame(rows, schema=["image", "annotator", "label"], orient="row")
    return votes(Log.build(frame, CLASSES))


@given(seed=st.integers(0, 10_000), order=st.permutations(range(3)))
@settings(max_examples=20)
def test_other_names_of_classes_permute_the_columns(seed: int, order: list[int]) -> None:
    given = crowd(seed)
    other = Votes(**vars(given) | {"shares": given.shares[:, order]})
    np.testing.assert_allclose(vote_mean(other), vote_mean(given)[:, order])
    first, second = dawid_skene(given, steps=5), dawid_skene(other, steps=5)
    np.testing.assert_allclose(second.labels, first.labels[:, order], atol=1e-8)
    np.testing.assert_allclose(second.quality, first.quality, atol=1e-8)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_second_copy_of_everybody_leaves_the_mean_and_the_confusions(seed: int) -> None:
    given = crowd(seed)
    people = len(given.annotators)
    twice = Votes(
        given.images,
        (*given.annotators, *(f"{name}'" for name in given.annotators)),
        given.classes,
        np.tile(given.image, 2),
        np.concatenate([given.annotator, given.annotator + people]),
        np.tile(given.shares, (2, 1)),
        np.tile(given.proposal, 2),
    )
    mean = vote_mean(given)
    np.testing.assert_allclose(vote_mean(twice), mean)
    counts = confusions(twice, mean)
    np.testing.assert_allclose(counts[:people], counts[people:])
    quality = dawid_skene(twice, steps=6).quality
    np.testing.assert_allclose(quality[:people], quality[people:], atol=1e-9)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_each_step_makes_the_answers_more_likely(seed: int) -> None:
    given = crowd(seed)
    found = [dawid_skene(given, steps=steps, tolerance=0.0).likelihood for steps in (1, 2, 4, 8)]
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(found))
    last = dawid_skene(given, steps=8)
    np.testing.assert_allclose(last.labels.sum(axis=1), 1)
    np.testing.assert_allclose(last.confusions.sum(axis=2), 1)


def test_steps_end_when_the_likelihood_of_an_image_hardly_grows() -> None:
    given = table()
    found = [dawid_skene(given, steps=steps, tolerance=-np.inf).likelihood / 8 for steps in range(1, 40)]
    grown = np.diff(found)
    assert dawid_skene(given).steps == 2 + np.flatnonzero(grown < 1e-5)[0]
    assert dawid_skene(given, tolerance=0.01).steps == 2 + np.flatnonzero(grown < 0.01)[0]
    assert dawid_skene(given, tolerance=-np.inf).steps == 100


def test_people_who_answer_at_random_have_little_weight() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(3, size=200)
    rows = []
    for x, name in itertools.product(range(200), ("good 1", "good 2", "bad 1", "bad 2", "bad 3")):
        right = rng.random() < 0.95 if name.startswith("good") else False
        rows.append((f"{x:03}", name, CLASSES[truth[x] if right else rng.integers(3)]))
    frame = pl.DataFrame(rows, schema=["image", "annotator", "label"], orient="row")
    given = votes(Log.build(frame, CLASSES))
    found = dawid_skene(given)
    quality = dict(zip(given.annotators, found.quality, strict=True))
    assert min(quality["good 1"], quality["good 2"]) > 0.9
    assert max(quality[f"bad {i}"] for i in (1, 2, 3)) < 0.5
    right = (found.labels.argmax(axis=1) == truth).mean()
    assert right > (vote_mean(given).argmax(axis=1) == truth).mean()


def test_a_distribution_is_one_vote_that_is_spread() -> None:
    frame = pl.DataFrame(
        {"image": ["a", "a"], "label": ["cat", None], "distribution": [None, [0.5, 0.5, 0.0]]}
    )
    given = votes(Log.build(frame.with_columns(annotator=pl.Series(["ann", "bob"])), CLASSES))
    assert vote_mean(given).tolist() == [[0.75, 0.25, 0.0]]
    counts = confusions(given, np.array([[1.0, 0.0, 0.0]]))
    assert counts[:, 0].tolist() == [[1, 0, 0], [0.5, 0.5, 0]]


def test_a_decision_is_no_answer_of_its_own() -> None:
    frame = pl.DataFrame(
        {"image": ["a"] * 3, "label": ["cat", "dog", "dog"], "kind": ["label", "label", "decide"]}
    )
    given = votes(Log.build(frame.with_columns(annotator=pl.Series(["ann", "bob", "eva"])), CLASSES))
    assert given.annotators == ("ann", "bob")


def test_bias_is_removed_from_what_people_answer_under_a_proposal() -> None:
    truth = np.array([[0.5, 0.4, 0.1]])
    counts = np.rint(biased(truth, np.array([1]), 0.4)[0] * 100_000).astype(int)
    said = np.repeat(np.eye(3), counts, axis=0)
    m = len(said)
    zero = np.zeros(m, dtype=np.int64)
    given = Votes(("a",), ("ann",), CLASSES, zero, zero, said, zero + 1)
    assert vote_mean(given)[0, 1] > 0.6
    np.testing.assert_allclose(bias_corrected(given, 0.4), truth, atol=1e-4)
    unasked = Votes(("a",), ("ann",), CLASSES, zero, zero, said, zero - 1)
    np.testing.assert_allclose(bias_corrected(unasked, 0.4), vote_mean(given))


def test_only_a_proposal_that_was_shown_is_one() -> None:
    frame = pl.DataFrame(
        {
            "image": list("abc"),
            "label": ["cat"] * 3,
            "proposal": ["owl", None, "owl"],
            "shown": [True, True, False],
        }
    )
    assert votes(Log.build(frame, CLASSES)).proposal.tolist() == [2, -1, -1]


def test_answers_under_other_proposals_are_corrected_apart() -> None:
    truth, shown = np.array([[0.5, 0.4, 0.1]]), np.array([0, 2, -1])
    shares = biased(np.repeat(truth, 3, axis=0), shown, 0.4)
    zero, weights = np.zeros(6, dtype=np.int64), [0, 0, 0, 1, 1, 2]
    given = Votes(("a",), ("ann",), CLASSES, zero, zero, shares[weights], shown[weights])
    np.testing.assert_allclose(bias_corrected(given, 0.4), truth)
    shares[2] = [0.0, 0.0, 1.0]
    given = Votes(("a",), ("ann",), CLASSES, zero, zero, shares[weights], shown[weights])
    np.testing.assert_allclose(bias_corrected(given, 0.4), [[2.5 / 6, 2.0 / 6, 1.5 / 6]])


def test_an_image_without_an_answer_has_no_label() -> None:
    zero = np.zeros(1, dtype=np.int64)
    given = Votes(("a", "b"), ("ann",), CLASSES, zero, zero, np.array([[0.0, 1.0, 0.0]]), zero - 1)
    for labels in (vote_mean(given), bias_corrected(given, 0.2), dawid_skene(given).labels):
        np.testing.assert_allclose(labels, np.array([[0, 1, 0], [np.nan] * 3]), atol=1e-9)


def test_agreement_with_the_others() -> None:
    rows = [
        ("a", "ann", "cat"),
        ("a", "bob", "cat"),
        ("a", "cleo", "dog"),
        ("b", "ann", "dog"),
        ("c", "dan", "cat"),
    ]
    given = votes(
        Log.build(pl.DataFrame(rows, schema=["image", "annotator", "label"], orient="row"), CLASSES)
    )
    np.testing.assert_allclose(with_others(given), [0.5, 0.5, 0.0, np.nan])


def test_agreement_of_two() -> None:
    frame = pl.DataFrame({"image": ["a", "a", "b"], "annotator": ["ann", "bob", "bob"], "label": ["cat"] * 3})
    np.testing.assert_allclose(with_others(votes(Log.build(frame, CLASSES))), [1.0, 1.0])


def test_nobody_answered() -> None:
    frame = pl.DataFrame({"image": ["a"], "label": [None], "kind": ["skip"]})
    with pytest.raises(ValueError, match="nobody"):
        dawid_skene(votes(Log.build(frame, CLASSES)))
