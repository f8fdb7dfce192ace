import numpy as np
import polars as pl
import pytest

from s2c2.data.annotations import Annotations
from s2c2.errors import UserError
from s2c2.metrics.consistency import study
from s2c2.predictions import Predictions
from s2c2.simulation import (
    KINDS,
    Costs,
    Crowd,
    Shown,
    class_proposals,
    compared,
    draw,
    group_proposals,
    no_proposals,
    seconds,
    simulate,
)

CLASSES = ("a", "b")


def known(shares: list[int]) -> tuple[Annotations, tuple[str, ...]]:
    """Return images with the given number of 100 votes for class a."""
    images = tuple(f"{i:04d}.png" for i in range(len(shares)))
    rows = [
        (image, label, votes)
        for image, share in zip(images, shares, strict=True)
        for label, votes in (("a", share), ("b", 100 - share))
        if votes
    ]
    frame = pl.DataFrame(rows, schema=["image", "label", "votes"], orient="row")
    return Annotations.build(frame, CLASSES), images


def predictions() -> Predictions:
    """Four certain images, two clusters of ambiguous ones, and an ambiguous one alone."""
    rng = np.random.default_rng(0)
    first = np.array([0.9, 0.8, 0.2, 0.1, 0.7, 0.9, 0.4, 0.1, 0.2, 0.6], dtype=np.float32)
    return Predictions(
        CLASSES,
        tuple(f"{i}.png" for i in range(10)),
        ("validation",) * 10,
        np.stack([first, 1 - first], axis=1),
        rng.normal(size=(10, 3)).astype(np.float32),
        np.array([0.1] * 4 + [0.9] * 6, dtype=np.float32),
        np.array([0, 0, 0, 0, 3, 3, 3, 5, 5, 7], dtype=np.int32),
        np.ones(10, dtype=np.float32),
    )


def test_drawn_classes_have_the_given_shares_and_none_is_impossible() -> None:
    distribution = np.tile([0.0, 0.7, 0.0, 0.3, 0.0], (20_000, 1))
    found = np.bincount(draw(distribution, np.random.default_rng(0)), minlength=5)
    assert found[[0, 2, 4]].sum() == 0
    assert found[1] / 20_000 == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / 20_000))


def test_what_each_arm_shows() -> None:
    said = predictions()
    assert (no_proposals(said).classes == -1).all()
    plain = class_proposals(said)
    assert plain.classes.tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 1, 0]
    assert (plain.groups == -1).all()
    grouped = group_proposals(said)
    assert grouped.classes.tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1, 0]  # image 6 is a misfit of its cluster
    assert grouped.groups[[0, 1, 2, 3, 9]].tolist() == [-1] * 5
    assert len(set(grouped.groups[4:7])) == len(set(grouped.groups[7:9])) == 1
    assert len(set(grouped.groups[4:9])) == 2
    vanilla = Predictions(CLASSES, said.images, said.splits, said.probabilities, said.embeddings)
    assert group_proposals(vanilla).classes.tolist() == plain.classes.tolist()
    assert (group_proposals(vanilla).groups == -1).all()


def test_all_groups_are_settled_at_once_as_in_the_app() -> None:
    said = predictions()
    every = group_proposals(said, KINDS)
    assert every.classes.tolist() == group_proposals(said).classes.tolist()
    assert every.groups[9] == -1  # alone in its cluster
    members = [np.flatnonzero(every.groups == group).tolist() for group in np.unique(every.groups[:9])]
    assert sorted(members) == [[0, 1], [2, 3], [4, 5, 6], [7, 8]]
    vanilla = Predictions(CLASSES, said.images, said.splits, said.probabilities, said.embeddings)
    arms = compared(said, vanilla)
    assert list(arms) == ["none", "vanilla", "s2c2", "vanilla-groups", "s2c2-groups"]
    assert len(np.unique(arms["vanilla-groups"].groups)) == 2
    assert (arms["vanilla-groups"].groups >= 0).all()


def test_time_by_hand() -> None:
    costs = Costs(alone=5.0, accepted=1.0, corrected=7.0, group=6.0, member=0.5)
    shown = Shown(np.array([-1, 0, 0, 1, 1, 1]), np.array([-1, -1, -1, 4, 4, 4]))
    fits = np.array([False, True, False, True, True, False])
    assert seconds(shown, fits, costs).tolist() == [5, 1, 7, 2.5, 2.5, 9.5]
    assert seconds(shown, fits, costs)[3:].sum() == costs.group + 3 * costs.member + costs.corrected


@pytest.mark.parametrize("offset", [0.0, 0.2, 0.65])
def test_acceptance_is_that_of_the_closed_form(offset: float) -> None:
    truth, images = known([100, 50, 0, 80] * 500)
    shown = Shown(np.zeros(2000, dtype=np.int64), np.full(2000, -1))
    log = simulate(truth, images, {"shown": shown}, Crowd(annotators=4, offset=offset))
    expected = np.mean([offset + (0.99 - offset) * share for share in (1.0, 0.5, 0.0, 0.8)])
    accepted = (log["label"] == log["proposal"]).mean()
    assert accepted == pytest.approx(expected, abs=4 * np.sqrt(0.25 / len(log)))


def test_a_log_has_every_answer_and_follows_its_seed() -> None:
    truth, images = known([70] * 40)
    arms = {"none": Shown(np.full(40, -1), np.full(40, -1))}
    crowd = Crowd(annotators=3, rounds=2)
    log = simulate(truth, images, arms, crowd)
    assert len(log) == 3 * 2 * 40
    assert log.select("image", "annotator", "round").is_unique().all()
    assert log["proposal"].null_count() == len(log)
    assert log.equals(simulate(truth, images, arms, crowd))
    assert not log.equals(simulate(truth, images, arms, crowd, seed=1))
    turns = log.partition_by("annotator", "round")
    assert len({tuple(turn["label"]) for turn in turns}) == 6


def test_agreement_rises_while_labels_get_worse() -> None:
    """Wrong proposals that people follow: everybody agrees on what is wrong.

    l = (0.6, 0.4) or (0.4, 0.6), always the rarer class is proposed, δ = 0.8: accepted with
    A = 0.8 + 0.19 · 0.4 = 0.876. Two independent answers agree with A² + (1 − A)², by chance with 1/2.
    """
    truth, images = known([60, 40] * 1000)
    wrong = Shown(np.array([1, 0] * 1000), np.full(2000, -1))
    nothing = Shown(np.full(2000, -1), np.full(2000, -1))
    log = simulate(truth, images, {"none": nothing, "wrong": wrong}, Crowd(annotators=10, offset=0.8))
    none, shown = study(log, truth, repeats=20)
    assert none.inter.value == pytest.approx(2 * (0.6**2 + 0.4**2) - 1, abs=0.02)
    assert shown.inter.value == pytest.approx(2 * (0.876**2 + 0.124**2) - 1, abs=0.02)
    assert shown.inter.interval.low > none.inter.interval.high
    assert shown.intra.interval.low > none.intra.interval.high
    assert shown.minutes < none.minutes
    assert shown.kl > 0.5 > 0.1 > none.kl
    assert shown.offset == pytest.approx(0.8, abs=0.02)
    # Twenty votes are too few to undo a δ of 0.8 image by image; class means help.
    assert shown.kl_unbiased > shown.kl > 3 * shown.kl_blended


def test_many_votes_undo_the_bias() -> None:
    truth, images = known([60, 40] * 50)
    wrong = Shown(np.array([1, 0] * 50), np.full(100, -1))
    nothing = Shown(np.full(100, -1), np.full(100, -1))
    log = simulate(truth, images, {"none": nothing, "wrong": wrong}, Crowd(60, 1, offset=0.5))
    _, shown = study(log, truth, repeats=1)
    assert shown.kl > 0.15
    assert shown.kl_unbiased < shown.kl / 3


def test_impossible_crowds_are_refused() -> None:
    with pytest.raises(UserError, match="acceptance offset 1"):
        Crowd(offset=1.0)
    with pytest.raises(UserError, match="at least one annotator"):
        Crowd(annotators=0)
