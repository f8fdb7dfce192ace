"""Self-adaptive fairness of FreeMatch: Wang et al., 2023, https://arxiv.org/abs/2205.07246."""

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Bool, Float
from torch import Tensor


def fairness(
    wanted: Float[Tensor, " k"], strong: Float[Tensor, "u k"], confident: Bool[Tensor, " u"]
) -> Float[Tensor, " k"]:
    """Return v so that L_f is the mean over images of v · q of the confident ones, value and gradient.

    L_f = Σ_c a_c log b_c with a = SumNorm(p̃_t / h̃_t) and b = SumNorm(p̄ / h̄), where p̄ sums q / u over the
    confident images and h̄ is the histogram of their classes (self-adaptive fairness, eq. 11; never above 0).
    L_f is of the whole batch, but as it does not depend on the length of p̄, v = ∂L_f / ∂p̄ + L_f / (share of
    confident images) splits it exactly. A class that no confident image has takes no part (USB: log 1e-12).

    Args:
        wanted: a.
        strong: logits of strong views.
        confident: images that count.
    """
    q, counted = strong.float().softmax(dim=1), confident.float()
    mean, histogram = (q * counted[:, None]).mean(dim=0), shares(q, counted)
    present, tiny = histogram > 0, torch.finfo(q.dtype).tiny
    b = over(mean, histogram)
    b = b / b.sum().clamp_min(tiny)
    a = wanted * present
    value = (a * b.clamp_min(tiny).log()).sum()
    return over(a - a.sum() * b, mean * present) + value / counted.mean().clamp_min(tiny)


def shares(p: Float[Tensor, "u k"], counted: Float[Tensor, " u"]) -> Float[Tensor, " k"]:
    """Return the share of images that count and have each class as their likeliest."""
    return (F.one_hot(p.argmax(dim=1), p.shape[1]) * counted[:, None]).mean(dim=0)


def over(above: Float[Tensor, " k"], below: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
    """Return the ratio, and 0 where nothing is below."""
    return torch.where(below > 0, above / below, 0.0)
