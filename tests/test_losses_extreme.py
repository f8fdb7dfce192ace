"""Each loss against its equation in float64, value and gradient: any logits, low precision."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from s2c2 import losses
from s2c2.algorithms.fairness import fairness

DIGITS = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
"""Relative tolerance of a gradient, which has the number format of its logits."""
LOGITS = st.sampled_from([-1e4, -300.0, -17.0, -1.0, 0.0, 0.25, 2.0, 18.0, 300.0, 1e4])
"""Numbers that bfloat16 can hold, or nearly."""


def log_softmax(row: Tensor) -> list[Tensor]:
    """Each log p_c, one by one."""
    return [value - row.logsumexp(dim=0) for value in row]


def log_complements(row: Tensor) -> list[Tensor]:
    """Each log(1 − p_c): the others' share of the whole."""
    others = [torch.cat([row[:c], row[c + 1 :]]) for c in range(len(row))]
    return [rest.logsumexp(dim=0) - row.logsumexp(dim=0) for rest in others]


def naive_cross_entropy(target: Tensor, logits: Tensor) -> Tensor:
    """−Σ_c t_c log p_c, where 0 · −∞ does not occur: logarithms of finite logits are finite."""
    return -torch.stack([t * value for t, value in zip(target, log_softmax(logits), strict=True)]).sum()


def naive_squared_error(target: Tensor, logits: Tensor) -> Tensor:
    p = torch.stack([value.exp() for value in log_softmax(logits)])
    return torch.stack([(t - c) ** 2 for t, c in zip(target, p, strict=True)]).mean()


def naive_inverse(anchor: Tensor, partner: Tensor) -> Tensor:
    p = [value.exp() for value in log_softmax(anchor)]
    return -torch.stack([c * rest for c, rest in zip(p, log_complements(partner), strict=True)]).sum()


def naive_similarity(first: Tensor, second: Tensor) -> Tensor:
    return naive_cross_entropy(torch.stack([value.exp() for value in log_softmax(first)]), second)


def naive_fairness(wanted: Tensor, strong: Tensor, confident: Tensor) -> Tensor:
    """Σ_c a_c log b_c over the classes that a confident image has, b = SumNorm(p̄ / h̄)."""
    q = [row.softmax(dim=0) for row, sure in zip(strong, confident, strict=True) if sure]
    best = [int(row.argmax()) for row in q]
    ratios = {c: torch.stack([row[c] for row in q]).sum() / best.count(c) for c in set(best)}
    whole = sum(ratios.values(), torch.zeros((), dtype=torch.float64))
    terms = [wanted[c] * (ratio / whole).log() for c, ratio in ratios.items()]
    return sum(terms, 0 * strong.sum())


def naive_balanced(logits: Tensor) -> Tensor:
    """Sinkhorn–Knopp of softmax(2 z) by logarithms, each image and each cluster one by one, three times."""
    rows = [torch.stack(log_softmax(2 * row)) for row in logits]
    for _ in range(3):
        columns = [column - column.logsumexp(dim=0) for column in torch.stack(rows, dim=1)]
        rows = [torch.stack(log_softmax(row)) for row in torch.stack(columns, dim=1)]
    return torch.stack(rows).exp()


def target_of(logits: Tensor) -> Tensor:
    return logits.float().softmax(dim=1)


Pair = Callable[[Tensor, Tensor], Tensor]
PAIRS: dict[str, tuple[Pair, Pair]] = {
    "cross_entropy": (
        lambda a, b: losses.cross_entropy(target_of(a).detach(), b),
        lambda a, b: naive_cross_entropy(a.softmax(dim=0).detach(), b) + 0 * a.sum(),
    ),
    "squared_error": (
        lambda a, b: losses.squared_error(target_of(a).detach(), b),
        lambda a, b: naive_squared_error(a.softmax(dim=0).detach(), b) + 0 * a.sum(),
    ),
    "inverse_cross_entropy": (losses.inverse_cross_entropy, naive_inverse),
    "similarity": (losses.similarity, naive_similarity),
}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[list[float]], list[list[float]]]:
    """Two matrices of logits, from one row on, from two columns on."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(2, 6))
    rows = st.lists(st.lists(LOGITS, min_size=m, max_size=m), min_size=n, max_size=n)
    return draw(rows), draw(rows)


def gradients(value: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(value.sum(), inputs, allow_unused=True, materialize_grads=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=60)
@given(drawn=pairs())
def test_pair_losses_and_their_gradients_equal_float64(
    name: str, dtype: torch.dtype, drawn: tuple[list[list[float]], list[list[float]]]
) -> None:
    loss, naive = PAIRS[name]
    given = [torch.tensor(rows, dtype=dtype).requires_grad_() for rows in drawn]
    exact = [rows.detach().double().requires_grad_() for rows in given]
    values = loss(*given)
    expected = torch.stack([naive(a, b) for a, b in zip(*exact, strict=True)])
    assert values.isfinite().all()
    # Differences of logits of 10⁴ have 10⁻³ of their digits left in float32.
    size = 1 + max(float(rows.detach().abs().max()) for rows in exact)
    torch.testing.assert_close(values.detach().double(), expected.detach(), rtol=1e-5, atol=1e-6 * size)
    pairs_of = zip(gradients(values, given), gradients(expected, exact), strict=True)
    for mine, theirs in pairs_of:
        torch.testing.assert_close(mine.double(), theirs, rtol=DIGITS[dtype], atol=1e-6 * size)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@settings(max_examples=100)
@given(drawn=pairs())
def test_balanced_equals_float64(
    dtype: torch.dtype, drawn: tuple[list[list[float]], list[list[float]]]
) -> None:
    logits = torch.tensor([*drawn[0], *drawn[1]], dtype=dtype)
    size = 1 + float(logits.abs().max())
    expected = naive_balanced(logits.double())
    torch.testing.assert_close(losses.balanced(logits).double(), expected, rtol=1e-5, atol=1e-6 * size)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@settings(max_examples=60)
@given(rows=st.lists(st.tuples(LOGITS, st.booleans()), min_size=1, max_size=9))
def test_ambiguity_and_its_gradient_equal_float64(dtype: torch.dtype, rows: list[tuple[float, bool]]) -> None:
    logits = torch.tensor([value for value, _ in rows], dtype=dtype).requires_grad_()
    pseudo = torch.tensor([float(h) for _, h in rows])
    values = losses.ambiguity(pseudo, logits)
    exact = logits.detach().double().requires_grad_()
    signs = torch.where(pseudo.double() == 1, -exact, exact)
    expected = torch.stack([torch.logaddexp(torch.zeros_like(sign), sign) for sign in signs])
    torch.testing.assert_close(values.detach().double(), expected.detach(), rtol=1e-5, atol=1e-6)
    (mine,), (theirs,) = gradients(values, [logits]), gradients(expected, [exact])
    torch.testing.assert_close(mine.double(), theirs, rtol=DIGITS[dtype], atol=1e-6)


@settings(max_examples=80)
@given(
    scores=st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=30, unique=True),
    prior=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    shift=st.sampled_from([-16.0, 0.0, 16.0]),
)
def test_pseudo_ambiguity_goes_with_the_images(scores: list[float], prior: float, shift: float) -> None:
    """It permutes, and a monotone change of all scores changes nothing; p_A = 0 is none and 1 is all."""
    values = torch.tensor(scores)
    chosen = losses.pseudo_ambiguity(values, prior)
    order = torch.randperm(len(values), generator=torch.Generator().manual_seed(len(values)))
    assert torch.equal(losses.pseudo_ambiguity(values[order], prior), chosen[order])
    moved = values.double() * 2 + shift
    assert torch.equal(losses.pseudo_ambiguity(moved.float(), prior).sum(), chosen.sum())
    assert chosen.sum() == int(len(scores) * prior)
    if prior in (0.0, 1.0):
        assert (chosen == prior).all()


@pytest.mark.parametrize(("share", "value"), [(0.0, -13.8155), (1.0, 13.8155), (0.5, 0.0), (0.75, 1.0986)])
def test_logit_by_hand(share: float, value: float) -> None:
    assert losses.logit(share) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@settings(max_examples=60)
@given(drawn=pairs(), mask=st.lists(st.booleans(), min_size=4, max_size=4))
def test_fairness_and_its_gradient_equal_float64(
    dtype: torch.dtype, drawn: tuple[list[list[float]], list[list[float]]], mask: list[bool]
) -> None:
    strong = torch.tensor(drawn[0], dtype=dtype).requires_grad_()
    confident = torch.tensor(mask[: len(strong)])
    wanted = torch.tensor(drawn[1], dtype=torch.float32).softmax(dim=1).mean(dim=0)
    slope = fairness(wanted, strong.detach(), confident)
    assert slope.isfinite().all()
    exact = strong.detach().double().requires_grad_()
    value = (confident * (strong.float().softmax(dim=1) * slope).sum(dim=1)).mean()
    expected = naive_fairness(wanted.double(), exact, confident)
    torch.testing.assert_close(value.detach().double(), expected.detach(), rtol=1e-5, atol=1e-6)
    (mine,), (theirs,) = gradients(value, [strong]), gradients(expected, [exact])
    torch.testing.assert_close(mine.double(), theirs, rtol=DIGITS[dtype], atol=1e-6)
    order = torch.arange(len(strong) - 1, -1, -1)
    again = fairness(wanted, strong.detach()[order], confident[order])
    torch.testing.assert_close(again, slope, rtol=1e-4, atol=1e-5)
