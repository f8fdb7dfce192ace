"""Each algorithm's losses against its equation in float64, value and gradient: any logits, low precision."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from s2c2.algorithms import ALGORITHMS
from s2c2.types import Algorithm, Preparing, StepInputs

LOGITS = st.sampled_from([-1e4, -300.0, -17.0, -1.0, 0.0, 0.25, 2.0, 18.0, 300.0, 1e4])
DIGITS = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
"""Relative tolerance of a gradient, which has the number format of its logits."""
B, U, K = 2, 3, 4


@dataclass(frozen=True)
class Image:
    """What an equation sees of an unlabeled image: logits of its views, and targets made for them."""

    student: tuple[Tensor, ...]
    teacher: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]


Equation = Callable[[Image], Tensor]


def entropy(target: Tensor, logits: Tensor) -> Tensor:
    """−Σ_c t_c log p_c."""
    return -(target * (logits - logits.logsumexp(dim=0))).sum()


def distance(target: Tensor, logits: Tensor) -> Tensor:
    """The mean over classes of (t_c − p_c)²."""
    return (target - (logits - logits.logsumexp(dim=0)).exp()).square().mean()


def shares(logits: Tensor) -> Tensor:
    return logits.detach().softmax(dim=0)


def pseudo(threshold: float) -> Equation:
    """Cross-entropy of the last view to the likeliest class of the first, where that is likely enough."""

    def equation(image: Image) -> Tensor:
        weak, strong = image.student[0].tolist(), image.student[-1]
        best = weak.index(max(weak))
        sure = float(shares(image.student[0])[best]) >= threshold
        return sure * (strong.logsumexp(dim=0) - strong[best])

    return equation


def uda(image: Image) -> Tensor:
    weak, strong = image.student
    sure = float(shares(weak).max()) >= 0.8
    return sure * entropy(shares(weak / 0.4), strong)


def mixmatch(image: Image) -> Tensor:
    pairs = zip(image.targets, image.student, strict=True)
    return 75 * torch.stack([distance(target, logits) for target, logits in pairs]).mean()


EQUATIONS: dict[str, Equation] = {
    "supervised": lambda image: torch.zeros((), dtype=torch.float64),
    "pi-model": lambda image: 10 * distance(shares(image.student[1]), image.student[0]),
    "mean-teacher": lambda image: 50 * distance(shares(image.teacher[0]), image.student[0]),
    "pseudo-label": pseudo(0.95),
    "fixmatch": pseudo(0.95),
    "mixmatch": mixmatch,
    "uda": uda,
    "flexmatch": pseudo(0.0),
    "freematch": pseudo(0.0),
    "softmatch": pseudo(0.0),
}
"""Those that remember have seen nothing yet: every image counts, with weight 1."""


def rows(n: int) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(st.lists(LOGITS, min_size=K, max_size=K), min_size=n, max_size=n)


Drawn = list[list[list[float]]]
"""Rows of logits of each view, the last of them of labeled images."""


def views(drawn: Drawn, dtype: torch.dtype) -> tuple[Tensor, ...]:
    return tuple(torch.tensor(view, dtype=dtype).requires_grad_() for view in drawn)


def rounded(drawn: Drawn, dtype: torch.dtype) -> Drawn:
    """The numbers that a format holds."""
    return [torch.tensor(view, dtype=dtype).tolist() for view in drawn]


def step_of(algorithm: Algorithm, drawn: Drawn, dtype: torch.dtype) -> StepInputs:
    """Labeled images, then views of unlabeled ones, with targets where an algorithm prepares them.

    Labels and targets are float32 at least, as batches and :class:`Preparing` algorithms make them.
    """
    first, last = len(algorithm.student), len(algorithm.student) + len(algorithm.teacher)
    student, teacher = views(drawn[:first], dtype), views(drawn[first:last], dtype)
    prepares = isinstance(algorithm, Preparing)
    made = torch.promote_types(dtype, torch.float32)
    rolled = (view.detach().to(made).roll(1, dims=1) for view in student) if prepares else ()
    targets = tuple(view.softmax(dim=1) for view in rolled)
    labeled = torch.tensor(drawn[-1][:B], dtype=dtype).requires_grad_()
    labels = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.5, 0.0]], dtype=made)
    return StepInputs(labels, labeled, student, teacher, 1.0, targets)


def expected(equation: Equation, step: StepInputs) -> tuple[Tensor, Tensor]:
    """The losses by the equation, of the labeled images and of the others."""
    labeled = torch.stack([entropy(*pair) for pair in zip(step.labels, step.labeled, strict=True)])
    images = [
        Image(*(tuple(view[row] for view in part) for part in (step.student, step.teacher, step.targets)))
        for row in range(step.unlabeled)
    ]
    return labeled, torch.stack([equation(image) for image in images] or [labeled.new_zeros(())])


def gradients(loss: Tensor, step: StepInputs) -> list[Tensor]:
    leaves = [step.labeled, *step.student]
    return list(torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True))


UNSURE, SURE = [4.0, 0.0, 0.0, 0.0], [20.125, 18.0, 0.0, 0.0]
"""Confidence 0.948, which bfloat16 rounds to what it rounds 0.95 to; logits that it rounds when divided."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ALGORITHMS)
@settings(max_examples=40)
@given(drawn=st.lists(rows(U), min_size=4, max_size=4))
@example(drawn=[[UNSURE, SURE, SURE], *[[[0.0, 300.0, 2.0, -1.0]] * U] * 3])
def test_losses_and_their_gradients_equal_the_equation(name: str, dtype: torch.dtype, drawn: Drawn) -> None:
    algorithm = ALGORITHMS[name]()
    drawn = rounded(drawn, dtype)
    step, exact = (step_of(algorithm, drawn, kind) for kind in (dtype, torch.float64))
    sample, (labeled, unlabeled) = algorithm(step), expected(EQUATIONS[name], exact)
    # Differences of logits of 10⁴ have 10⁻³ of their digits left in float32.
    close = partial(assert_close, rtol=1e-5, atol=1e-6 * (1 + float(torch.tensor(drawn).abs().max())))
    close(sample.labeled.double(), labeled)
    if step.student:
        close(sample.unlabeled.double(), unlabeled)
    mine = gradients(sample.labeled.sum() + sample.unlabeled.sum(), step)
    theirs = gradients(labeled.sum() + unlabeled.sum(), exact)
    for one, other in zip(mine, theirs, strict=True):
        close(one.double(), other, rtol=DIGITS[dtype])
