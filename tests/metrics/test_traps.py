"""What the made-up networks are said to be."""

import pytest

from s2c2.metrics.traps import constant_predictor, fewer_answers, singletons, traps


def test_where_nearly_all_is_common_the_honest_network_is_right_less_often() -> None:
    honest, constant = (trap.scores for trap in constant_predictor())
    assert (honest.images, honest.accuracy, constant.accuracy) == (1000, 0.905, 0.95)
    assert (honest.clusters, constant.clusters, constant.collapsed) == (2, 1, True)
    # every rare image is found, beside 95 common ones
    assert honest.macro_f1 == pytest.approx((2 * 855 / (855 + 950) + 2 * 50 / (145 + 50)) / 2)


def test_the_same_200_images_are_grouped_by_chance_and_not_at_all() -> None:
    grouped, alone = (trap.scores for trap in singletons())
    assert (grouped.clusters, alone.clusters) == (20, 200)
    assert (grouped.largest_cluster < 0.1, alone.smallest_cluster) == (True, 1)
    assert grouped.share_ambiguous == alone.share_ambiguous == 0.2
    # what is certain is right in both
    assert grouped.f1_certain == alone.f1_certain == grouped.f1_all == 1


def test_the_same_answers_are_better_where_half_of_them_are_not_given() -> None:
    always, half = (trap.scores for trap in fewer_answers())
    assert (always.images, always.share_ambiguous, half.share_ambiguous) == (1000, 0, 0.5)
    assert 0.5 < always.f1_all == half.f1_all < 0.9
    # people say one class each, all four alike
    assert always.share_disputed == 0
    assert always.largest_cluster < 0.3
    assert always.ece < 0.2  # how sure it is has a meaning


def test_six_networks_have_a_name_of_their_own() -> None:
    assert len({trap.name for trap in traps()}) == 6
