"""All scores of one run on one split.

A network without an ambiguity head counts every image as certain; its distance is that of all images grouped
by predicted class, and one minus its highest probability stands in as the detector of ambiguity.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from s2c2.data.annotations import ambiguous as disputed
from s2c2.metrics.aligned import Judged, judged
from s2c2.metrics.ambiguity import auroc, average_precision, entropy, spearman
from s2c2.metrics.calibration import DCIC_CLIP, ece, kl
from s2c2.metrics.captions import CAPTIONS, Caption
from s2c2.metrics.classification import accuracy, macro_f1, weighted_f1
from s2c2.metrics.clustering import inner_distance, normalized_mutual_information, purity, usage
from s2c2.metrics.comparison import Comparison, verdict
from s2c2.metrics.coverage import least_confidence
from s2c2.metrics.degenerate import constant_class, degenerate, single_cluster
from s2c2.metrics.equal_coverage import compare
from s2c2.predictions import Predictions

__all__ = ["Comparison", "Scores", "compare", "evaluate", "verdict"]


@dataclass(frozen=True)
class Scores:
    """Scores of one run on the annotated images of one split; NaN where a score is not defined.

    The target class of an image is the one most people chose, argmax l. What each score means in plain words
    stands in :data:`s2c2.metrics.captions.CAPTIONS`.
    """

    images: int
    """Images scored."""
    left_out: int
    """Images without an annotation, not scored."""
    share_ambiguous: float
    """Share predicted ambiguous; 0 without an ambiguity head."""
    share_disputed: float
    """Share ambiguous to people: max l < 1 − tolerance."""
    f1_certain: float
    """Weighted F1 on the images predicted certain (paper §3.2)."""
    f1_all: float
    """Weighted F1 of the class prediction on all images."""
    macro_f1: float
    """Macro F1 on all images."""
    accuracy: float
    """Accuracy on all images."""
    distance: float
    """Inner distance d of the groups, plain mean over non-empty groups (paper eq. 4)."""
    distance_size: float
    """Inner distance with each group weighted by its images."""
    score: float
    """d − F1 on certain images, the paper's score; lower is better."""
    clusters: int
    """Groups that hold an image: clusters of ambiguous images, or predicted classes of all images."""
    clusters_effective: float
    """Equally large groups that would be as spread."""
    usage_entropy: float
    """Entropy of the group shares over that of equal shares."""
    largest_cluster: float
    """Share of the grouped images in the largest group."""
    smallest_cluster: int
    """Images in the smallest group."""
    purity: float
    """Share of the grouped images whose target is the most frequent one of their group."""
    nmi: float
    """Normalised mutual information of groups and targets."""
    detector: str
    """Score that is judged as detector of ambiguity: ``p_a`` or ``1 - max p``."""
    auroc: float
    """AUROC of the detector against people's ambiguity at the tolerance."""
    auroc_strict: float
    """AUROC with any dissent counted as ambiguous."""
    average_precision: float
    """Average precision of the detector at the tolerance."""
    spearman: float
    """Rank correlation of the detector with the entropy of the soft labels."""
    ece: float
    """Expected calibration error on all images, 15 bins."""
    kl: float
    """Divergence of the soft labels from the predicted distribution on all images, clipped at 1e-5."""
    degenerate: bool
    """Fewer than 10 % certain, or fewer than 10 % ambiguous (paper §3.2); needs an ambiguity head."""
    collapsed: bool
    """One class for all images, or one cluster for over 90 % of the ambiguous ones."""
    reasons: tuple[str, ...]
    """Why it is degenerate or collapsed, in words."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by name, as they are written to ``scores.json``."""
        return asdict(self)

    def rows(self) -> tuple[tuple[Caption, Any], ...]:
        """Return caption and value of each score, in the order of a table."""
        named = [field.name for field in fields(self) if field.name in CAPTIONS]
        return tuple((CAPTIONS[name], getattr(self, name)) for name in named)


def evaluate(
    predictions: Predictions, soft_labels: Float[np.ndarray, "n k"], tolerance: float = 0.03
) -> Scores:
    """Return the scores of the images of one split.

    Args:
        predictions: what the network says of the images of one split.
        soft_labels: what people said, a row for each of these images; NaN rows are left out and counted.
        tolerance: share of dissent that still counts as certain to people; the default reproduces the 32 %
            ambiguous images of the paper's CIFAR-10H.

    Raises:
        UserError: when no image is annotated or the soft labels do not fit the predictions.
    """
    rated = judged(predictions, soft_labels)
    alarms = _alarms(rated.predictions)
    return Scores(
        images=len(rated.predictions),
        left_out=rated.left_out,
        **_classes(rated),
        **_groups(rated),
        **_detection(rated, tolerance),
        degenerate=alarms[0],
        collapsed=alarms[1],
        reasons=alarms[2],
    )


def _classes(rated: Judged) -> dict[str, Any]:
    """Return the scores of the class prediction."""
    target, said = rated.target, rated.predictions
    certain = ~said.ambiguous
    return {
        "f1_certain": weighted_f1(target[certain], said.predicted[certain]),
        "f1_all": weighted_f1(target, said.predicted),
        "macro_f1": macro_f1(target, said.predicted),
        "accuracy": accuracy(target, said.predicted),
        "ece": ece(said.probabilities, target),
        "kl": kl(rated.soft_labels, said.probabilities, clip=DCIC_CLIP),
    }


def _groups(rated: Judged) -> dict[str, Any]:
    """Return the scores of the groups: clusters of ambiguous images, or classes of all of them."""
    grouped, groups = _grouping(rated.predictions)
    target, soft_labels, certain = (
        rated.target[grouped],
        rated.soft_labels[grouped],
        ~rated.predictions.ambiguous,
    )
    used = usage(groups)
    distance = inner_distance(soft_labels, groups)
    return {
        "distance": distance,
        "distance_size": inner_distance(soft_labels, groups, "size"),
        "score": distance - weighted_f1(rated.target[certain], rated.predictions.predicted[certain]),
        "clusters": used.clusters,
        "clusters_effective": used.effective,
        "usage_entropy": used.entropy,
        "largest_cluster": used.largest,
        "smallest_cluster": used.smallest,
        "purity": purity(target, groups),
        "nmi": normalized_mutual_information(target, groups),
    }


def _grouping(said: Predictions) -> tuple[Bool[np.ndarray, " n"], Int[np.ndarray, " g"]]:
    """Return which images are grouped, and the group of each of those."""
    if said.ambiguity is None:
        return np.ones(len(said), dtype=bool), said.predicted
    groups = said.predicted if said.clusters is None else said.clusters
    return said.ambiguous, groups[said.ambiguous]


def _detection(rated: Judged, tolerance: float) -> dict[str, Any]:
    """Return how well the detector finds the images that people disagree about."""
    said, plain = rated.predictions, rated.predictions.ambiguity is None
    detector = least_confidence(said.probabilities) if said.ambiguity is None else said.ambiguity
    truth = disputed(rated.soft_labels, tolerance)
    return {
        "share_ambiguous": float(said.ambiguous.mean()),
        "share_disputed": float(truth.mean()),
        "detector": "1 - max p" if plain else "p_a",
        "auroc": auroc(detector, truth),
        "auroc_strict": auroc(detector, disputed(rated.soft_labels)),
        "average_precision": average_precision(detector, truth),
        "spearman": spearman(detector, entropy(rated.soft_labels)),
    }


def _alarms(said: Predictions) -> tuple[bool, bool, tuple[str, ...]]:
    """Return whether the network is degenerate, whether it collapsed, and why."""
    share = float(said.ambiguous.mean())
    off = said.ambiguity is not None and degenerate(said.ambiguous)
    one_class = constant_class(said.predicted)
    one_cluster = said.clusters is not None and single_cluster(said.clusters[said.ambiguous])
    found = {
        f"{share:.1%} of the images are predicted ambiguous, outside 10 % … 90 %": off,
        "all images get the same class": one_class,
        "one cluster holds more than 90 % of the ambiguous images": one_cluster,
    }
    return off, one_class or one_cluster, tuple(reason for reason, true in found.items() if true)
