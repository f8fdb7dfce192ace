from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2c2.errors import UserError
from s2c2.predictions import Predictions
from s2c2.proposals import Proposal, frame, propose, read, write

CLASSES = ("cat", "dog", "cow")


def made(count: int, seed: int, heads: str = "both") -> Predictions:
    rng = np.random.default_rng(seed)
    return Predictions(
        classes=CLASSES,
        images=tuple(f"{i}.png" for i in rng.permutation(count)),
        splits=("unlabeled",) * count,
        probabilities=rng.dirichlet(np.ones(3), size=count).astype(np.float32),
        embeddings=rng.integers(-2, 3, size=(count, 2)).astype(np.float32),
        ambiguity=rng.random(count).astype(np.float32) if heads != "none" else None,
        clusters=rng.integers(0, 5, size=count).astype(np.int32) if heads == "both" else None,
        cluster_confidence=None,
    )


any_predictions = st.builds(
    made, st.integers(0, 40), st.integers(0, 10_000), st.sampled_from(["both", "ambiguity", "none"])
)


@given(any_predictions)
def test_each_image_is_proposed_exactly_once(predictions: Predictions) -> None:
    proposed = [image for proposal in propose(predictions) for image in proposal.images]
    assert sorted(proposed) == sorted(predictions.images)


def test_without_embeddings_nothing_is_proposed(tmp_path: Path) -> None:
    made(20, 0).write(tmp_path / "p.csv")
    with pytest.raises(UserError, match="a CSV has none: read them from Parquet"):
        propose(Predictions.read(tmp_path / "p.csv"))
    made(0, 0).write(tmp_path / "p.csv")
    assert propose(Predictions.read(tmp_path / "p.csv")) == ()


@given(any_predictions)
def test_groups_are_the_classes_of_certain_and_the_clusters_of_ambiguous_images(
    predictions: Predictions,
) -> None:
    found = {image: proposal for proposal in propose(predictions) for image in proposal.images}
    for i, image in enumerate(predictions.images):
        proposal, predicted = found[image], int(predictions.probabilities[i].argmax())
        if predictions.ambiguity is not None and predictions.ambiguity[i] >= 0.5:
            number = predicted if predictions.clusters is None else int(predictions.clusters[i])
            assert (proposal.kind, proposal.group) == ("cluster", f"cluster-{number}")
            assert proposal.name == f"cluster {number}"
        else:
            assert (proposal.kind, proposal.group) == ("class", f"class-{predicted}")
            assert proposal.name == CLASSES[predicted]
    groups = [proposal.group for proposal in propose(predictions)]
    assert len(groups) == len(set(groups))


@given(any_predictions)
def test_each_group_equals_the_naive_loop(predictions: Predictions) -> None:
    row = {image: i for i, image in enumerate(predictions.images)}
    everything = predictions.embeddings.astype(np.float64)
    spread = np.mean([sum((x - everything.mean(axis=0)) ** 2) for x in everything]) if len(row) else 0
    for proposal in propose(predictions, extremes=2):
        rows = [row[image] for image in proposal.images]
        points = [everything[i] for i in rows]
        centre = sum(points) / len(points)
        distances = [float(np.sqrt(sum((point - centre) ** 2))) for point in points]
        np.testing.assert_allclose(proposal.distances, distances, atol=1e-6)
        assert distances == pytest.approx(sorted(distances))
        np.testing.assert_allclose(
            proposal.distribution, np.mean([predictions.probabilities[i] for i in rows], axis=0), atol=1e-6
        )
        assert proposal.suggestion == CLASSES[int(proposal.distribution.argmax())]
        assert len(proposal) == len(rows)
        if predictions.ambiguity is None:
            assert np.isnan(proposal.ambiguity)
        else:
            assert proposal.ambiguity == pytest.approx(np.mean([predictions.ambiguity[i] for i in rows]))
        if len(rows) == 1:
            assert proposal.coherence == 0
        elif spread > 0:
            inside = sum(d * d for d in distances) / (len(rows) - 1)
            assert proposal.coherence == pytest.approx(max(0, 1 - inside / spread), abs=1e-9)
        assert 0 <= proposal.coherence <= 1
        count = min(2, len(rows) // 3)
        assert proposal.extreme.tolist() == [False] * (len(rows) - count) + [True] * count


@given(any_predictions)
def test_typicality_falls_from_the_centre_outwards(predictions: Predictions) -> None:
    for proposal in propose(predictions):
        assert (np.diff(proposal.typicality) <= 0).all()
        assert 0 <= proposal.typicality.min() <= proposal.typicality.max() <= 1
        if proposal.distances.max() > 0:
            assert proposal.typicality[-1] == 0


@given(any_predictions)
def test_what_settles_most_images_comes_first(predictions: Predictions) -> None:
    def place(proposal: Proposal) -> tuple[float, str, int]:
        kind, number = proposal.group.split("-")
        return (-len(proposal) * proposal.coherence, kind, int(number))

    found = propose(predictions)
    assert list(found) == sorted(found, key=place)  # "class" sorts before "cluster"


@given(any_predictions, st.integers(0, 99))
def test_the_order_of_images_changes_no_group(predictions: Predictions, seed: int) -> None:
    moved = predictions.take(np.random.default_rng(seed).permutation(len(predictions)))
    for proposal in propose(predictions):
        (other,) = [candidate for candidate in propose(moved) if candidate.group == proposal.group]
        assert set(other.images) == set(proposal.images)
        np.testing.assert_allclose(other.distances, proposal.distances, atol=1e-6)
        assert other.coherence == pytest.approx(proposal.coherence, abs=1e-9)


def test_equal_images_are_fully_coherent_and_keep_their_order() -> None:
    predictions = Predictions(
        classes=("cat",),
        images=("c", "a", "b"),
        splits=("",) * 3,
        probabilities=np.ones((3, 1), dtype=np.float32),
        embeddings=np.full((3, 2), 0.1, dtype=np.float32),
    )
    (proposal,) = propose(predictions)
    assert proposal.coherence == 1
    assert proposal.images == ("c", "a", "b")
    assert proposal.distances.tolist() == [0, 0, 0]
    assert proposal.typicality.tolist() == [1, 1, 1]


def test_the_table_has_one_row_an_image() -> None:
    predictions = made(30, 0)
    table = frame(propose(predictions))
    assert sorted(table["image"]) == sorted(predictions.images)
    for proposal in propose(predictions):
        rows = table.filter(pl.col("group") == proposal.group)
        assert rows["image"].to_list() == list(proposal.images)
        assert rows["rank"].to_list() == list(range(len(proposal)))
        assert set(rows["size"]) == {len(proposal)}
        assert set(rows["suggestion"]) == {proposal.suggestion}
        assert rows["typicality"].to_list() == pytest.approx(proposal.typicality.tolist())
        for row in rows["distribution"].to_list():
            assert row == proposal.distribution.tolist()
    assert table["group"].unique(maintain_order=True).to_list() == [p.group for p in propose(predictions)]


@settings(max_examples=30)
@given(predictions=any_predictions)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, predictions: Predictions) -> None:
    path = tmp_path_factory.mktemp("run") / "proposals.parquet"
    proposals = propose(predictions)
    write(proposals, path)
    again = read(path)
    assert len(again) == len(proposals)
    for ours, theirs in zip(proposals, again, strict=True):
        for field in fields(Proposal):
            np.testing.assert_equal(getattr(theirs, field.name), getattr(ours, field.name))
    assert [entry.name for entry in path.parent.iterdir()] == ["proposals.parquet"]


def test_the_table_of_nothing_has_the_same_columns() -> None:
    assert frame(()).columns == frame(propose(made(5, 0))).columns


def test_files_that_are_no_proposals(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="s2c2 propose"):
        read(tmp_path / "proposals.parquet")
    (tmp_path / "text").write_text("no table")
    pl.DataFrame({"image": ["a"]}).write_parquet(tmp_path / "other")
    pl.DataFrame({"image": ["a"]}).write_parquet(tmp_path / "columns", metadata={"classes": '["cat"]'})
    for name in ("text", "other", "columns"):
        with pytest.raises(UserError, match="not a proposals file"):
            read(tmp_path / name)


def test_many_images_take_seconds_at_most() -> None:
    # A loop over pairs, or one over all images for each group, would not end within the time limit of a test.
    predictions = made(100_000, 0)
    assert sum(len(proposal) for proposal in propose(predictions)) == 100_000
