"""Losses of single images, from logits, in log-space. Nothing here takes a mean over images."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

SHARPNESS = 2.0
"""Factor of the logits in :func:`balanced`: a target is sharper than what it is the target of, as in SwAV."""
ROUNDS = 3
"""Rounds of Sinkhorn–Knopp, as in SwAV."""


def cross_entropy(labels: Float[Tensor, "n k"], logits: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """Return H(l, p) = −Σ_c l_c log p_c for labels that are distributions; range [0, ∞)."""
    return -(labels * F.log_softmax(logits.float(), dim=1)).sum(dim=1)


def squared_error(target: Float[Tensor, "n k"], logits: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """Return the mean over classes of (t_c − p_c)² between distributions; range [0, 2 / k].

    Mean-Teacher and Pi-model, with the mean over classes of the reference.
    """
    return (target - logits.float().softmax(dim=1)).square().mean(dim=1)


def inverse_cross_entropy(anchor: Float[Tensor, "n m"], partner: Float[Tensor, "n m"]) -> Float[Tensor, " n"]:
    """Return CE⁻¹ = −Σ_c p_c log(1 − q_c) between two cluster distributions (paper, eq. 3).

    It pushes an image out of the cluster of its partner. Range [0, ∞): 0 for disjoint distributions. Both
    arguments have a gradient, which does not vanish when both images sit in one cluster with certainty.

    Args:
        anchor: cluster logits of p, at least two clusters.
        partner: cluster logits of q.
    """
    return -(anchor.float().softmax(dim=1) * log_complement(partner)).sum(dim=1)


def log_complement(logits: Float[Tensor, "n m"]) -> Float[Tensor, "n m"]:
    """Return log(1 − softmax(z)_c) = logsumexp_{j≠c} z_j − logsumexp_j z_j, exact for any margin.

    ``softmax → clip → log(1 − x)`` has no gradient once a margin exceeds 18 in float32. Only the largest
    probability can be close to 1, so only there the sum over the others is formed.
    """
    logits = logits.float()
    top = logits.argmax(dim=1, keepdim=True)
    rest = torch.log1p(-logits.softmax(dim=1).scatter(1, top, 0.0))
    others = logits.scatter(1, top, -torch.inf).logsumexp(dim=1, keepdim=True)
    return rest.scatter(1, top, others - logits.logsumexp(dim=1, keepdim=True))


def ambiguity(pseudo_label: Float[Tensor, " n"], logits: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return the binary cross-entropy between an ambiguity pseudo-label h and p_a (paper, eq. 2)."""
    return F.binary_cross_entropy_with_logits(logits.float(), pseudo_label, reduction="none")


def logit(share: float) -> float:
    """Return log(p / (1 − p)), limited to ±13.8 (p within 10⁻⁶ of zero or one)."""
    inside = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))


def similarity(first: Float[Tensor, "n m"], second: Float[Tensor, "n m"]) -> Float[Tensor, " n"]:
    """Return H(p_o(x), p_o(x′)) of the cluster distributions of two views of an image (paper, L_S).

    Linear in the first argument: its gradient there drives p_o(x) to the likeliest cluster of the other view.
    """
    return cross_entropy(first.float().softmax(dim=1), second)


def divergence(first: Float[Tensor, "n k"], second: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """Return how far two class distributions of an image disagree: Jensen–Shannon, in nats, in [0, log 2].

    ``H((p + q) / 2) − (H(p) + H(q)) / 2`` of p = softmax(first) and q = softmax(second) (Lin 1991).
    """
    p, q = first.float().softmax(dim=1), second.float().softmax(dim=1)
    mixed, single = (torch.special.entr(one).sum(dim=1) for one in ((p + q) / 2, torch.cat([p, q])))
    alone = (single[: len(p)] + single[len(p) :]) / 2
    return torch.clamp_min(mixed - alone, 0)


def balanced(logits: Float[Tensor, "n m"]) -> Float[Tensor, "n m"]:
    """Return cluster distributions of a batch, drawn towards clusters of equal size; no gradient.

    Sinkhorn–Knopp from softmax(:data:`SHARPNESS` · z): in each of :data:`ROUNDS` rounds first every cluster,
    then every image is made to sum to the same (Cuturi 2013; as a target of clusters SwAV, Caron et al.
    2020). Rows sum to one; columns to n / m all the more, the less sharp the logits are.
    """
    shares = (SHARPNESS * logits.detach().float()).log_softmax(dim=1)
    for _ in range(ROUNDS):
        shares = (shares - shares.logsumexp(dim=0)).log_softmax(dim=1)
    return shares.exp()


def pseudo_ambiguity(scores: Float[Tensor, " n"], prior: float) -> Float[Tensor, " n"]:
    """Return h: 1 for the ⌊n · p_A⌋ images with the highest scores, 0 for the rest (paper, eq. 2).

    Exactly that many, also with ties; none for p_A = 0, all for p_A = 1. The paper's text sorts the other way
    round, its code does not: the highest p_a count as ambiguous.
    """
    count = int(len(scores) * prior + 1e-9)
    chosen = scores.detach().topk(count).indices
    return torch.zeros_like(scores, dtype=torch.float32).index_fill(0, chosen, 1.0)
