import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from s2c2 import checkpoint
from s2c2 import config as configuration
from s2c2.algorithms import FixMatch, MeanTeacher, PseudoLabel
from s2c2.data import splits
from s2c2.data.annotations import Annotations
from s2c2.data.dataset import Dataset
from s2c2.data.splits import SplitSizes, resolve
from s2c2.data.synthetic import synthetic
from s2c2.errors import UserError
from s2c2.experiments.callbacks import Callbacks
from s2c2.experiments.remarks import idle, unequal, unheeded
from s2c2.experiments.run import run
from s2c2.experiments.saved import load_run, unfetched
from s2c2.experiments.setup import dissent, setup, sizes
from s2c2.objectives import S2C2, Vanilla

DEVICE = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic(tmp_path_factory.mktemp("data") / "small", images=160, seed=0, size=16)


def config(**values: object) -> configuration.Config:
    return configuration.resolve(configuration.merged(configuration.preset("cpu"), values))


def test_labeled_images_are_unlabeled_ones_too(dataset: Dataset) -> None:
    both = setup(dataset, config(), DEVICE)
    apart = setup(dataset, config(data={"labeled_as_unlabeled": False}), DEVICE)
    assert set(both.batches.unlabeled) == set(both.batches.labeled) | set(apart.batches.unlabeled)
    assert not set(apart.batches.unlabeled) & set(apart.batches.labeled)


def test_unlabeled_images_are_in_the_order_of_the_pack_where_they_are_read_by_blocks(
    dataset: Dataset,
) -> None:
    plain, blocks = setup(dataset, config(), DEVICE), setup(dataset, config(data={"block": 8}), DEVICE)
    assert blocks.batches.unlabeled.tolist() == sorted(plain.batches.unlabeled.tolist())
    assert (plain.batches.block, blocks.batches.block) == (None, 8)


def test_validation_images_are_never_trained_on(dataset: Dataset) -> None:
    ready = setup(dataset, config(), DEVICE)
    row = {image: number for number, image in enumerate(ready.pack.images)}
    held = {row[image] for image in ready.splits.validation}
    assert held
    assert not held & {*ready.batches.unlabeled.tolist(), *ready.batches.labeled.tolist()}


def test_the_seed_decides_weights_splits_and_labels(dataset: Dataset) -> None:
    first, again, other = (setup(dataset, config(seed=seed), DEVICE) for seed in (0, 0, 1))
    states = [ready.training.network.state_dict() for ready in (first, again, other)]
    weights = [state["heads.classes.weight"] for state in states]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert first.splits == again.splits != other.splits
    np.testing.assert_array_equal(first.labels, again.labels)


def test_the_extended_network_starts_from_the_plain_ones_weights(dataset: Dataset) -> None:
    extended, plain = (
        setup(dataset, config(objective={"name": name}), DEVICE) for name in ("s2c2", "vanilla")
    )
    ours, theirs = (ready.training.network.state_dict() for ready in (extended, plain))
    assert set(ours) - set(theirs) == {
        f"heads.{n}.{t}" for n in ("clusters", "ambiguity") for t in ("weight", "bias")
    }
    backbone = [name for name in theirs if name.startswith(("backbone", "heads.classes"))]
    assert all(torch.equal(ours[name], theirs[name]) for name in backbone)


def test_classes_weigh_by_the_labeled_images_only(dataset: Dataset) -> None:
    ready = setup(dataset, config(), DEVICE)
    counts = np.bincount(ready.labels, minlength=len(dataset.classes))
    weights = ready.objective.class_weights  # type: ignore[attr-defined]
    np.testing.assert_allclose(weights, len(ready.labels) / (len(counts) * counts), rtol=1e-5)


def test_soft_labels_are_the_mean_of_the_annotations(dataset: Dataset) -> None:
    ready = setup(dataset, config(data={"labels": "soft"}), DEVICE)
    soft = dataset.annotations.soft_labels(ready.splits.labeled)
    np.testing.assert_allclose(ready.batches.labels, soft, rtol=1e-6)


def test_disputed_images_are_left_out_of_every_split(dataset: Dataset) -> None:
    ready = setup(dataset, config(data={"disputed": "remove", "tolerance": 0.15}), DEVICE)
    soft = dataset.annotations.soft_labels(dataset.images).max(axis=1)
    agreed = {image for image, top in zip(dataset.images, soft, strict=True) if top >= 0.85}
    assert set(ready.splits.of()) == agreed
    assert 0 < len(agreed) < len(dataset.images)


def test_a_preset_shrinks_with_the_images_that_are_left(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset
) -> None:
    sizes = SplitSizes(32, 96, 32, 0)
    monkeypatch.setattr(splits, "PRESETS", {"small": sizes})
    every = setup(dataset, config(data={"split": "small"}), DEVICE).splits
    left = setup(dataset, config(data={"split": "small", "disputed": "remove"}), DEVICE).splits
    assert len(every.labeled) == len(every.validation) == 32
    assert 0 < len(left.labeled) == len(left.validation) < 32
    assert len(left.unlabeled) >= 3 * len(left.labeled)


@pytest.mark.parametrize(
    ("labeled", "validation"), [(0.33, 0.33), (0.3525, 0.3525), (0.5, 0.5), (0.16, 0.21)]
)
@pytest.mark.parametrize("images", [13, 101, 103, 200, 999])
def test_shares_use_every_image_once(labeled: float, validation: float, images: int) -> None:
    found = sizes(config(data={"labeled": labeled, "validation": validation}), images)
    assert found is not None
    assert sum(resolve(found, np.zeros(images, dtype=np.int64)).values()) == images


def test_more_than_there_are_is_refused() -> None:
    for data in ({"labeled": 0.9, "validation": 0.5}, {"labeled": 60, "validation": 50}):
        found = sizes(config(data=data), 100)
        assert found is not None
        with pytest.raises(UserError, match="there are 100"):
            resolve(found, np.zeros(100, dtype=np.int64))


def test_no_image_that_people_agree_on_is_one_clear_error(dataset: Dataset) -> None:
    counts = dataset.annotations.table.with_columns(votes=1)
    split = dataset.annotations.build(
        pl.concat([counts.with_columns(label=pl.lit(name)) for name in dataset.classes[:2]]), dataset.classes
    )
    with pytest.raises(UserError, match=r"data\.disputed=remove leaves no image"):
        setup(dataset.with_annotations(split), config(data={"disputed": "remove"}), DEVICE)


def test_views_are_configured(dataset: Dataset) -> None:
    still = {"flip": False, "shift": 0.0, "operations": 0, "cutout": 0.0}
    ready = setup(dataset, config(views=still, algorithm={"name": "fixmatch"}), DEVICE)
    batch = ready.batches(0)
    weak, strong = batch.student
    expected = (
        torch.from_numpy(ready.pack.pixels[batch.unlabeled.numpy()].copy()).permute(0, 3, 1, 2) / 127.5 - 1
    )
    torch.testing.assert_close(weak, expected)
    torch.testing.assert_close(strong, expected)


@pytest.mark.parametrize("name", ["fixmatch", "flexmatch"])
def test_a_checkpoint_holds_what_the_algorithm_remembers(name: str, dataset: Dataset) -> None:
    ready = setup(dataset, config(algorithm={"name": name}), DEVICE)
    held = [name for name in checkpoint.state(ready.training) if name.startswith("algorithm.")]
    assert held == (["algorithm.chosen"] if name == "flexmatch" else [])
    assert ready.batches(0).pool == len(ready.batches.unlabeled)


def test_an_unknown_operation_is_named(dataset: Dataset) -> None:
    with pytest.raises(UserError, match="did you mean 'rotate'"):
        setup(dataset, config(views={"pool": ["rotat"]}), DEVICE)


def test_a_cluster_head_that_no_loss_trains_is_said() -> None:
    (text,) = idle(S2C2(PseudoLabel(), separation=0.0))
    assert "objective.separation" in text
    assert not idle(S2C2(PseudoLabel()))
    assert not idle(S2C2(FixMatch(), separation=0.0))
    (text,) = idle(S2C2(PseudoLabel(), evidence="views"))
    assert "one view only" in text
    assert not idle(S2C2(MeanTeacher(), evidence="views"))
    assert not idle(Vanilla(PseudoLabel()))


@pytest.mark.parametrize("labels", ["soft", "majority"])
def test_votes_that_nothing_draws_are_said(labels: str, dataset: Dataset, tmp_path: Path) -> None:
    said: list[str] = []
    made = config(data={"votes": 5, "labels": labels}, train={"steps": 1, "batch": 4, "threads": 1})
    run(dataset, made, tmp_path / "run", callbacks=Callbacks(say=said.append))
    assert [text for text in said if f"data.votes=5 does nothing with data.labels={labels}" in text]
    assert unheeded(config(data={"votes": 5})) == unheeded(config(data={"labels": labels})) == []


def test_two_shares_of_ambiguous_images_are_said() -> None:
    objective = S2C2(PseudoLabel(), prior=0.2)
    (text,) = unequal(objective, config(predict={"ambiguity": "doubt"}))
    assert "objective.prior=0.2" in text
    assert "predict.prior=0.6" in text
    assert not unequal(objective, config(predict={"ambiguity": "doubt", "prior": 0.2}))
    assert not unequal(objective, config(predict={"ambiguity": "head"}))
    assert not unequal(S2C2(PseudoLabel(), prior=None), config(predict={"ambiguity": "doubt"}))
    off = S2C2(PseudoLabel(), prior=0.2, ambiguity=0.0)
    assert not unequal(off, config(predict={"ambiguity": "doubt"}))
    assert not unequal(Vanilla(PseudoLabel()), config(predict={"ambiguity": "doubt"}))


def test_a_label_can_be_the_mean_of_several_drawn_votes(dataset: Dataset) -> None:
    one, five = (setup(dataset, config(data={"votes": votes}), DEVICE) for votes in (1, 5))
    assert one.batches.dissent is not None
    assert five.batches.dissent is not None
    assert bool(one.batches.dissent.isnan().all())
    labels = (five.batches.labels * 5).numpy()
    np.testing.assert_allclose(labels, labels.round(), atol=1e-6)
    assert (labels.sum(axis=1).round() == 5).all()
    apart = [1 - max(row) / 5 for row in labels.tolist()]
    np.testing.assert_allclose(five.batches.dissent.numpy(), apart, atol=1e-6)
    assert max(apart) > 0
    possible = dataset.annotations.counts(five.splits.labeled)
    assert not labels[possible == 0].any()


def test_images_with_one_vote_say_nothing_of_dissent(dataset: Dataset) -> None:
    counts = torch.tensor([[1.0, 0.0], [2.0, 0.0], [1.0, 1.0], [1.0, 3.0]])
    assert dissent(counts).tolist()[1:] == [0.0, 0.5, 0.25]
    assert math.isnan(dissent(counts).tolist()[0])


def test_many_draws_of_one_vote_say_nothing_of_dissent_either(dataset: Dataset) -> None:
    first = dataset.annotations.table.unique("image", keep="first", maintain_order=True)
    alone = first.with_columns(votes=pl.lit(1, pl.Int64))
    twice = alone.with_columns(votes=pl.lit(2, pl.Int64))
    for table, known in ((alone, False), (twice, True)):
        once = replace(dataset, annotations=Annotations.build(table, dataset.classes))
        found = setup(once, config(data={"votes": 3}), DEVICE).batches.dissent
        assert found is not None
        assert bool((found == 0).all() if known else found.isnan().all())


def test_the_objective_knows_how_many_labeled_images_are_disputed(dataset: Dataset) -> None:
    ready = setup(dataset, config(data={"votes": 5}, objective={"name": "s2c2", "votes": 1.0}), DEVICE)
    assert isinstance(ready.objective, S2C2)
    apart = ready.batches.dissent
    assert apart is not None
    assert ready.objective.disputed == pytest.approx(sum(d > 0 for d in apart.tolist()) / len(apart))


def test_learning_from_votes_that_are_not_there_is_said(dataset: Dataset) -> None:
    ready = setup(dataset, config(objective={"name": "s2c2", "votes": 1.0}), DEVICE)
    assert "two votes" in idle(ready.objective)[0]


def test_both_networks_start_from_the_weights_of_another_run(dataset: Dataset, tmp_path: Path) -> None:
    short = {"steps": 2, "batch": 4, "checkpoint": 2}
    run(dataset, config(train=short, seed=7), tmp_path / "first")
    stored = tmp_path / "first" / "checkpoints" / "00000002.safetensors"
    ready = setup(dataset, config(network={"weights": str(stored)}), DEVICE)
    learned = load_run(tmp_path / "first").reader.network.backbone.state_dict()
    for network in (ready.training.network, ready.training.averaged.network):
        begun = network.backbone.state_dict()
        assert all(torch.equal(begun[name], learned[name]) for name in learned)
    drawn = setup(dataset, config(), DEVICE).training.network.heads.state_dict()
    heads = ready.training.network.heads.state_dict()
    assert all(torch.equal(heads[name], drawn[name]) for name in drawn)


def test_a_run_is_read_without_the_weights_that_it_started_from(dataset: Dataset, tmp_path: Path) -> None:
    short = {"steps": 2, "batch": 4, "checkpoint": 2}
    run(dataset, config(train=short), tmp_path / "first")
    stored = tmp_path / "weights.safetensors"
    (tmp_path / "first" / "checkpoints" / "00000002.safetensors").rename(stored)
    run(dataset, config(train=short, network={"weights": str(stored)}), tmp_path / "second")
    stored.unlink()
    assert load_run(tmp_path / "second").reader.network.backbone


def test_a_pretrained_network_is_read_without_asking_for_its_weights() -> None:
    tuned = config(network={"backbone": {"name": "timm", "model": "resnet18", "pretrained": True}})
    assert not unfetched(tuned).network.backbone.pretrained
    assert unfetched(tuned).network.averaging == tuned.network.averaging
    assert unfetched(config()) == config()
