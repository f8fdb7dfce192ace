import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from s2c2 import losses, objectives
from s2c2.algorithms import FixMatch, MeanTeacher, PiModel, PseudoLabel, Supervised
from s2c2.objectives import OBJECTIVES, S2C2, Vanilla, balanced_weights, partners
from s2c2.types import Outputs, SampleLosses, Step, StepInputs

K, M = 3, 5


@dataclass(frozen=True)
class Fixed:
    """An algorithm with known losses."""

    student: tuple[str, ...] = ("weak", "strong")
    teacher: ClassVar[tuple[str, ...]] = ()
    ratio: int = 1

    def __call__(self, step: StepInputs) -> SampleLosses:
        return SampleLosses(
            labeled=1.0 + torch.arange(len(step.labels)), unlabeled=2.0 + torch.arange(step.unlabeled)
        )


def outputs(n: int, generator: torch.Generator) -> Outputs:
    def draw(*shape: int) -> Tensor:
        return (3 * torch.randn(*shape, generator=generator)).requires_grad_()

    return Outputs(draw(n, K), draw(n, 2), draw(n, M), draw(n))


def make_step(students: int = 2, teachers: int = 0, seed: int = 0) -> Step:
    generator = torch.Generator().manual_seed(seed)
    return Step(
        labels=torch.eye(K)[torch.tensor([0, 1, 2, 0])],
        labeled=outputs(4, generator),
        student=tuple(outputs(8, generator) for _ in range(students)),
        teacher=tuple(outputs(8, generator) for _ in range(teachers)),
        progress=0.5,
        generator=torch.Generator().manual_seed(seed + 1),
    )


def softmax(row: list[float]) -> list[float]:
    top = max(row)
    powers = [math.exp(value - top) for value in row]
    return [power / sum(powers) for power in powers]


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def inverse(p: list[float], q: list[float]) -> float:
    return -sum(a * math.log(1 - b) for a, b in zip(p, q, strict=True))


def entropy(p: list[float], q: list[float]) -> float:
    return -sum(a * math.log(b) for a, b in zip(p, q, strict=True))


def listed(tensor: Tensor | None) -> list[Any]:
    assert tensor is not None
    values: list[Any] = tensor.tolist()
    return values


def next_one(classes: Tensor, pool: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The partner is the next image of another class: a fixed draw."""
    n = len(classes)
    found = []
    for i in range(n):
        order = [(i + step) % n for step in range(1, n)]
        found.append(next((j for j in order if classes[j] != classes[i] and pool[j]), None))
    index = torch.tensor([-1 if j is None else j for j in found])
    return index.clamp_min(0), index >= 0


@pytest.fixture
def fixed_partners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objectives, "partners", next_one)


def naive_terms(step: Step, objective: S2C2) -> dict[str, float]:
    """Equation 1, image by image, with the partners of :func:`next_one`."""
    main, other = step.student[0], step.student[1]
    p_a = [sigmoid(z) for z in listed(main.ambiguity)]
    clusters = [softmax(row) for row in listed(main.clusters)]
    u, b = len(p_a), len(step.labels)
    terms = {
        "labeled": sum(1.0 + i for i in range(b)) / b,
        "unlabeled": sum((1 - p_a[i]) * (2.0 + i) for i in range(u)) / u,
    }
    ranks = sorted(range(u), key=lambda i: -p_a[i])
    h = {i: float(rank < int(u * (objective.prior or 0.0))) for rank, i in enumerate(ranks)}
    loss = sum(-(h[i] * math.log(p_a[i]) + (1 - h[i]) * math.log(1 - p_a[i])) for i in range(u)) / u
    terms["ambiguity"] = objective.ambiguity * loss
    seconds = [softmax(row) for row in listed(other.clusters)]
    loss = sum(p_a[i] * entropy(clusters[i], seconds[i]) for i in range(u)) / u
    terms["similarity"] = objective.similarity * loss
    loss = naive_labeled(step) + naive_unlabeled(step, objective, [1 - value for value in p_a])
    terms["separation"] = objective.separation * loss
    return terms


def naive_labeled(step: Step) -> float:
    classes = step.labels.argmax(dim=1).tolist()
    clusters = [softmax(row) for row in listed(step.labeled.clusters)]
    b, total = len(classes), 0.0
    for i in range(b):
        j = next((i + s) % b for s in range(1, b) if classes[(i + s) % b] != classes[i])
        total += inverse(clusters[i], clusters[j]) / b
    return total


def naive_unlabeled(step: Step, objective: S2C2, certain: list[float]) -> float:
    p_n = [softmax(row) for row in listed(step.student[0].classes)]
    clusters = [softmax(row) for row in listed(step.student[0].clusters)]
    classes = [row.index(max(row)) for row in p_n]
    u, total = len(p_n), 0.0
    for i in range(u):
        j = next((i + s) % u for s in range(1, u) if classes[(i + s) % u] != classes[i])
        if max(p_n[i]) >= objective.confidence:
            total += certain[i] * inverse(clusters[i], clusters[j]) / u
    return total


@pytest.mark.usefixtures("fixed_partners")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("prior", "confidence"), [(0.6, 0.95), (0.3, 0.0), (0.0, 0.8), (1.0, 0.95)])
def test_s2c2_terms_equal_a_naive_loop(seed: int, prior: float, confidence: float) -> None:
    objective = S2C2(Fixed(), prior=prior, confidence=confidence)
    step = make_step(seed=seed)
    terms, expected = objective(step).terms, naive_terms(step, objective)
    assert terms.keys() == expected.keys()
    for name, value in expected.items():
        assert terms[name].item() == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_total_is_the_sum_of_the_terms() -> None:
    losses = S2C2(Fixed())(make_step())
    assert losses.total.item() == pytest.approx(sum(term.item() for term in losses.terms.values()))


def test_weights_scale_their_terms() -> None:
    single = S2C2(Fixed(), ambiguity=1.0, separation=1.0, similarity=1.0)(make_step()).terms
    triple = S2C2(Fixed(), ambiguity=3.0, separation=3.0, similarity=3.0)(make_step()).terms
    for name in ("ambiguity", "separation", "similarity"):
        torch.testing.assert_close(triple[name], 3 * single[name])


def grads(objective: S2C2, step: Step, of: Callable[[Step], Tensor | None]) -> Tensor:
    leaf = of(step)
    assert leaf is not None
    total = objective(step).total
    if not total.requires_grad:
        return torch.zeros_like(leaf)
    (gradient,) = torch.autograd.grad(total, [leaf], allow_unused=True, materialize_grads=True)
    return gradient


def test_gradient_lets_the_scales_train_the_ambiguity_head() -> None:
    without = S2C2(Fixed(), ambiguity=0.0, separation=0.0, similarity=0.0)
    assert not grads(without, make_step(), lambda step: step.student[0].ambiguity).any()
    step = make_step()
    gradient = grads(replace(without, gradient=True), step, lambda step: step.student[0].ambiguity)
    p_a = torch.tensor([sigmoid(z) for z in listed(step.student[0].ambiguity)])
    expected = -p_a * (1 - p_a) * (2.0 + torch.arange(8)) / 8
    torch.testing.assert_close(gradient, expected)


def test_scale_labeled_scales_by_the_certainty_of_the_labeled_images() -> None:
    step = make_step()
    certain = [1 - sigmoid(z) for z in listed(step.labeled.ambiguity)]
    scaled = S2C2(Fixed(), scale_labeled=True)(step).terms["labeled"].item()
    assert scaled == pytest.approx(sum(c * (1.0 + i) for i, c in enumerate(certain)) / 4, rel=1e-5)
    assert S2C2(Fixed())(step).terms["labeled"].item() == pytest.approx(2.5)


@pytest.mark.usefixtures("fixed_partners")
def test_scale_labeled_scales_the_labeled_separation_too() -> None:
    step = make_step()
    options = S2C2(Fixed(), separation=1.0, confidence=2.0, scale_labeled=True)
    values = S2C2(Fixed()).labeled_separation(step).tolist()
    certain = [1 - sigmoid(z) for z in listed(step.labeled.ambiguity)]
    expected = sum(c * value for c, value in zip(certain, values, strict=True)) / 4
    assert options(step).terms["separation"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.usefixtures("fixed_partners")
@pytest.mark.parametrize("partner", ["labeled", "unlabeled"])
def test_partner_says_where_labeled_anchors_find_theirs(partner: Any) -> None:
    step = make_step()
    values = S2C2(Fixed(), partner=partner).labeled_separation(step).tolist()
    source = step.labeled if partner == "labeled" else step.student[0]
    anchors = [softmax(row) for row in listed(step.labeled.clusters)]
    pool = [softmax(row) for row in listed(source.clusters)]
    # labels 0 1 2 0: the next image of another class
    expected = [inverse(anchors[i], pool[j]) for i, j in enumerate([1, 2, 3, 1])]
    assert values == pytest.approx(expected, rel=1e-3)


def test_partners_from_a_smaller_unlabeled_batch_exist() -> None:
    step = make_step()
    small = Outputs(*(column[:2] for column in columns(step.student[0])))
    values = S2C2(Fixed(), partner="unlabeled").labeled_separation(replace(step, student=(small,)))
    assert values.isfinite().all()


def columns(view: Outputs) -> tuple[Tensor, ...]:
    assert view.clusters is not None
    assert view.ambiguity is not None
    return view.classes, view.embeddings, view.clusters, view.ambiguity


def test_confidence_masks_anchors() -> None:
    step = make_step()
    peaks = torch.tensor([max(softmax(row)) for row in listed(step.student[0].classes)])
    for confidence in (0.0, 0.8, 0.95, 1.1):
        values = S2C2(Fixed(), confidence=confidence).unlabeled_separation(step)
        assert ((values > 0) == (peaks >= confidence)).all()


def test_confidence_is_not_rounded_where_logits_are() -> None:
    """Of (4, 0, 0) 0.9647, which bfloat16 rounds to what it rounds 0.966 to."""
    step = make_step()
    logits = torch.tensor([[4.0, 0.0, 0.0], [0.0, 9.0, 0.0]], dtype=torch.bfloat16)
    main = Outputs(logits, *(column[:2] for column in columns(step.student[0])[1:]))
    values = S2C2(Fixed(), confidence=0.966).unlabeled_separation(replace(step, student=(main,)))
    assert (values > 0).tolist() == [False, True]


def test_confident_partner_leaves_out_unsure_partners() -> None:
    classes = torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.1], [0.0, 9.0, 0.0]])
    step = make_step()
    main = Outputs(classes, *(column[:4] for column in columns(step.student[0])[1:]))
    step = replace(step, student=(main,))
    clusters = [softmax(row) for row in listed(main.clusters)]
    strict = S2C2(Fixed(), confident_partner=True)
    only = inverse(clusters[0], clusters[3])
    for _ in range(10):
        assert strict.unlabeled_separation(step)[0].item() == pytest.approx(only, rel=1e-4)
    loose = {round(S2C2(Fixed()).unlabeled_separation(step)[0].item(), 5) for _ in range(40)}
    assert len(loose) == 3


@pytest.mark.parametrize(
    ("student", "target_gradient", "passes"),
    [
        (("weak", "strong"), "auto", True),
        (("weak", "weak"), "auto", False),
        (("weak", "strong"), "stop", False),
        (("weak", "weak"), "pass", True),
    ],
)
def test_target_gradient(student: tuple[str, ...], target_gradient: Any, passes: bool) -> None:
    objective = S2C2(Fixed(student), separation=0.0, target_gradient=target_gradient)
    assert bool(grads(objective, make_step(), lambda step: step.student[1].clusters).any()) == passes
    assert grads(objective, make_step(), lambda step: step.student[0].clusters).any()


def test_the_last_view_can_be_the_one_whose_heads_are_trained() -> None:
    step = make_step()
    weak, strong = step.student
    objective = S2C2(Fixed(("weak", "strong")), confidence=0.0, view="last")
    p = [softmax(row) for row in listed(strong.clusters)]
    q = [softmax(row) for row in listed(weak.clusters)]
    expected = [entropy(a, b) for a, b in zip(p, q, strict=True)]
    assert objective.similarity_losses(step).tolist() == pytest.approx(expected, rel=1e-3)
    swapped = replace(step, student=(strong, weak))
    first = replace(objective, view="first")
    assert objective.ambiguity_losses(step).tolist() == first.ambiguity_losses(swapped).tolist()
    assert objective(step).terms["unlabeled"] == first(swapped).terms["unlabeled"]
    assert not grads(objective, step, lambda step: step.student[0].clusters).any()
    assert not grads(objective, step, lambda step: step.student[0].ambiguity).any()
    assert grads(objective, step, lambda step: step.student[1].clusters).any()
    assert grads(objective, step, lambda step: step.student[1].ambiguity).any()


def test_the_class_of_an_anchor_stays_that_of_the_first_view() -> None:
    step = make_step()
    objective = S2C2(Fixed(("weak", "strong")), confidence=0.8, view="last")
    peaks = torch.tensor([max(softmax(row)) for row in listed(step.student[0].classes)])
    assert ((objective.unlabeled_separation(step) > 0) == (peaks >= 0.8)).all()


def test_similarity_reads_the_teacher_where_the_student_has_one_view() -> None:
    step = make_step(students=1, teachers=1)
    p = [softmax(row) for row in listed(step.student[0].clusters)]
    q = [softmax(row) for row in listed(step.teacher[0].clusters)]
    expected = [entropy(a, b) for a, b in zip(p, q, strict=True)]
    assert S2C2(MeanTeacher()).similarity_losses(step).tolist() == pytest.approx(expected, rel=1e-3)
    assert not grads(S2C2(MeanTeacher()), step, lambda step: step.teacher[0].clusters).any()


def test_lone_view() -> None:
    step = make_step(students=1)
    assert S2C2(PseudoLabel()).similarity_losses(step).tolist() == [0.0] * 8
    values = S2C2(PseudoLabel(), lone_view="entropy").similarity_losses(step).tolist()
    p = [softmax(row) for row in listed(step.student[0].clusters)]
    assert values == pytest.approx([entropy(row, row) for row in p], rel=1e-4)


@pytest.mark.parametrize("algorithm", [Supervised(), PiModel(), MeanTeacher(), PseudoLabel(), FixMatch()])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"separation": 0.0},
        {"similarity": 0.0},
        {"separation": 0.0, "similarity": 0.0},
        {"separation": 0.0, "prior": None},
        {"separation": 0.0, "lone_view": "entropy"},
    ],
)
def test_it_is_known_whether_a_loss_reaches_the_cluster_head(
    algorithm: Any, settings: dict[str, Any]
) -> None:
    objective = S2C2(algorithm, confidence=0.0, **settings)
    step = make_step(students=len(objective.student), teachers=len(algorithm.teacher))
    reached = bool(grads(objective, step, lambda step: step.student[0].clusters).any())
    assert objective.trains_clusters == reached


def test_views_and_heads_of_the_objectives() -> None:
    assert S2C2(Supervised()).student == ("weak", "weak")
    assert S2C2(FixMatch()).student == ("weak", "strong")
    assert Vanilla(Supervised()).student == ()
    assert Vanilla(FixMatch()).heads == frozenset()
    assert S2C2(PiModel()).heads == {"clusters", "ambiguity"}
    assert S2C2(PiModel(), prior=None).heads == {"clusters"}


def test_ablations_are_values_of_the_same_class() -> None:
    algorithm = FixMatch()
    assert OBJECTIVES["ce-inverse"](algorithm) == S2C2(algorithm, prior=None, similarity=0.0)
    assert OBJECTIVES["cc"](algorithm) == S2C2(algorithm, separation=0.0)
    names = {name: set(OBJECTIVES[name](Fixed())(make_step()).terms) for name in OBJECTIVES}
    plain = {"labeled", "unlabeled"}
    assert names == {
        "vanilla": plain,
        "s2c2": plain | {"ambiguity", "separation", "similarity"},
        "ce-inverse": plain | {"separation"},
        "cc": plain | {"ambiguity", "similarity"},
    }


def test_a_missing_head_is_named() -> None:
    step = make_step()
    bare = replace(step.student[0], clusters=None)
    with pytest.raises(ValueError, match="no head 'clusters'"):
        S2C2(Fixed())(replace(step, student=(bare, *step.student[1:])))


def test_class_weights_weigh_the_labeled_loss_only() -> None:
    weights = torch.tensor([1.0, 2.0, 4.0])
    for kind in (Vanilla, S2C2):
        plain, weighed = kind(Fixed())(make_step()).terms, kind(Fixed(), weights)(make_step()).terms
        # labels 0 1 2 0, losses 1 2 3 4
        assert weighed["labeled"].item() == pytest.approx((1 + 4 + 12 + 4) / 4)
        assert torch.equal(weighed["unlabeled"], plain["unlabeled"])


def test_partners_are_of_another_class_and_uniform() -> None:
    classes = torch.tensor([0, 0, 1, 1, 1, 2, 2, 0])
    generator = torch.Generator().manual_seed(0)
    everyone = torch.ones(8, dtype=torch.bool)
    drawn = []
    for _ in range(2000):
        index, valid = partners(classes, everyone, generator)
        assert valid.all()
        assert (classes[index] != classes).all()
        drawn.append(index)
    table = torch.stack(drawn).numpy()
    for anchor in range(8):
        counts = np.bincount(table[:, anchor], minlength=8)[(classes != classes[anchor]).numpy()]
        assert stats.chisquare(counts).pvalue > 1e-3


def test_partners_come_from_the_pool() -> None:
    classes = torch.tensor([0, 1, 2, 0])
    pool = torch.tensor([False, True, False, False])
    index, valid = partners(classes, pool, torch.Generator().manual_seed(0))
    assert valid.tolist() == [True, False, True, True]
    assert index[valid].tolist() == [1, 1, 1]


@pytest.mark.parametrize("classes", [[3], [1, 1, 1]])
def test_partners_are_invalid_where_there_is_none(classes: list[int]) -> None:
    everyone = torch.ones(len(classes), dtype=torch.bool)
    _, valid = partners(torch.tensor(classes), everyone, torch.Generator().manual_seed(0))
    assert not valid.any()


def test_partners_are_a_function_of_the_generator() -> None:
    classes, everyone = torch.arange(50) % 5, torch.ones(50, dtype=torch.bool)
    one, again, other = (
        partners(classes, everyone, torch.Generator().manual_seed(seed))[0] for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_balanced_weights_equal_sklearn() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    classes = np.array([0, 0, 0, 0, 0, 1, 1, 2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=classes)
    weights = balanced_weights(torch.eye(3)[torch.from_numpy(classes)])
    torch.testing.assert_close(weights.double(), torch.from_numpy(expected))


def test_balanced_weights_count_soft_labels_and_skip_absent_classes() -> None:
    labels = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    # N / (k n_c): 2 / (3 · 1.5), 2 / (3 · 0.5)
    assert balanced_weights(labels).tolist() == pytest.approx([4 / 9, 4 / 3, 0.0])


@pytest.mark.parametrize(("students", "teachers"), [(2, 0), (1, 1)])
def test_a_balanced_target_is_drawn_towards_equal_clusters(students: int, teachers: int) -> None:
    step = make_step(students=students, teachers=teachers)
    first, other = step.student[0].clusters, (*step.student[1:], *step.teacher)[0].clusters
    assert first is not None
    assert other is not None
    target = losses.balanced(other)
    expected = [
        entropy(said, softmax(row)) for said, row in zip(target.tolist(), first.tolist(), strict=True)
    ]
    algorithm = FixMatch() if students == 2 else MeanTeacher()
    objective = S2C2(algorithm, assignment="balanced", target_gradient="pass")
    values = objective.similarity_losses(step)
    assert values.tolist() == pytest.approx(expected, rel=1e-3)
    values.sum().backward()
    assert first.grad is not None
    assert other.grad is None


@pytest.mark.parametrize("teachers", [0, 1])
def test_evidence_says_what_ranks_the_batch(teachers: int) -> None:
    step = make_step(students=1, teachers=teachers)
    view = step.teacher[0] if teachers else step.student[0]
    doubt = [1 - max(softmax(row)) for row in listed(view.classes)]
    count = int(len(doubt) * 0.5)
    wanted = sorted(range(len(doubt)), key=lambda i: -doubt[i])[:count]
    logits = listed(step.student[0].ambiguity)
    expected = [-math.log(sigmoid(z if i in wanted else -z)) for i, z in enumerate(logits)]
    objective = S2C2(MeanTeacher(), prior=0.5, evidence="confidence")
    assert objective.ambiguity_losses(step).tolist() == pytest.approx(expected, rel=1e-3)
    own = S2C2(MeanTeacher(), prior=0.5).ambiguity_losses(step).tolist()
    top = sorted(range(len(logits)), key=lambda i: -logits[i])[:count]
    assert own == pytest.approx(
        [-math.log(sigmoid(z if i in top else -z)) for i, z in enumerate(logits)], rel=1e-3
    )


def jensen_shannon(p: list[float], q: list[float]) -> float:
    mean = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return sum(a * math.log(a / m) + b * math.log(b / m) for a, b, m in zip(p, q, mean, strict=True)) / 2


@pytest.mark.parametrize(("students", "teachers"), [(2, 0), (1, 1), (2, 1)])
def test_disagreement_of_views_ranks_the_batch(students: int, teachers: int) -> None:
    step = make_step(students=students, teachers=teachers)
    other = step.student[1] if students > 1 else step.teacher[0]
    both = zip(listed(step.student[0].classes), listed(other.classes), strict=True)
    disagree = [jensen_shannon(softmax(p), softmax(q)) for p, q in both]
    objective = S2C2(MeanTeacher(), prior=0.5, evidence="views")
    found = objective.ambiguity_evidence(step)
    assert found.tolist() == pytest.approx(disagree, rel=1e-4, abs=1e-6)
    assert not found.requires_grad
    wanted = sorted(range(len(disagree)), key=lambda i: -disagree[i])[: len(disagree) // 2]
    logits = listed(step.student[0].ambiguity)
    expected = [-math.log(sigmoid(z if i in wanted else -z)) for i, z in enumerate(logits)]
    assert objective.ambiguity_losses(step).tolist() == pytest.approx(expected, rel=1e-3)


def test_without_a_second_view_the_batch_is_ranked_by_p_a() -> None:
    step = make_step(students=1)
    found = S2C2(PseudoLabel(), evidence="views").ambiguity_evidence(step)
    assert found.tolist() == listed(step.student[0].ambiguity)


def test_labeled_images_with_two_votes_teach_ambiguity_and_others_do_not() -> None:
    nan = float("nan")
    step = replace(make_step(), dissent=torch.tensor([0.0, nan, 0.4, 0.2]))
    logits = listed(step.labeled.ambiguity)
    # A third of the labeled images is disputed, but the prior is a half: logit(1/3) − logit(1/2) = −log 2.
    shifted = [logits[i] - math.log(2) for i in (0, 2, 3)]
    expected = [
        -math.log(sigmoid(z if differs else -z)) for z, differs in zip(shifted, (0, 1, 1), strict=True)
    ]
    objective = S2C2(Fixed(), prior=0.5, votes=2.0, disputed=1 / 3)
    terms = objective(step).terms
    assert terms["votes"].item() == pytest.approx(2 * sum(expected) / 3, rel=1e-5)
    assert set(terms) - set(S2C2(Fixed(), prior=0.5)(step).terms) == {"votes"}


@pytest.mark.parametrize(
    ("dissent", "disputed"), [(None, 0.5), (torch.full((4,), torch.nan), 0.5), (torch.zeros(4), None)]
)
def test_without_votes_there_is_nothing_to_learn_from_them(
    dissent: Tensor | None, disputed: float | None
) -> None:
    objective = S2C2(Fixed(), votes=1.0, disputed=disputed)
    assert objective(replace(make_step(), dissent=dissent)).terms["votes"].item() == 0.0


@pytest.mark.parametrize("prior", [0.0, 1.0])
@pytest.mark.parametrize("disputed", [0.0, 1.0])
def test_votes_stay_finite_at_the_ends(prior: float, disputed: float) -> None:
    step = replace(make_step(), dissent=torch.tensor([0.0, 0.0, 0.4, 0.2]))
    loss = S2C2(Fixed(), prior=prior, votes=1.0, disputed=disputed).votes_loss(step)
    assert math.isfinite(loss.item())
