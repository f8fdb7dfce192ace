"""What each score says, in plain words: for tables and reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", ""]
"""Which way is better; empty where neither is."""


@dataclass(frozen=True)
class Caption:
    """Name and meaning of a score."""

    name: str
    """Short name for a table."""
    better: Better
    """Which way is better."""
    text: str
    """One sentence for someone who does not know the score."""


CAPTIONS: Mapping[str, Caption] = {
    "images": Caption("images", "", "Images that were scored: those that people annotated."),
    "left_out": Caption("left out", "", "Images nobody annotated; they cannot be scored."),
    "share_ambiguous": Caption("ambiguous (predicted)", "", "Share of the images the network sets aside."),
    "share_disputed": Caption("ambiguous (people)", "", "Share of the images people disagree about."),
    "f1_certain": Caption(
        "F1 certain",
        "higher",
        "How right the class is where the network is certain. Easier the more is set aside.",
    ),
    "f1_all": Caption("F1 all", "higher", "How right the class is on all images, none set aside."),
    "macro_f1": Caption("macro F1", "higher", "The same with each class counting equally, however rare."),
    "accuracy": Caption("accuracy", "higher", "Share of all images with the class most people chose."),
    "distance": Caption(
        "d",
        "lower",
        "How much people's opinions differ inside a group, each group counting equally. "
        "Compare it only on the same images and the same number of groups.",
    ),
    "distance_size": Caption("d by size", "lower", "The same with each group counting by its images."),
    "score": Caption("d − F1", "lower", "The paper's score: d minus F1 on the certain images."),
    "clusters": Caption("groups used", "", "Groups that hold at least one image."),
    "clusters_effective": Caption("effective groups", "", "Equally large groups that would be as spread."),
    "usage_entropy": Caption("usage entropy", "", "1: all used groups equally large; 0: a single group."),
    "largest_cluster": Caption("largest group", "", "Share of the grouped images in the largest group."),
    "smallest_cluster": Caption(
        "smallest group", "", "Images in the smallest group; groups of one have d = 0."
    ),
    "purity": Caption("purity", "higher", "Share of images that are of their group's commonest class."),
    "nmi": Caption("NMI", "higher", "How much group and class tell of each other, 0 to 1."),
    "detector": Caption("detector", "", "The score that is tested for finding ambiguous images."),
    "auroc": Caption(
        "AUROC",
        "higher",
        "How often an image people disagree about scores higher than one they agree on; 0.5 is a coin.",
    ),
    "auroc_strict": Caption(
        "AUROC strict", "higher", "The same, with any single dissent counting as disagreement."
    ),
    "average_precision": Caption(
        "average precision",
        "higher",
        "How pure the top of the list is; a coin reaches the share people disagree about.",
    ),
    "spearman": Caption(
        "Spearman", "higher", "Does more disagreement come with a higher score? 0 is no relation."
    ),
    "ece": Caption("ECE", "lower", "Mean gap between stated confidence and how often the network is right."),
    "kl": Caption(
        "KL", "lower", "How far the predicted distribution is from what people said; 0 is the same."
    ),
    "degenerate": Caption(
        "degenerate", "", "Almost all images certain, or almost all ambiguous: scores mean little."
    ),
    "collapsed": Caption("collapsed", "", "All images in one class, or the ambiguous ones in one cluster."),
}
"""Caption of each field of :class:`s2c2.metrics.scores.Scores` that goes into a table."""
