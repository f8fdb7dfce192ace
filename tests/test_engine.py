import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from s2c2 import checkpoint, engine
from s2c2.algorithms import (
    UDA,
    FixMatch,
    FlexMatch,
    FreeMatch,
    MeanTeacher,
    MixMatch,
    SoftMatch,
    Supervised,
)
from s2c2.engine import (
    NonFiniteError,
    Record,
    Schedule,
    Training,
    adopt,
    predict,
    scalars,
    step_seed,
    train,
)
from s2c2.experiments.replay import gradients
from s2c2.networks.averaged import Averaged
from s2c2.networks.manner import Manner, Passes, apart, joined
from s2c2.networks.network import Network
from s2c2.objectives import S2C2, Vanilla
from s2c2.optimizers import SGD, AdamW, Optimizer
from s2c2.types import Algorithm, Batch, Losses, Objective, Outputs

K, M = 3, 7
ALL = S2C2(MeanTeacher())


class Flat(nn.Module):
    """One linear layer over flattened 4 × 4 images and a batch norm."""

    features = 8

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(48, 8)
        self.norm = nn.BatchNorm1d(8)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.norm(self.layer(images.flatten(1))).tanh()
        return features


def fresh(optimizer: Optimizer | None = None, seed: int = 0) -> Training:
    torch.manual_seed(seed)
    network = Network(Flat(), {"classes": K, "clusters": M, "ambiguity": 1})
    return Training(network, Averaged(network), (optimizer or SGD(rate=0.1)).build(network))


def images_of(classes: Tensor, generator: torch.Generator) -> Tensor:
    """Images whose channel with the number of the class is brighter."""
    noise = torch.randn(len(classes), 3, 4, 4, generator=generator)
    return 0.3 * noise + torch.eye(3)[classes][:, :, None, None]


def batches_for(objective: Objective, b: int = 6, u: int = 12) -> Callable[[int], Batch]:
    def batch(step: int) -> Batch:
        generator = torch.Generator().manual_seed(step)
        labels, hidden = torch.arange(b) % K, torch.randint(K, (u,), generator=generator)
        return Batch(
            labels=torch.eye(K)[labels],
            labeled=images_of(labels, generator),
            student=tuple(images_of(hidden, generator) for _ in objective.student),
            teacher=tuple(images_of(hidden, generator) for _ in objective.algorithm.teacher),
            unlabeled=(torch.arange(u) + 5 * step) % 15,
            pool=15,
        )

    return batch


def weights(training: Training) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in checkpoint.state(training).items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "algorithm",
    [
        Supervised(),
        MeanTeacher(),
        FixMatch(),
        MixMatch(),
        UDA(),
        FlexMatch(),
        FreeMatch(),
        SoftMatch(),
    ],
)
def test_training_learns_and_yields_records(algorithm: Algorithm) -> None:
    objective = S2C2(algorithm)
    training = fresh()
    records = list(train(training, batches_for(objective), objective, Schedule(steps=60, rate=0.1)))
    assert [record.step for record in records] == list(range(1, 61))
    assert records[-1].progress == 1.0
    assert records[-1].losses["labeled"] < 0.5 * records[0].losses["labeled"]
    for record in records:
        terms = [value for name, value in record.losses.items() if name != "total"]
        assert record.losses["total"] == pytest.approx(sum(terms), rel=1e-4)
    classes = torch.arange(30) % K
    images = images_of(classes, torch.Generator().manual_seed(99))
    (predicted,) = predict(training.averaged.network, iter([(images,)]))
    assert (predicted.probabilities.argmax(axis=1) == classes.numpy()).mean() > 0.9


def test_a_batch_that_is_made_ahead_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []
    found = []
    for ahead in (False, True):
        monkeypatch.setattr(engine, "beside", lambda batch, ahead=ahead: ahead)
        objective, training = S2C2(FixMatch()), fresh()
        batches, numbers = batches_for(objective), list[int]()

        def noted(step: int, batches: Any = batches, numbers: list[int] = numbers) -> Batch:
            numbers.append(step)
            made: Batch = batches(step)
            return made

        steps = train(training, noted, objective, Schedule(steps=4, rate=0.1))
        found.append((list(steps), {k: v.clone() for k, v in training.network.state_dict().items()}))
        asked.append(numbers)
    assert asked == [[0, 1, 2, 3]] * 2
    assert found[0][0] == found[1][0]
    assert all(torch.equal(value, found[1][1][name]) for name, value in found[0][1].items())


def test_schedule_by_hand() -> None:
    schedule = Schedule(steps=700, rate=0.03)
    assert schedule.at(0) == 0.03
    # t/T = 4/7: 7π/16 · 4/7 = π/4
    assert schedule.at(400) == pytest.approx(0.03 / math.sqrt(2))
    assert schedule.at(700) == pytest.approx(0.03 * 0.19509, rel=1e-4)


def test_the_rate_reaches_every_group() -> None:
    objective = Vanilla(Supervised())
    training = fresh()
    schedule = Schedule(steps=8, rate=0.2)
    for step, record in enumerate(train(training, batches_for(objective), objective, schedule)):
        assert record.rate == schedule.at(step)
        assert {group["lr"] for group in training.optimizer.param_groups} == {record.rate}


RESUMED: list[Callable[[], Algorithm]] = [
    MeanTeacher,
    MixMatch,
    lambda: FlexMatch(threshold=0.8),
    lambda: FreeMatch(fairness=1.0, momentum=0.5),
    lambda: SoftMatch(momentum=0.5),
]
"""Algorithms whose state, where they have one, moves within eight steps."""


def run_to(stop: int, training: Training, algorithm: Algorithm) -> list[Record]:
    objective, schedule = S2C2(algorithm), Schedule(steps=8, rate=0.05)
    adopt(training, algorithm)
    records = []
    for record in train(training, batches_for(objective), objective, schedule, seed=3):
        records.append(record)
        if record.step == stop:
            break
    return records


@pytest.mark.parametrize("optimizer", [SGD(rate=0.1), AdamW(rate=0.01)])
@pytest.mark.parametrize("make", RESUMED)
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_resuming_goes_on_bit_for_bit(
    optimizer: Optimizer,
    make: Callable[[], Algorithm],
    stop: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("run")
    whole, first, second = fresh(optimizer), fresh(optimizer), fresh(optimizer, seed=1)
    expected = run_to(8, whole, make())
    records = run_to(stop, first, make())
    checkpoint.write(folder, first)
    algorithm = make()
    adopt(second, algorithm)
    assert checkpoint.restore(folder, second) == []
    assert second.step == stop
    records += run_to(8, second, algorithm)
    assert records == expected
    assert same(weights(second), weights(whole))


@pytest.mark.parametrize("make", RESUMED[2:])
def test_forgetting_what_the_algorithm_remembers_is_noticed(make: Callable[[], Algorithm]) -> None:
    whole, first = fresh(), fresh()
    run_to(8, whole, make())
    run_to(4, first, make())
    first.algorithm = None
    run_to(8, first, make())
    assert not same(weights(first), weights(whole))


def test_a_training_has_one_algorithm_with_state() -> None:
    training, algorithm = fresh(), FreeMatch()
    adopt(training, MeanTeacher())
    assert training.algorithm is None
    adopt(training, algorithm)
    adopt(training, algorithm)
    assert training.algorithm is algorithm
    with pytest.raises(ValueError, match="another algorithm"):
        adopt(training, FreeMatch())


def test_predicting_between_steps_changes_nothing() -> None:
    objective, schedule = S2C2(MeanTeacher()), Schedule(steps=5, rate=0.05)
    plain, watched = fresh(), fresh()
    list(train(plain, batches_for(objective), objective, schedule))
    for _ in train(watched, batches_for(objective), objective, schedule):
        for network in (watched.averaged.network, watched.network):
            list(predict(network, iter([(torch.zeros(3, 3, 4, 4),)])))
    assert same(weights(plain), weights(watched))


def test_seeds_decide_the_draws_of_a_step() -> None:
    objective, schedule = S2C2(MixMatch()), Schedule(steps=3, rate=0.05)
    runs = []
    for seed in (0, 0, 1):
        training = fresh()
        list(train(training, batches_for(objective), objective, schedule, seed=seed))
        runs.append(weights(training))
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_step_seeds_differ_and_stay() -> None:
    seeds = [step_seed(seed, step) for seed in range(20) for step in range(50)]
    assert len(set(seeds)) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert step_seed(0, 1) == int(np.random.SeedSequence([0, 1]).generate_state(1, np.uint64)[0]) // 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_before_the_weights_change(bad: float) -> None:
    objective = Vanilla(Supervised())
    training, good = fresh(), batches_for(objective)

    def batches(step: int) -> Batch:
        batch = good(step)
        if step == 2:
            batch.labels[0, 0] = bad
        return batch

    before: dict[str, Tensor] = {}

    def parameters() -> dict[str, Tensor]:
        both = enumerate(training.networks)
        return {f"{n} {name}": value for n, one in both for name, value in one.named_parameters()}

    def run() -> None:
        for _ in train(training, batches, objective, Schedule(steps=5, rate=0.1)):
            before.update({name: value.clone() for name, value in parameters().items()})

    with pytest.raises(NonFiniteError, match="not finite in step 2: labeled") as caught:
        run()
    assert caught.value.step == 2
    assert training.step == 2
    assert same(before, parameters())


def test_a_gradient_that_is_not_finite_stops_too() -> None:
    class Steep:
        algorithm = Supervised()
        student: tuple[str, ...] = ()
        heads: frozenset[str] = frozenset()

        def __call__(self, step: object) -> Losses:
            logits: Tensor = step.labeled.classes  # type: ignore[attr-defined]
            # the slope of a square root at zero
            return Losses({"labeled": (logits.sum() * 0.0).abs().sqrt()})

    training = fresh()
    before = weights(training)
    objective = Steep()
    steps = train(training, batches_for(objective), objective, Schedule(steps=1, rate=0.1))
    with pytest.raises(NonFiniteError):
        next(steps)
    after = weights(training)
    assert all(torch.equal(before[name], after[name]) for name in before if "norm" not in name)


@pytest.mark.parametrize("clip", [1.0, math.inf])
def test_a_gradient_that_is_not_finite_stands_alone(clip: float) -> None:
    training = fresh()
    weight = training.network.get_parameter("heads.clusters.weight")
    weight.register_hook(lambda grad: grad * math.nan)
    steps = train(training, batches_for(ALL), ALL, Schedule(steps=1, rate=0.1, clip=clip))
    with pytest.raises(NonFiniteError):
        next(steps)
    assert list(gradients(training.network)) == ["heads.clusters.weight"]


def test_clipping_limits_the_step() -> None:
    objective = Vanilla(Supervised())
    lengths = []
    for clip in (1e-3, math.inf):
        training = fresh(SGD(rate=1.0, momentum=0.0001, decay=0.0))
        before = weights(training)
        next(train(training, batches_for(objective), objective, Schedule(steps=1, rate=1.0, clip=clip)))
        after = dict(training.network.named_parameters())
        moves = [(value.detach() - before[f"network.{name}"]).square().sum() for name, value in after.items()]
        lengths.append(math.sqrt(sum(float(move) for move in moves)))
    assert lengths[0] == pytest.approx(1e-3, rel=0.01)
    assert lengths[1] > 0.1


def test_joined_views_share_one_pass() -> None:
    network = Network(Flat(), {"classes": K}).eval()
    first, second = torch.zeros(2, 3, 4, 4), torch.ones(3, 3, 4, 4)
    one, other = joined(network, (first, second))
    torch.testing.assert_close(one.classes, network(first).classes)
    torch.testing.assert_close(other.classes, network(second).classes)
    assert joined(network, ()) == []


def test_scalars() -> None:
    assert scalars({"labeled": torch.tensor(1.5), "total": torch.tensor(-0.25)}) == {
        "labeled": 1.5,
        "total": -0.25,
    }


def test_predicting_does_not_depend_on_the_batches() -> None:
    network = Network(Flat(), {"classes": K, "clusters": M, "ambiguity": 1})
    images = torch.randn(7, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    (whole,) = predict(network, iter([(images,)]))
    parts = list(predict(network, iter((part,) for part in torch.split(images, 3))))
    for name in ("probabilities", "embeddings", "ambiguity", "clusters", "cluster_confidence"):
        joined_parts = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(joined_parts, getattr(whole, name), rtol=1e-5)
    outputs = network.eval()(images)
    exponents = np.exp(outputs.classes.detach().numpy())
    np.testing.assert_allclose(
        whole.probabilities, exponents / exponents.sum(axis=1, keepdims=True), rtol=1e-5
    )
    assert whole.ambiguity is not None
    np.testing.assert_allclose(
        whole.ambiguity, 1 / (1 + np.exp(-outputs.ambiguity.detach().numpy())), rtol=1e-5
    )
    assert whole.clusters is not None
    assert (whole.clusters == outputs.clusters.detach().numpy().argmax(axis=1)).all()


class Small(Network):
    """A network that memory is too small for, beyond some images."""

    most = 2
    message = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes"

    def forward(self, images: Tensor) -> Outputs:
        if len(images) > self.most:
            raise RuntimeError(self.message)
        return super().forward(images)


def test_predicting_goes_on_in_parts_where_memory_runs_out() -> None:
    network = Small(Flat(), {"classes": K})
    images = torch.randn(7, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    parts = list(predict(network, iter([(images, images.flip(3))])))
    assert [len(part.probabilities) for part in parts] == [1, 2, 2, 2]
    network.most = 99
    (whole,) = predict(network, iter([(images, images.flip(3))]))
    joined_parts = np.concatenate([part.probabilities for part in parts])
    np.testing.assert_allclose(joined_parts, whole.probabilities, rtol=1e-5)


@pytest.mark.parametrize(("most", "message"), [(0, Small.message), (2, "shapes differ")])
def test_what_parts_do_not_help_against_is_raised(most: int, message: str) -> None:
    network = Small(Flat(), {"classes": K})
    network.most, network.message = most, message
    with pytest.raises(RuntimeError, match=message.split(":")[0]):
        list(predict(network, iter([(torch.zeros(4, 3, 4, 4),)])))


def test_predicting_without_heads() -> None:
    (predicted,) = predict(Network(Flat(), {"classes": K}), iter([(torch.zeros(2, 3, 4, 4),)]))
    assert predicted.clusters is None
    assert predicted.ambiguity is None


def test_the_averaged_network_follows_each_step() -> None:
    objective = Vanilla(Supervised())
    training = fresh()
    layer = training.network.heads["classes"]
    assert isinstance(layer, nn.Linear)
    expected = layer.bias.tolist()
    steps = train(training, batches_for(objective), objective, Schedule(steps=6, rate=0.5))
    for step, _ in enumerate(steps):
        keep = (1 + step) / (10 + step)
        expected = [keep * a + (1 - keep) * b for a, b in zip(expected, layer.bias.tolist(), strict=True)]
    averaged = training.averaged.network.heads["classes"]
    assert isinstance(averaged, nn.Linear)
    assert averaged.bias.tolist() == pytest.approx(expected, rel=1e-4)


class Normed(nn.Module):
    """A batch norm over the mean of each channel."""

    features = 3

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3, momentum=0.5)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.norm(images.mean(dim=(2, 3)))
        return features


def test_views_apart_are_normalised_apart_and_labeled_images_alone_move_the_statistics() -> None:
    network = Network(Normed(), {"classes": K}).train()
    generator = torch.Generator().manual_seed(0)
    views = [torch.randn(5, 3, 4, 4, generator=generator) * (n + 1) + n for n in range(3)]
    alone = [Network(Normed(), {"classes": K}).train() for _ in views]
    for other in alone:
        other.load_state_dict(network.state_dict())
    outputs = apart(network, tuple(views))
    for view, output, other in zip(views, outputs, alone, strict=True):
        torch.testing.assert_close(output.classes, other(view).classes)
    mean = views[0].mean(dim=(2, 3)).mean(dim=0)
    norm = network.backbone.norm
    assert isinstance(norm, nn.BatchNorm1d)
    assert norm.running_mean is not None
    torch.testing.assert_close(norm.running_mean, 0.5 * mean)
    assert norm.momentum == 0.5


@pytest.mark.parametrize("passes", [joined, apart])
def test_only_the_passes_that_are_trained_on_move_the_statistics_not_the_guesses_of_mixmatch(
    passes: Passes,
) -> None:
    objective, generator = Vanilla(MixMatch()), torch.Generator
    network = Network(Normed(), {"classes": K}).train()
    training = Training(network, Averaged(network), SGD().build(network))
    batch, guessing = batches_for(objective)(0), copy.deepcopy(network)
    mixed = MixMatch().prepare(
        batch, lambda view: guessing(view).classes.detach(), generator().manual_seed(3)
    )
    engine.forward(
        training, batch, objective, generator().manual_seed(3), progress=0.5, manner=Manner(passes=passes)
    )
    moving = (mixed.labeled, *mixed.student) if passes is joined else (mixed.labeled,)
    norm = network.backbone.norm
    assert isinstance(norm, nn.BatchNorm1d)
    assert norm.running_mean is not None
    torch.testing.assert_close(norm.running_mean, 0.5 * torch.cat(moving).mean(dim=(0, 2, 3)))


@pytest.mark.parametrize("passes", [joined, apart])
def test_both_ways_of_passing_train(passes: Passes) -> None:
    objective = Vanilla(MeanTeacher())
    training = fresh()
    records = list(
        train(training, batches_for(objective), objective, Schedule(3, 0.1), manner=Manner(passes=passes))
    )
    assert [record.step for record in records] == [1, 2, 3]
