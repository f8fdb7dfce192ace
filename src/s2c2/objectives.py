"""Objectives reduce a step to named scalars. S2C2 wraps any algorithm (paper, eq. 1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from s2c2 import losses
from s2c2.transfer import sent
from s2c2.types import Algorithm, Losses, Objective, Outputs, Share, Step, Weight


@dataclass(frozen=True)
class Vanilla:
    """The algorithm as it is: the mean of its losses."""

    algorithm: Algorithm
    class_weights: Float[Tensor, " k"] | None = None
    """Weight of each class in the labeled loss; None weighs all alike."""

    heads: ClassVar[frozenset[str]] = frozenset()

    @property
    def student(self) -> tuple[str, ...]:
        """The algorithm's own views."""
        return self.algorithm.student

    def __call__(self, step: Step) -> Losses:
        """Return the terms ``labeled`` and ``unlabeled``."""
        sample = self.algorithm(step.inputs)
        labeled = weighted(sample.labeled, step.labels, self.class_weights)
        return Losses({"labeled": mean(labeled), "unlabeled": mean(sample.unlabeled)})


@dataclass(frozen=True)
class S2C2:
    """An algorithm extended by ambiguity estimation and overclustering (paper, eq. 1).

    ``L = L_SSL · (1 − p_a) + λ_a L_A + λ_CE⁻¹ L_CE⁻¹ · (1 − p_a) + λ_s L_S · p_a``. View 0 is the image that
    is read; the other view of L_S is the next student view, else the first teacher view, else none. The
    defaults are the reference's; each field that decides a disagreement between paper and code says so.
    """

    algorithm: Algorithm
    class_weights: Float[Tensor, " k"] | None = None
    """Weight of each class in the labeled loss; None weighs all alike."""
    prior: Share | None = 0.6
    """Prior p_A: expected share of ambiguous images, in [0, 1]; None: no ambiguity head."""
    ambiguity: Weight = 0.1
    """Weight λ_a of the ambiguity loss L_A (paper: 0.1)."""
    separation: Weight = 10.0
    """Weight λ_CE⁻¹ of the inverse cross-entropy (paper: 10)."""
    similarity: Weight = 0.1
    """Weight λ_s of the similarity of two views (paper: 0.1)."""
    confidence: Share = 0.95
    """Least confidence of an unlabeled anchor of L_CE⁻¹ (reference: 0.95; paper: none, that is 0)."""
    confident_partner: bool = False
    """Whether the unlabeled partner must be confident too (reference: no)."""
    partner: Literal["labeled", "unlabeled"] = "labeled"
    """Where partners of labeled anchors come from (paper: ``labeled``; reference slip: ``unlabeled``)."""
    gradient: bool = False
    """Whether the gradient passes through p_a where it scales a loss (paper: yes; reference: no)."""
    scale_labeled: bool = False
    """Whether 1 − p_a scales the labeled losses too (paper: yes; reference: no)."""
    target_gradient: Literal["auto", "stop", "pass"] = "auto"
    """Gradient through the second view of L_S; ``auto``: only to one of another kind (reference)."""
    evidence: Literal["own", "confidence", "views"] = "own"
    """What ranks the batch in L_A: p_a (paper), doubt of the class head, or how far views disagree (ours)."""
    votes: Weight = 0.0
    """Weight of the loss of p_a on labeled images with two votes or more: ambiguous if they differ (ours)."""
    disputed: float | None = None
    """Share of these images whose votes differ; shifts their p_a to the prior."""
    lone_view: Literal["none", "entropy"] = "none"
    """L_S where an algorithm has one view only (paper: none; reference: the entropy of p_o)."""
    assignment: Literal["softmax", "balanced"] = "softmax"
    """Target of L_S: p_o of the other view (paper), or that drawn towards clusters of equal size (ours)."""
    view: Literal["first", "last"] = "first"
    """Student view whose heads are trained and scale losses: weak (reference), or strong (ours)."""

    @property
    def heads(self) -> frozenset[str]:
        """Clusters always, ambiguity unless the prior is None."""
        return frozenset({"clusters"} if self.prior is None else {"clusters", "ambiguity"})

    @property
    def student(self) -> tuple[str, ...]:
        """The algorithm's views, or two weak ones where it has none (reference, supervised)."""
        return self.algorithm.student or ("weak", "weak")

    @property
    def trains_clusters(self) -> bool:
        """Whether L_CE⁻¹ or L_S reaches the cluster head; L_S needs two views and p_a."""
        second = self.compares_views or self.lone_view == "entropy"
        return bool(self.separation or (self.similarity and self.prior is not None and second))

    @property
    def compares_views(self) -> bool:
        """Whether there is a second view of an unlabeled image."""
        return bool(self.student[1:] or self.algorithm.teacher)

    def __call__(self, step: Step) -> Losses:
        """Return the terms ``labeled``, ``unlabeled`` and those of S2C2 whose weight is not zero."""
        sample = self.algorithm(step.inputs)
        certain = 1 - self.ambiguities(self.main(step))
        labeled = weighted(sample.labeled, step.labels, self.class_weights)
        terms = {
            "labeled": mean(labeled * self.labeled_scale(step)),
            "unlabeled": mean(certain * sample.unlabeled),
        }
        if self.prior is not None and self.ambiguity:
            terms["ambiguity"] = self.ambiguity * mean(self.ambiguity_losses(step))
        if self.prior is not None and self.votes:
            terms["votes"] = self.votes * self.votes_loss(step)
        if self.separation:
            terms["separation"] = self.separation * self.separation_loss(step, certain)
        if self.similarity:
            terms["similarity"] = self.similarity * mean((1 - certain) * self.similarity_losses(step))
        return Losses(terms)

    def main(self, step: Step) -> Outputs:
        """Return the outputs for the view whose heads are trained."""
        return step.student[0 if self.view == "first" else -1]

    def ambiguities(self, outputs: Outputs) -> Float[Tensor, " n"]:
        """Return p_a as it scales losses; zero where there is no ambiguity head."""
        if outputs.ambiguity is None or self.prior is None:
            return outputs.classes.new_zeros(len(outputs.classes))
        p_a = outputs.ambiguity.sigmoid()
        return p_a if self.gradient else p_a.detach()

    def labeled_scale(self, step: Step) -> Float[Tensor, " b"]:
        """Return the scale of the labeled losses: one, or 1 − p_a of the labeled images."""
        if self.scale_labeled:
            return 1 - self.ambiguities(step.labeled)
        return torch.ones_like(step.labels[:, 0])

    def ambiguity_losses(self, step: Step) -> Float[Tensor, " u"]:
        """Return L_A: the ⌊u · p_A⌋ images with the most evidence are to be ambiguous (eq. 2)."""
        logits = _present(self.main(step).ambiguity, "ambiguity")
        target = losses.pseudo_ambiguity(self.ambiguity_evidence(step), self.prior or 0.0)
        return losses.ambiguity(target, logits)

    def ambiguity_evidence(self, step: Step) -> Float[Tensor, " u"]:
        """Return the scores that rank the batch, without gradient.

        ``own`` is the paper's p_a, which nothing ties to the images, so that its polarity is arbitrary.
        ``confidence`` is 1 − max p_n of the averaged network where the algorithm has a teacher view, else of
        view 0: it gives p_a the polarity of doubt. ``views`` is how far p_n of both views of L_S disagree,
        of the trained and the averaged network where the second is a teacher view; ``own`` without a second.
        """
        others = self.others(step)
        if self.evidence == "own" or (self.evidence == "views" and not others):
            return _present(self.main(step).ambiguity, "ambiguity").detach()
        if self.evidence == "views":
            return losses.divergence(self.main(step).classes.detach(), others[0].classes.detach())
        outputs = step.teacher[0] if step.teacher else step.student[0]
        return 1 - outputs.classes.detach().float().softmax(dim=1).amax(dim=1)

    def votes_loss(self, step: Step) -> Float[Tensor, ""]:
        """Return the mean over labeled images with two or more votes: ambiguous are those whose votes differ.

        A share r of them differs, but a share p_A is to be ambiguous: where p_a is held against votes, its
        logit is shifted by logit r − logit p_A, so that it learns their order and keeps the share.
        """
        logits = _present(step.labeled.ambiguity, "ambiguity")
        if step.dissent is None or self.disputed is None:
            return mean(logits[:0])
        known = ~step.dissent.isnan()
        shift = losses.logit(self.disputed) - losses.logit(self.prior or 0.0)
        return mean(losses.ambiguity((step.dissent[known] > 0).float(), logits[known] + shift))

    def separation_loss(self, step: Step, certain: Float[Tensor, " u"]) -> Float[Tensor, ""]:
        """Return L_CE⁻¹ of labeled and unlabeled anchors against partners of another class (eq. 3)."""
        labeled = self.labeled_separation(step) * self.labeled_scale(step)
        return mean(labeled) + mean(certain * self.unlabeled_separation(step))

    def labeled_separation(self, step: Step) -> Float[Tensor, " b"]:
        """Return CE⁻¹ of each labeled image and a random labeled one of another class."""
        classes = step.labels.argmax(dim=1)
        source = step.labeled if self.partner == "labeled" else self.main(step)
        anchors = _present(step.labeled.clusters, "clusters")
        pool = _present(source.clusters, "clusters")
        partner, valid = partners(classes, torch.ones_like(classes, dtype=torch.bool), step.generator)
        return valid * losses.inverse_cross_entropy(anchors, pool[partner % len(pool)])

    def unlabeled_separation(self, step: Step) -> Float[Tensor, " u"]:
        """Return CE⁻¹ of each confident unlabeled image and a random one of another predicted class."""
        confidence, classes = step.student[0].classes.detach().float().softmax(dim=1).max(dim=1)
        confident = confidence >= self.confidence
        pool = confident if self.confident_partner else torch.ones_like(confident)
        partner, valid = partners(classes, pool, step.generator)
        clusters = _present(self.main(step).clusters, "clusters")
        return (valid & confident) * losses.inverse_cross_entropy(clusters, clusters[partner])

    def similarity_losses(self, step: Step) -> Float[Tensor, " u"]:
        """Return L_S between the view whose heads are trained and the other view.

        A target that is balanced over the batch stands first, as H(Q(x′), p_o(x)), and never has a gradient.
        """
        first = _present(self.main(step).clusters, "clusters")
        others = self.others(step)
        if not others:
            return (
                losses.similarity(first, first)
                if self.lone_view == "entropy"
                else torch.zeros_like(first[:, 0])
            )
        second = _present(others[0].clusters, "clusters")
        if self.assignment == "balanced":
            return losses.cross_entropy(losses.balanced(second), first)
        return losses.similarity(first, second if self.passes_target() else second.detach())

    def others(self, step: Step) -> tuple[Outputs, ...]:
        """Return the outputs for all views but the one whose heads are trained; the first is that of L_S."""
        student = step.student[1:] if self.view == "first" else step.student[-2::-1]
        return (*student, *step.teacher)

    def passes_target(self) -> bool:
        """Return whether the second view of L_S has a gradient."""
        other = self.student[1:2]
        differs = bool(other) and other[0] != self.student[0]
        auto = self.target_gradient == "auto" and self.view == "first"
        return self.target_gradient == "pass" or (auto and differs)


def inverse_only(algorithm: Algorithm, class_weights: Float[Tensor, " k"] | None = None) -> S2C2:
    """Return the ablation +CE⁻¹ of Table 4: overclustering without ambiguity and similarity."""
    return S2C2(algorithm, class_weights, prior=None, similarity=0.0)


def without_inverse(algorithm: Algorithm, class_weights: Float[Tensor, " k"] | None = None) -> S2C2:
    """Return the ablation +CC of Table 4: S2C2 without the inverse cross-entropy."""
    return S2C2(algorithm, class_weights, separation=0.0)


OBJECTIVES: Mapping[str, Callable[..., Objective]] = MappingProxyType(
    {"vanilla": Vanilla, "s2c2": S2C2, "ce-inverse": inverse_only, "cc": without_inverse}
)
"""The rows of the paper's Table 4 by name."""


def weighted(
    values: Float[Tensor, " b"], labels: Float[Tensor, "b k"], weights: Float[Tensor, " k"] | None
) -> Float[Tensor, " b"]:
    """Return each loss times the expected weight of its class."""
    return values if weights is None else values * (labels @ sent(weights, labels.device).to(labels.dtype))


def mean(values: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Return the mean over images; zero, with a gradient of zero, where there are none."""
    return values.sum() / max(len(values), 1)


def partners(
    classes: Int[Tensor, " n"], pool: Bool[Tensor, " n"], generator: torch.Generator
) -> tuple[Int[Tensor, " n"], Bool[Tensor, " n"]]:
    """Draw for each image one of another class, uniformly from the pool, and say where there is one.

    Args:
        classes: class of each image.
        pool: images that may be a partner.
        generator: source of the draw.
    """
    allowed = (classes[:, None] != classes[None, :]) & pool[None, :]
    scores = sent(torch.rand(allowed.shape, generator=generator, device=generator.device), allowed.device)
    return scores.masked_fill(~allowed, -1.0).argmax(dim=1), allowed.any(dim=1)


def balanced_weights(labels: Float[Tensor, "n k"]) -> Float[Tensor, " k"]:
    """Return w_c = N / (k · n_c) from the labeled images only; 0 for a class that has none.

    The reference counts the whole dataset, validation included.
    """
    counts = labels.sum(dim=0)
    return torch.where(counts > 0, counts.sum() / (len(counts) * counts.clamp_min(1e-9)), 0.0)


def _present(tensor: Tensor | None, head: str) -> Tensor:
    if tensor is None:
        raise ValueError(f"the network has no head '{head}': build it with the objective's heads")
    return tensor
