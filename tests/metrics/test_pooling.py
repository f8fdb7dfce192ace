import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.metrics.pooling import CONCENTRATIONS, TOWARDS, WEIGHTS, likelihood, of_others, pooled


def made(seed: int, images: int = 12, classes: int = 3) -> tuple[np.ndarray, ...]:
    """Answers, a network, its classes and groups, all made up."""
    rng = np.random.default_rng(seed)
    network = rng.dirichlet(np.ones(classes), images)
    answers = rng.multinomial(3, network).astype(float) * (rng.random((images, 1)) < 0.8)
    predicted = network.argmax(axis=1)
    return answers, network, predicted, predicted + classes * rng.integers(0, 2, images)


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=4),
    st.floats(0.25, 64),
    st.integers(0, 1000),
)
@settings(max_examples=50)
def test_the_likelihood_is_that_of_an_urn(counts: list[int], concentration: float, seed: int) -> None:
    """Pólya's urn: each answer has the chance of its class by what is expected and what was said before."""
    mean = np.random.default_rng(seed).dirichlet(np.full(len(counts), 2.0))
    seen, expected = [0] * len(counts), 0.0
    for j, count in enumerate(counts):
        for _ in range(count):
            expected += math.log((concentration * mean[j] + seen[j]) / (concentration + sum(seen)))
            seen[j] += 1
    found = likelihood(np.array([counts], dtype=float), mean[None], concentration)
    assert found == pytest.approx(expected, abs=1e-8, rel=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_the_mean_of_the_others_image_by_image(seed: int) -> None:
    answers, _, _, groups = made(seed)
    towards = np.random.default_rng(seed).dirichlet(np.ones(3), len(answers))
    found, alone = of_others(answers, groups, towards), of_others(answers)
    for i in range(len(answers)):
        others = [j for j in range(len(answers)) if j != i and groups[j] == groups[i]]
        sums = sum((answers[j] for j in others), np.zeros(3))
        np.testing.assert_allclose(found[i], (sums + TOWARDS * towards[i]) / (sums.sum() + TOWARDS))
        rest = np.delete(answers, i, axis=0).sum(axis=0)
        np.testing.assert_allclose(alone[i], (rest + TOWARDS / 3) / (rest.sum() + TOWARDS))


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_labels_are_distributions_in_any_order_of_images_and_classes(seed: int) -> None:
    answers, network, predicted, groups = made(seed)
    found = pooled(answers, network, predicted, groups)
    np.testing.assert_allclose(found.labels.sum(axis=1), 1)
    assert (found.labels > 0).all()
    assert found.weight in WEIGHTS
    order = np.random.default_rng(seed).permutation(len(answers))
    moved = pooled(answers[order], network[order], predicted[order], groups[order])
    np.testing.assert_allclose(moved.labels, found.labels[order])
    renamed = pooled(answers[:, ::-1], network[:, ::-1], 2 - predicted, groups)
    np.testing.assert_allclose(renamed.labels, found.labels[:, ::-1])


def test_the_equation_where_the_network_alone_knows() -> None:
    """Answers drawn around a network, groups that say nothing: the label is (v + c p) / (n + c)."""
    rng = np.random.default_rng(0)
    network = rng.dirichlet(np.full(3, 0.3), 4000)
    answers = np.stack([rng.multinomial(4, rng.dirichlet(4 * p + 1e-9)) for p in network]).astype(float)
    nothing = np.arange(4000)
    found = pooled(answers, network, np.zeros(4000, dtype=int), nothing)
    assert found.weight == 1
    assert found.concentration == pytest.approx(4, rel=0.2)
    told = np.maximum(network, 1e-6)
    told /= told.sum(axis=1, keepdims=True)
    expected = (answers + found.concentration * told) / (4 + found.concentration)
    np.testing.assert_allclose(found.labels, expected)


@pytest.mark.parametrize("seed", range(3))
def test_what_one_more_answer_tells_is_the_mean_over_what_it_may_be(seed: int) -> None:
    found = pooled(*made(seed))
    answers = made(seed)[0]
    for i, label in enumerate(found.labels):
        total = answers[i].sum() + found.concentration
        assert found.error[i] == pytest.approx(sum(p * (1 - p) for p in label) / (total + 1))
        after = 0.0
        for j, chance in enumerate(label):
            more = label * total + np.eye(3)[j]
            more /= total + 1
            after += chance * sum(p * (1 - p) for p in more) / (total + 2)
        assert found.gain[i] == pytest.approx(found.error[i] - after)


def test_the_expected_error_is_that_of_labels_drawn_from_the_model() -> None:
    rng = np.random.default_rng(0)
    network = rng.dirichlet(np.ones(3), 5000)
    truth = np.stack([rng.dirichlet(3 * p + 1e-9) for p in network])
    answers = np.stack([rng.multinomial(3, p) for p in truth]).astype(float)
    found = pooled(answers, network, np.zeros(5000, dtype=int), np.arange(5000))
    assert np.square(truth - found.labels).sum(axis=1).mean() == pytest.approx(found.error.mean(), rel=0.1)


def test_groups_are_believed_where_the_network_is_wrong() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 5, 1000)
    means = rng.dirichlet(np.full(4, 0.5), 5)
    answers = rng.multinomial(2, means[groups]).astype(float)
    wrong = rng.dirichlet(np.full(4, 0.1), 1000)
    found = pooled(answers, wrong, wrong.argmax(axis=1), groups)
    assert found.weight == 0
    assert np.abs(found.labels - means[groups]).mean() < 0.03
    assert np.abs(answers / 2 - means[groups]).mean() > 0.1


def test_who_was_asked_nothing_gets_what_is_known_beforehand() -> None:
    answers = np.array([[3.0, 0.0], [3.0, 0.0], [0.0, 3.0], [0.0, 3.0], [0.0, 0.0]])
    network = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.9, 0.1]])
    predicted = network.argmax(axis=1)
    found = pooled(answers, network, predicted, predicted)
    assert found.labels[4, 0] > 0.8
    assert found.labels[0, 0] > found.labels[4, 0]


def test_spread_answers_are_no_sample_of_classes() -> None:
    """People who each say how they divide seem to agree: what is known is learned from the other answers."""
    rng = np.random.default_rng(0)
    network = rng.dirichlet(np.ones(3), 400)
    truth = np.stack([rng.dirichlet(2 * p + 1e-9) for p in network])
    spread = np.arange(400) < 200
    answers = np.where(spread[:, None], 2 * truth, np.stack([rng.multinomial(2, p) for p in truth]))
    zeros, apart = np.zeros(400, dtype=int), np.arange(400)
    found = pooled(answers, network, zeros, apart, ~spread)
    wrong = pooled(answers, network, zeros, apart)
    assert found.concentration < 8 < wrong.concentration
    ours, theirs = (np.square(one.labels - truth)[spread].sum(axis=1).mean() for one in (found, wrong))
    assert ours < theirs
    alone = pooled(answers, network, zeros, apart, np.zeros(400, dtype=bool))
    assert (alone.concentration, alone.weight) == (0.5, 0.5)


def beside(network: np.ndarray) -> tuple[np.ndarray, ...]:
    """A network, its classes and groups, with an image more."""
    more = np.vstack([network, network[:1]])
    return more, more.argmax(axis=1), more.argmax(axis=1)


def test_choices_of_the_concentration_are_a_factor_of_root_two_apart() -> None:
    np.testing.assert_allclose(CONCENTRATIONS, [0.25 * 2 ** (i / 2) for i in range(17)])


def test_with_one_answer_an_image_what_is_known_counts_as_half_of_one() -> None:
    answers = np.eye(2)[[0, 0, 1]]
    network = np.array([[0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    found = pooled(answers, network, network.argmax(axis=1), network.argmax(axis=1))
    assert found.concentration == 0.5
    unasked = pooled(np.vstack([answers, np.zeros((1, 2))]), *beside(network))
    assert unasked.concentration == 0.5
    assert (found.labels.argmax(axis=1) == answers.argmax(axis=1)).all()


def test_a_network_that_rules_a_class_out_is_not_taken_at_its_word() -> None:
    answers = np.array([[2.0, 0.0], [0.0, 2.0]])
    sure = np.array([[1.0, 0.0], [1.0, 0.0]])
    found = pooled(answers, sure, np.array([0, 0]), np.array([0, 0]))
    assert np.isfinite(found.labels).all()
    assert found.labels[1, 1] > 0.5


def test_parts_of_answers_count_as_parts() -> None:
    """Half an answer each for two classes lies between the two."""
    network = np.full((3, 2), 0.5)
    same = np.zeros(3, dtype=int)
    found = pooled(np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), network, same, same)
    half = pooled(np.array([[2.0, 0.0], [1.5, 0.5], [0.0, 2.0]]), network, same, same)
    assert found.labels[1, 0] < half.labels[1, 0] < half.labels[0, 0]
