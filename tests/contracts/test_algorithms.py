"""What holds for every algorithm, plain and wrapped. An entry of ``ALGORITHMS`` is tested by being there."""

from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import s2c2.algorithms
from s2c2.algorithms import ALGORITHMS
from s2c2.engine import Schedule, Training, forward, train
from s2c2.networks.averaged import Averaged
from s2c2.networks.manner import Manner
from s2c2.networks.network import Network
from s2c2.objectives import OBJECTIVES, S2C2, Vanilla
from s2c2.optimizers import SGD
from s2c2.types import Algorithm, Batch, Losses, Objective, Outputs, Preparing, Step

K, M = 3, 7
EVERY = [(name, objective) for name in ALGORITHMS for objective in OBJECTIVES]
UNTRAINED_CLUSTERS = {("pseudo-label", "cc")}
"""One view and no CE⁻¹: by the paper nothing is left that trains the cluster head."""


@dataclass(frozen=True)
class Sizes:
    b: int = 4
    u: int = 8
    m: int = M
    classes: int = K
    """Classes that occur among the labels."""


def outputs(n: int, m: int, generator: torch.Generator, *, grad: bool = True) -> Outputs:
    def draw(*shape: int) -> Tensor:
        return (3 * torch.randn(*shape, generator=generator)).requires_grad_(grad)

    return Outputs(classes=draw(n, K), embeddings=draw(n, 2), clusters=draw(n, m), ambiguity=draw(n))


def make_step(objective: Objective, sizes: Sizes | None = None, *, progress: float = 0.5) -> Step:
    sizes = sizes or Sizes()
    generator = torch.Generator().manual_seed(0)
    student = tuple(outputs(sizes.u, sizes.m, generator) for _ in objective.student)
    teacher = tuple(outputs(sizes.u, sizes.m, generator) for _ in objective.algorithm.teacher)
    prepares = isinstance(objective.algorithm, Preparing)
    targets = tuple(torch.randn(sizes.u, K, generator=generator).softmax(dim=1) for _ in student)
    return Step(
        labels=torch.eye(K)[torch.arange(sizes.b) % sizes.classes],
        labeled=outputs(sizes.b, sizes.m, generator),
        student=student,
        teacher=teacher,
        progress=progress,
        generator=torch.Generator().manual_seed(1),
        targets=targets if prepares else (),
        images=torch.arange(sizes.u),
        pool=sizes.u,
    )


class Seen:
    """An objective that keeps the steps it is given."""

    def __init__(self, inner: Objective) -> None:
        self.inner, self.steps = inner, list[Step]()
        self.algorithm, self.student, self.heads = inner.algorithm, inner.student, inner.heads

    def __call__(self, step: Step) -> Losses:
        self.steps.append(step)
        return self.inner(step)


class Backbone(nn.Module):
    """Flattens small images; ``calls`` counts the passes that have a gradient."""

    features = 6

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(48, 6)
        self.calls = 0

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.layer(images.flatten(1)).tanh()
        self.calls += features.requires_grad
        return features


def training_of(objective: Objective, m: int = M) -> Training:
    torch.manual_seed(0)
    sizes = {"clusters": m, "ambiguity": 1}
    heads = {"classes": K} | {name: sizes[name] for name in sorted(objective.heads)}
    network = Network(Backbone(), heads)
    # Certain enough that the thresholds of 0.95 let unlabeled images pass.
    network.heads["classes"].weight.data.mul_(20)  # type: ignore[operator]
    return Training(network, Averaged(network), SGD(rate=0.1, decay=0.0).build(network))


def images_for(objective: Objective, sizes: Sizes) -> Batch:
    generator = torch.Generator().manual_seed(2)

    def view(n: int) -> Tensor:
        return 2 * torch.rand(n, 3, 4, 4, generator=generator) - 1

    return Batch(
        labels=torch.eye(K)[torch.arange(sizes.b) % sizes.classes],
        labeled=view(sizes.b),
        student=tuple(view(sizes.u) for _ in objective.student),
        teacher=tuple(view(sizes.u) for _ in objective.algorithm.teacher),
        unlabeled=torch.arange(sizes.u),
        pool=sizes.u,
    )


def take(column: Tensor | None, order: Tensor) -> Tensor | None:
    return None if column is None else column[order]


def permuted(view: Outputs, order: Tensor) -> Outputs:
    return Outputs(
        view.classes[order], view.embeddings[order], take(view.clusters, order), take(view.ambiguity, order)
    )


def state_of(algorithm: Algorithm) -> dict[str, Tensor]:
    """Copies of what an algorithm remembers; empty for one without state."""
    buffers = algorithm.named_buffers() if isinstance(algorithm, nn.Module) else ()
    return {name: value.clone() for name, value in buffers}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    return ALGORITHMS[request.param]()


@pytest.fixture(params=[False, True], ids=["new", "practised"])
def used(request: pytest.FixtureRequest, algorithm: Algorithm) -> Algorithm:
    """An algorithm as it is made, or after three training steps that change what it remembers."""
    if request.param:
        before = state_of(algorithm)
        for progress in (0.1, 0.2, 0.3):
            algorithm(replace(make_step(Vanilla(algorithm), progress=progress).inputs, training=True))
        assert not before or not same(before, state_of(algorithm))
    return algorithm


def test_algorithms_do_not_know() -> None:
    folder = Path(s2c2.algorithms.__file__).parent
    files = sorted(folder.rglob("*.py"))
    assert len(files) > len(ALGORITHMS)
    for path in files:
        text = path.read_text(encoding="utf-8").lower()
        assert [word for word in ("s2c2", "ambigu", "cluster") if word in text] == [], path.name


def test_every_algorithm_fulfils_the_protocol(algorithm: Algorithm) -> None:
    assert isinstance(algorithm, Algorithm)
    assert algorithm.ratio >= 1
    assert set(algorithm.student) | set(algorithm.teacher) <= {"none", "weak", "strong"}


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("b", "u"), [(4, 8), (1, 1), (2, 7)])
def test_losses_are_finite_and_one_for_each_image(
    algorithm: Algorithm, progress: float, b: int, u: int
) -> None:
    step = make_step(Vanilla(algorithm), Sizes(b, u), progress=progress)
    sample = algorithm(step.inputs)
    assert sample.labeled.shape == (b,)
    assert sample.unlabeled.shape == (u if algorithm.student else 0,)
    assert sample.labeled.isfinite().all()
    assert sample.unlabeled.isfinite().all()
    assert (sample.labeled >= 0).all()
    assert (sample.unlabeled >= 0).all()


def test_losses_are_finite_for_extreme_logits(used: Algorithm) -> None:
    step = make_step(Vanilla(used)).inputs
    extreme = replace(
        step,
        labeled=1e4 * step.labeled,
        student=tuple(1e4 * view for view in step.student),
        teacher=tuple(1e4 * view for view in step.teacher),
    )
    sample = used(extreme)
    assert sample.labeled.isfinite().all()
    assert sample.unlabeled.isfinite().all()


def test_permuting_the_batch_permutes_the_losses(used: Algorithm) -> None:
    step = make_step(Vanilla(used)).inputs
    b_order, u_order = torch.tensor([2, 0, 3, 1]), torch.tensor([5, 3, 0, 7, 6, 1, 4, 2])
    moved = replace(
        step,
        labels=step.labels[b_order],
        labeled=step.labeled[b_order],
        student=tuple(view[u_order] for view in step.student),
        teacher=tuple(view[u_order] for view in step.teacher),
        targets=tuple(view[u_order] for view in step.targets),
        images=take(step.images, u_order),
    )
    before, after = used(step), used(moved)
    torch.testing.assert_close(after.labeled, before.labeled[b_order])
    if used.student:
        torch.testing.assert_close(after.unlabeled, before.unlabeled[u_order])


def test_a_number_added_to_all_logits_of_an_image_changes_no_loss(used: Algorithm) -> None:
    step = make_step(Vanilla(used)).inputs
    generator = torch.Generator().manual_seed(3)

    def moved(logits: Tensor) -> Tensor:
        return logits + 100 * torch.rand(len(logits), 1, generator=generator) - 50

    before = used(step)
    after = used(
        replace(
            step,
            labeled=moved(step.labeled),
            student=tuple(moved(view) for view in step.student),
            teacher=tuple(moved(view) for view in step.teacher),
        )
    )
    torch.testing.assert_close(after.labeled, before.labeled, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after.unlabeled, before.unlabeled, rtol=1e-4, atol=1e-4)


def test_permuting_a_training_batch_changes_no_state(algorithm: Algorithm) -> None:
    other = deepcopy(algorithm)
    step = replace(make_step(Vanilla(algorithm)).inputs, training=True)
    order = torch.tensor([5, 3, 0, 7, 6, 1, 4, 2])
    moved = replace(
        step,
        student=tuple(view[order] for view in step.student),
        teacher=tuple(view[order] for view in step.teacher),
        targets=tuple(view[order] for view in step.targets),
        images=take(step.images, order),
    )
    before, after = algorithm(step), other(moved)
    if algorithm.student:
        torch.testing.assert_close(after.unlabeled, before.unlabeled[order])
    torch.testing.assert_close(state_of(other), state_of(algorithm))


def test_only_training_changes_state(used: Algorithm) -> None:
    step = make_step(Vanilla(used)).inputs
    first = used(step)
    before = state_of(used)
    used(replace(step, student=tuple(-view for view in step.student)))
    again = used(step)
    assert torch.equal(again.labeled, first.labeled)
    assert torch.equal(again.unlabeled, first.unlabeled)
    assert same(before, state_of(used))


@pytest.mark.parametrize(("name", "objective"), EVERY)
def test_a_training_step_changes_state_once(name: str, objective: str) -> None:
    wrapped = OBJECTIVES[objective](ALGORITHMS[name]())
    training, seen = training_of(wrapped), Seen(wrapped)
    batch = images_for(wrapped, Sizes())
    for record in train(training, lambda _: batch, seen, Schedule(steps=3, rate=0.1)):
        assert len(seen.steps) == record.step
    once = ALGORITHMS[name]()
    for step in seen.steps:
        assert step.inputs.training
        once(step.inputs)
    assert same(state_of(once), state_of(wrapped.algorithm))
    assert id(training.algorithm) == id(wrapped.algorithm if state_of(once) else None)


def test_each_image_has_the_loss_it_has_alone(used: Algorithm) -> None:
    step = make_step(Vanilla(used)).inputs
    whole = used(step)
    for row in range(4):
        one = slice(row, row + 1)
        alone = replace(
            step,
            labels=step.labels[one],
            labeled=step.labeled[one],
            student=tuple(view[one] for view in step.student),
            teacher=tuple(view[one] for view in step.teacher),
            targets=tuple(view[one] for view in step.targets),
            images=None if step.images is None else step.images[one],
        )
        torch.testing.assert_close(used(alone).labeled, whole.labeled[one])
        if used.student:
            torch.testing.assert_close(used(alone).unlabeled, whole.unlabeled[one])


@pytest.mark.parametrize("training", [False, True])
def test_s2c2_with_its_terms_off_equals_the_algorithm_to_the_bit(used: Algorithm, training: bool) -> None:
    off = S2C2(used, prior=None, separation=0.0, similarity=0.0)
    step = replace(make_step(off), training=training)
    plain, wrapped = Vanilla(deepcopy(used))(step), off(step)
    assert wrapped.terms.keys() == plain.terms.keys()
    for name, value in plain.terms.items():
        assert torch.equal(wrapped.terms[name], value), name
    leaves = [step.labeled.classes, *(view.classes for view in step.student)]
    gradients = [
        torch.autograd.grad(losses.total, leaves, allow_unused=True, materialize_grads=True)
        for losses in (plain, wrapped)
    ]
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("scale", [0.3, 6.0])
@pytest.mark.parametrize("name", [name for name in ALGORITHMS if ALGORITHMS[name]().student])
def test_the_unlabeled_loss_reaches_the_student_and_never_the_teacher(name: str, scale: float) -> None:
    algorithm = ALGORITHMS[name]()
    step = make_step(Vanilla(algorithm)).inputs
    student = tuple((scale * view).detach().requires_grad_() for view in step.student)
    teacher = tuple((scale * view).detach().requires_grad_() for view in step.teacher)
    loss = algorithm(replace(step, student=student, teacher=teacher)).unlabeled.sum()
    if scale > 1 or not hasattr(algorithm, "threshold"):
        loss.backward()
        assert any(view.grad is not None and view.grad.abs().sum() > 0 for view in student)
    for view in teacher:
        assert view.grad is None or not view.grad.any()


@pytest.mark.parametrize(("name", "objective"), EVERY)
def test_no_term_reaches_the_averaged_network(name: str, objective: str) -> None:
    wrapped = OBJECTIVES[objective](ALGORITHMS[name]())
    step = make_step(wrapped)
    torch.autograd.backward(wrapped(step).total)
    for view in step.teacher:
        for column in (view.classes, view.clusters, view.ambiguity):
            assert column is not None
            assert column.grad is None or not column.grad.any()


@pytest.mark.parametrize(("name", "objective"), EVERY)
def test_permuting_the_batch_keeps_the_terms_without_partners(name: str, objective: str) -> None:
    wrapped = OBJECTIVES[objective](ALGORITHMS[name]())
    step = make_step(wrapped)
    order = torch.tensor([5, 3, 0, 7, 6, 1, 4, 2])
    moved = replace(
        step,
        student=tuple(permuted(view, order) for view in step.student),
        teacher=tuple(permuted(view, order) for view in step.teacher),
        targets=tuple(view[order] for view in step.targets),
    )
    before, after = wrapped(step).terms, wrapped(moved).terms
    for term in before.keys() - {"separation"}:
        torch.testing.assert_close(after[term], before[term])


@pytest.mark.parametrize(("name", "objective"), EVERY)
def test_one_step_moves_every_head(name: str, objective: str) -> None:
    wrapped = OBJECTIVES[objective](ALGORITHMS[name]())
    training = training_of(wrapped)
    before = {key: value.clone() for key, value in training.network.state_dict().items()}
    batch = images_for(wrapped, Sizes())
    record = next(train(training, lambda _: batch, wrapped, Schedule(steps=4, rate=0.1)))
    after = training.network.state_dict()
    unmoved = {key for key, value in before.items() if torch.equal(after[key], value)}
    allowed = "heads.clusters" if (name, objective) in UNTRAINED_CLUSTERS else "none"
    assert {key for key in unmoved if not key.startswith(allowed)} == set()
    assert "backbone.layer.weight" in before
    assert {"labeled", "unlabeled", "total"} <= record.losses.keys()


def test_entropy_trains_the_clusters_of_an_algorithm_with_one_view() -> None:
    wrapped = S2C2(ALGORITHMS["pseudo-label"](), separation=0.0, lone_view="entropy")
    training = training_of(wrapped)
    before = training.network.heads["clusters"].weight.clone()  # type: ignore[operator]
    batch = images_for(wrapped, Sizes())
    next(train(training, lambda _: batch, wrapped, Schedule(steps=4, rate=0.1)))
    assert not torch.equal(training.network.heads["clusters"].weight, before)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "objective"), EVERY)
def test_the_backbone_runs_once_a_step_with_gradient(name: str, objective: str) -> None:
    wrapped = OBJECTIVES[objective](ALGORITHMS[name]())
    training = training_of(wrapped)
    batch = images_for(wrapped, Sizes())
    for _ in train(training, lambda _: batch, wrapped, Schedule(steps=3, rate=0.1)):
        pass
    assert training.network.backbone.calls == 3
    assert training.averaged.network.backbone.calls == 0


EDGES = {
    "no image is ambiguous": ({"prior": 0.0}, Sizes()),
    "every image is ambiguous": ({"prior": 1.0}, Sizes()),
    "one class": ({}, Sizes(classes=1)),
    "batch of one": ({}, Sizes(b=1, u=1)),
    "one cluster more than classes": ({}, Sizes(m=K + 1)),
    "all of them": ({"prior": 1.0}, Sizes(b=1, u=1, m=K + 1, classes=1)),
}


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("name", ALGORITHMS)
def test_edges_are_finite(name: str, edge: str) -> None:
    options, sizes = EDGES[edge]
    objective = S2C2(ALGORITHMS[name](), **options)  # type: ignore[arg-type]
    training = training_of(objective, sizes.m)
    batch = images_for(objective, sizes)
    for record in train(training, lambda _: batch, objective, Schedule(steps=3, rate=0.1)):
        assert all(abs(value) < float("inf") for value in record.losses.values())
    assert all(value.isfinite().all() for value in training.network.state_dict().values())


@pytest.mark.parametrize("name", ALGORITHMS)
def test_one_predicted_class_means_no_separation(name: str) -> None:
    objective = S2C2(ALGORITHMS[name]())
    step = make_step(objective, Sizes(classes=1))
    certain = replace(step.student[0], classes=torch.tensor([[9.0, 0.0, 0.0]]).repeat(8, 1))
    terms = objective(replace(step, student=(certain, *step.student[1:]))).terms
    assert terms["separation"].item() == 0.0


@pytest.mark.parametrize("name", ALGORITHMS)
def test_autocast_keeps_losses_in_float32(name: str) -> None:
    objective = S2C2(ALGORITHMS[name]())
    training = training_of(objective)
    generator = torch.Generator().manual_seed(0)
    images = images_for(objective, Sizes())
    losses = forward(training, images, objective, generator, progress=0.5, manner=Manner(autocast=True))
    assert {term.dtype for term in losses.terms.values()} == {torch.float32}
    assert losses.total.isfinite()
