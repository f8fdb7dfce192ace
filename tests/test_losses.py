import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from s2c2 import losses

PAIRS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": lambda a, b: losses.cross_entropy(a.float().softmax(dim=1), b),
    "squared_error": lambda a, b: losses.squared_error(a.float().softmax(dim=1), b),
    "inverse_cross_entropy": losses.inverse_cross_entropy,
    "similarity": losses.similarity,
}


def softmax(row: list[float]) -> list[float]:
    top = max(row)
    powers = [math.exp(value - top) for value in row]
    return [power / sum(powers) for power in powers]


def pair_loss(name: str, p: list[float], q: list[float]) -> float:
    """Each loss of two distributions, term by term from its equation."""
    total = 0.0
    for p_c, q_c in zip(p, q, strict=True):
        if name in ("cross_entropy", "similarity"):
            total += -p_c * math.log(q_c)
        elif name == "inverse_cross_entropy":
            total += -p_c * math.log(1 - q_c)
        else:
            total += (p_c - q_c) ** 2 / len(p)
    return total


def rows(n: int, m: int, seed: int = 0, scale: float = 2.0) -> Tensor:
    return scale * torch.randn(n, m, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("m", [2, 5, 50])
def test_pair_losses_equal_a_naive_loop(name: str, m: int) -> None:
    first, second = rows(7, m, 1), rows(7, m, 2)
    expected = [
        pair_loss(name, softmax(a), softmax(b)) for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]
    torch.testing.assert_close(PAIRS[name](first, second), torch.tensor(expected), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_pair_losses_are_finite_for_extreme_logits(name: str) -> None:
    corners = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [1e4, 1e4, 1e4], [0.0, 0.0, -1e4]])
    first = corners.repeat_interleave(4, dim=0).requires_grad_()
    second = corners.repeat(4, 1).requires_grad_()
    values = PAIRS[name](first, second)
    values.sum().backward()
    assert first.grad is not None
    assert second.grad is not None
    assert values.isfinite().all()
    assert first.grad.isfinite().all()
    assert second.grad.isfinite().all()


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**20), shift=st.floats(-50, 50))
def test_pair_losses_permute_and_do_not_see_shifts(name: str, seed: int, shift: float) -> None:
    first, second = rows(6, 4, seed), rows(6, 4, seed + 1)
    values = PAIRS[name](first, second)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
    classes = torch.randperm(4, generator=torch.Generator().manual_seed(seed + 2))
    torch.testing.assert_close(PAIRS[name](first[order], second[order]), values[order])
    moved = PAIRS[name](first[:, classes] + shift, second[:, classes] - shift)
    torch.testing.assert_close(moved, values, rtol=1e-3, atol=1e-4)


def test_pair_losses_keep_float32_for_low_precision() -> None:
    low, other = rows(3, 4).bfloat16(), rows(3, 4, 5).bfloat16()
    for loss in PAIRS.values():
        assert loss(low, other).dtype == torch.float32
        torch.testing.assert_close(loss(low, other), loss(low.float(), other.float()))


def test_cross_entropy_equals_torch_for_soft_and_hard_labels() -> None:
    logits, soft = rows(9, 5), rows(9, 5, 3).softmax(dim=1)
    expected = torch.nn.functional.cross_entropy(logits, soft, reduction="none")
    torch.testing.assert_close(losses.cross_entropy(soft, logits), expected)
    classes = torch.arange(9) % 5
    hard = torch.nn.functional.one_hot(classes, 5).float()
    expected = torch.nn.functional.cross_entropy(logits, classes, reduction="none")
    torch.testing.assert_close(losses.cross_entropy(hard, logits), expected)


def colliding(margin: float) -> tuple[Tensor, Tensor]:
    return torch.tensor([[margin, 0.0, 0.0, 0.0]]), torch.tensor([[margin, 0.3, 0.0, -0.2]])


@pytest.mark.parametrize("margin", [0.0, 3.0, 12.0, 18.0, 30.0])
def test_inverse_cross_entropy_gradient_equals_float64_of_the_plain_formula(margin: float) -> None:
    exact = [value.double().requires_grad_() for value in colliding(margin)]
    ours = [value.requires_grad_() for value in colliding(margin)]
    plain = -(exact[0].softmax(dim=1) * torch.log(1 - exact[1].softmax(dim=1))).sum()
    loss = losses.inverse_cross_entropy(ours[0], ours[1]).sum()
    plain.backward()
    loss.backward()
    # 1 − q has 2.2e-16 / exp(−margin) left of its digits in float64.
    digits = max(1e-5, 10 * 2.3e-16 * math.exp(margin))
    torch.testing.assert_close(loss.double(), plain, rtol=digits, atol=1e-6)
    for mine, theirs in zip(ours, exact, strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        torch.testing.assert_close(mine.grad.double(), theirs.grad, rtol=digits, atol=1e-5)


@pytest.mark.parametrize("margin", [30.0, 1000.0])
def test_inverse_cross_entropy_gradient_does_not_vanish_at_a_collision(margin: float) -> None:
    first, second = (value.requires_grad_() for value in colliding(margin))
    loss = losses.inverse_cross_entropy(first, second)
    loss.sum().backward()
    assert second.grad is not None
    # −log(1 − q₀) = z₀ − logsumexp(the others): one along the top logit.
    assert second.grad[0, 0].item() == pytest.approx(1.0, abs=1e-5)
    others = math.log(math.exp(0.3) + 1 + math.exp(-0.2))
    assert loss.item() == pytest.approx(margin - others, rel=1e-5)


def test_inverse_cross_entropy_of_disjoint_clusters_is_zero() -> None:
    first, second = torch.tensor([[50.0, 0.0, 0.0]]), torch.tensor([[0.0, 50.0, 0.0]])
    assert losses.inverse_cross_entropy(first, second).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("m", "value"), [(50, 0.0202), (15, 0.069), (10, 0.105)])
def test_inverse_cross_entropy_of_uniform_clusters(m: int, value: float) -> None:
    uniform = torch.zeros(1, m)
    assert losses.inverse_cross_entropy(uniform, uniform).item() == pytest.approx(value, abs=5e-4)


@settings(max_examples=50)
@given(st.lists(st.floats(-8, 8), min_size=2, max_size=9))
def test_log_complement_equals_float64(values: list[float]) -> None:
    logits = torch.tensor([values], dtype=torch.float32)
    expected = torch.log(1 - logits.double().softmax(dim=1))
    torch.testing.assert_close(losses.log_complement(logits).double(), expected, rtol=1e-4, atol=1e-6)


def test_ambiguity_equals_a_naive_loop() -> None:
    logits, pseudo = [-3.0, -0.5, 0.0, 2.0], [1.0, 0.0, 1.0, 0.0]
    expected = []
    for z, h in zip(logits, pseudo, strict=True):
        p_a = 1 / (1 + math.exp(-z))
        expected.append(-(h * math.log(p_a) + (1 - h) * math.log(1 - p_a)))
    values = losses.ambiguity(torch.tensor(pseudo), torch.tensor(logits))
    torch.testing.assert_close(values, torch.tensor(expected))


def test_ambiguity_is_finite_for_extreme_logits() -> None:
    logits = torch.tensor([1e4, -1e4, 1e4, -1e4]).requires_grad_()
    values = losses.ambiguity(torch.tensor([0.0, 1.0, 1.0, 0.0]), logits)
    values.sum().backward()
    assert logits.grad is not None
    torch.testing.assert_close(values, torch.tensor([1e4, 1e4, 0.0, 0.0]))
    torch.testing.assert_close(logits.grad, torch.tensor([1.0, -1.0, 0.0, 0.0]))


@settings(max_examples=80)
@given(st.lists(st.integers(-2, 2), max_size=40), st.integers(0, 100))
def test_pseudo_ambiguity_takes_exactly_n_of_the_highest(values: list[int], percent: int) -> None:
    chosen = losses.pseudo_ambiguity(torch.tensor(values, dtype=torch.float32), percent / 100)
    picked = [value for value, h in zip(values, chosen.tolist(), strict=True) if h == 1]
    left = [value for value, h in zip(values, chosen.tolist(), strict=True) if h == 0]
    assert len(picked) == len(values) * percent // 100
    assert len(picked) + len(left) == len(values)
    assert not picked or not left or min(picked) >= max(left)


@pytest.mark.parametrize(
    ("n", "prior", "count"),
    [(64, 0.6, 38), (448, 0.6, 268), (100, 0.29, 29), (8, 0.0, 0), (8, 1.0, 8), (1, 0.6, 0), (0, 0.6, 0)],
)
def test_pseudo_ambiguity_counts_with_ties(n: int, prior: float, count: int) -> None:
    assert losses.pseudo_ambiguity(torch.zeros(n), prior).sum().item() == count


def test_pseudo_ambiguity_is_float32_whatever_the_scores_are() -> None:
    chosen = losses.pseudo_ambiguity(torch.arange(4.0).bfloat16(), 0.5)
    assert chosen.dtype == torch.float32
    assert chosen.tolist() == [0, 0, 1, 1]


def test_pseudo_ambiguity_has_no_gradient() -> None:
    scores = torch.arange(4.0).requires_grad_()
    assert not losses.pseudo_ambiguity(scores, 0.5).requires_grad


def test_log_complement_is_exact_at_any_margin() -> None:
    values = losses.log_complement(torch.tensor([[0.0, -3e4]]))
    assert values.tolist() == [[-3e4, 0.0]]


def naive_balanced(rows: list[list[float]]) -> list[list[float]]:
    """Sinkhorn–Knopp on plain numbers: columns, then rows, are divided by their sum, three times."""
    shares = [[math.exp(2 * value) for value in row] for row in rows]
    shares = [[value / sum(row) for value in row] for row in shares]
    for _ in range(3):
        totals = [sum(column) for column in zip(*shares, strict=True)]
        shares = [[value / total for value, total in zip(row, totals, strict=True)] for row in shares]
        shares = [[value / sum(row) for value in row] for row in shares]
    return shares


@given(seed=st.integers(0, 999), n=st.integers(1, 9), m=st.integers(2, 6))
def test_balanced_equals_a_naive_loop(seed: int, n: int, m: int) -> None:
    logits = 3 * torch.randn(n, m, generator=torch.Generator().manual_seed(seed))
    expected = torch.tensor(naive_balanced(logits.tolist()))
    torch.testing.assert_close(losses.balanced(logits), expected, rtol=1e-4, atol=1e-6)


def test_balanced_shares_images_out_among_all_clusters() -> None:
    logits = torch.randn(60, 6, generator=torch.Generator().manual_seed(0))
    logits[:, 0] += 4
    before, after = (2 * logits).softmax(dim=1).sum(dim=0), losses.balanced(logits).sum(dim=0)
    assert before[0] > 55
    assert after.min() > 8
    assert after.max() < 13


@given(seed=st.integers(0, 99), n=st.integers(1, 6), k=st.integers(1, 5), shift=st.floats(-50, 50))
def test_divergence_equals_a_naive_loop_within_its_bounds(seed: int, n: int, k: int, shift: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    first, second = (4 * torch.randn(n, k, generator=generator) for _ in range(2))
    found = losses.divergence(first, second)
    rows = (found.tolist(), first.softmax(1).tolist(), second.softmax(1).tolist())
    for value, p, q in zip(*rows, strict=True):
        mean = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
        both = ((a, m) for one in (p, q) for a, m in zip(one, mean, strict=True))
        assert value == pytest.approx(sum(a * math.log(a / m) for a, m in both if a > 0) / 2, abs=1e-5)
        assert 0 <= value <= math.log(2) + 1e-6
    torch.testing.assert_close(losses.divergence(second, first), found)
    torch.testing.assert_close(losses.divergence(first + shift, second - shift), found, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_divergence_at_extreme_logits(kind: torch.dtype) -> None:
    one, other = ([1e4, -1e4, 0.0], [-1e4, 1e4, 0.0])
    found = losses.divergence(torch.tensor([one, one], dtype=kind), torch.tensor([one, other], dtype=kind))
    assert found.tolist() == pytest.approx([0.0, math.log(2)])


@given(seed=st.integers(0, 99), shift=st.floats(-50, 50))
def test_balanced_ignores_shifts_of_an_image_and_the_order(seed: int, shift: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits, order = torch.randn(7, 4, generator=generator), torch.randperm(7, generator=generator)
    shifted = logits + shift * torch.arange(7)[:, None]
    torch.testing.assert_close(losses.balanced(shifted), losses.balanced(logits), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(losses.balanced(logits[order]), losses.balanced(logits)[order])


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_balanced_is_a_distribution_at_extreme_logits(kind: torch.dtype) -> None:
    rows = [[1e4, -1e4, 0.0], [1e4, 1e4, -1e4], [-1e4, 0.0, 1e4]]
    found = losses.balanced(torch.tensor(rows, dtype=kind, requires_grad=True))
    assert found.dtype == torch.float32
    assert not found.requires_grad
    assert found.isfinite().all()
    torch.testing.assert_close(found.sum(dim=1), torch.ones(3))
