import json
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from s2c2.errors import UserError
from s2c2.files import finite
from s2c2.metrics.captions import CAPTIONS
from s2c2.metrics.scores import Scores, evaluate
from s2c2.predictions import Predictions

RUN = Predictions(
    classes=("cat", "dog"),
    images=tuple("abcdef"),
    splits=("validation",) * 6,
    probabilities=np.array(
        [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.5, 0.5], [0.2, 0.8]], dtype=np.float32
    ),
    embeddings=np.zeros((6, 1), dtype=np.float32),
    ambiguity=np.array([0.1, 0.2, 0.3, 0.5, 0.9, 0.7], dtype=np.float32),
    clusters=np.array([0, 1, 0, 4, 4, 2], dtype=np.int32),
    cluster_confidence=np.ones(6, dtype=np.float32),
)
PEOPLE = np.array([[1.0, 0.0], [0.0, 1.0], [0.02, 0.98], [1.0, 0.0], [0.5, 0.5], [0.4, 0.6]])
VANILLA = replace(RUN, ambiguity=None, clusters=None, cluster_confidence=None)


def test_a_run_scored_by_hand() -> None:
    scores = evaluate(RUN, PEOPLE)
    assert (scores.images, scores.left_out) == (6, 0)
    assert scores.share_ambiguous == 0.5
    assert scores.share_disputed == pytest.approx(2 / 6)
    # certain: a, b, c with targets 0 1 1 and predictions 0 0 1: each class has F1 2/3
    assert scores.f1_certain == pytest.approx(2 / 3)
    # targets 0 1 1 0 0 1, predictions 0 0 1 0 0 1: F1 of cat 6/7, of dog 4/5
    assert scores.f1_all == pytest.approx((6 / 7 + 4 / 5) / 2)
    assert scores.accuracy == pytest.approx(5 / 6)
    # clusters {d, e} and {f}: d and e lie at (±.25, ∓.25) from their centre, f alone
    spread = 0.25 * 2**0.5
    assert scores.distance == pytest.approx(spread / 2)
    assert scores.distance_size == pytest.approx(spread * 2 / 3)
    assert scores.score == pytest.approx(spread / 2 - 2 / 3)
    assert (scores.clusters, scores.smallest_cluster) == (2, 1)
    assert scores.largest_cluster == pytest.approx(2 / 3)
    assert scores.purity == 1
    assert scores.detector == "p_a"
    # disputed e, f against a–d: both score higher than all others
    assert scores.auroc == 1
    # strictly also c (0.3): loses only to d (0.5) of a, b, d
    assert scores.auroc_strict == pytest.approx(8 / 9)
    assert not scores.degenerate
    assert not scores.collapsed
    assert scores.reasons == ()


def test_vanilla_counts_all_images_as_certain() -> None:
    scores = evaluate(VANILLA, PEOPLE)
    target = PEOPLE.argmax(axis=1)
    assert scores.share_ambiguous == 0
    assert scores.f1_certain == scores.f1_all
    assert scores.f1_all == pytest.approx(f1_score(target, RUN.predicted, average="weighted"))
    assert scores.macro_f1 == pytest.approx(f1_score(target, RUN.predicted, average="macro"))
    # classes cat {a, b, d, e} and dog {c, f} over all images
    cat, dog = PEOPLE[[0, 1, 3, 4]], PEOPLE[[2, 5]]
    distances = [np.linalg.norm(rows - rows.mean(axis=0), axis=1).mean() for rows in (cat, dog)]
    assert scores.distance == pytest.approx(np.mean(distances))
    assert scores.clusters == 2
    assert scores.detector == "1 - max p"
    doubt = 1 - RUN.probabilities.max(axis=1)
    truth = PEOPLE.max(axis=1) < 0.97
    assert scores.auroc == pytest.approx(roc_auc_score(truth, doubt))
    assert scores.average_precision == pytest.approx(average_precision_score(truth, doubt))
    assert not scores.degenerate


def test_unannotated_images_change_nothing_but_their_count() -> None:
    more = np.vstack([PEOPLE, np.full((1, 2), np.nan)])
    longer = RUN.take(np.array([0, 1, 2, 3, 4, 5, 0]))
    assert replace(evaluate(longer, more), left_out=0) == evaluate(RUN, PEOPLE)
    assert evaluate(longer, more).left_out == 1


def test_the_order_of_images_changes_nothing() -> None:
    order = np.array([3, 0, 5, 1, 4, 2])
    moved, scores = evaluate(RUN.take(order), PEOPLE[order]), evaluate(RUN, PEOPLE)
    for name, value in scores.as_dict().items():
        assert getattr(moved, name) == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(("level", "images"), [(0.0, "0.0%"), (1.0, "100.0%")])
def test_all_certain_or_all_ambiguous_is_degenerate_and_undefined_scores_are_nan(
    level: float, images: str
) -> None:
    scores = evaluate(replace(RUN, ambiguity=np.full(6, level, dtype=np.float32)), PEOPLE)
    assert scores.degenerate
    assert images in scores.reasons[0]
    assert np.isnan(scores.score)
    assert np.isnan(scores.distance if level == 0 else scores.f1_certain)
    assert np.isnan(scores.spearman)
    assert scores.auroc == 0.5


def test_either_collapse_is_one() -> None:
    sure = np.tile(np.array([[0.9, 0.1]], dtype=np.float32), (6, 1))
    assert evaluate(replace(RUN, probabilities=sure), PEOPLE).collapsed is True
    assert evaluate(replace(RUN, clusters=np.full(6, 3, dtype=np.int32)), PEOPLE).collapsed is True


def test_collapse_is_named() -> None:
    sure = np.tile(np.array([[0.9, 0.1]], dtype=np.float32), (6, 1))
    run = replace(RUN, probabilities=sure, clusters=np.full(6, 3, dtype=np.int32))
    scores = evaluate(run, PEOPLE)
    assert scores.collapsed
    assert not scores.degenerate
    assert scores.reasons == (
        "all images get the same class",
        "one cluster holds more than 90 % of the ambiguous images",
    )


def test_a_cluster_head_without_an_ambiguity_head_is_plain() -> None:
    scores = evaluate(replace(RUN, ambiguity=None), PEOPLE)
    assert scores == evaluate(VANILLA, PEOPLE)


def test_an_ambiguity_head_without_clusters_groups_by_class() -> None:
    scores = evaluate(replace(RUN, clusters=None), PEOPLE)
    assert scores.clusters == 2  # d and e are cat, f is dog
    assert scores.distance == pytest.approx(0.25 * 2**0.5 / 2)


def test_scores_are_plain_json_values() -> None:
    for run in (RUN, VANILLA):
        values = evaluate(run, PEOPLE).as_dict()
        again = json.loads(json.dumps(finite(values)))
        assert list(again) == [field.name for field in fields(Scores)]
        for name, value in values.items():
            assert type(value) in (int, float, bool, str, tuple), name


def test_each_score_has_a_caption() -> None:
    assert set(CAPTIONS) == {field.name for field in fields(Scores)} - {"reasons"}
    rows = evaluate(RUN, PEOPLE).rows()
    assert [caption.name for caption, _ in rows][:3] == ["images", "left out", "ambiguous (predicted)"]
    assert all(caption.text.endswith(".") for caption in CAPTIONS.values())


def test_errors_meet_people() -> None:
    with pytest.raises(UserError, match="none of these 6 images is annotated"):
        evaluate(RUN, np.full((6, 2), np.nan))
    with pytest.raises(UserError, match="shape"):
        evaluate(RUN, PEOPLE[:3])


def test_no_torch() -> None:
    modules = "s2c2.metrics.scores, s2c2.metrics.agreement, s2c2.proposals"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
