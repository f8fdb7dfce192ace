"""The contracts between data, network, algorithm and objective.

Axis letters: ``b`` labeled images of a batch, ``u`` unlabeled images of a batch, ``n`` images, ``k`` classes,
``m`` clusters, ``e`` features of an embedding, ``c h w`` an image, or ``e 1 1`` an embedding in its place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol, runtime_checkable

import torch
from annotated_types import Ge, Le
from jaxtyping import Float, Int
from torch import Tensor

Images = Float[Tensor, "n c h w"]
"""Images as the network reads them, values in [−1, 1]."""


Share = Annotated[float, Ge(0), Le(1)]
"""A number in [0, 1]."""
Weight = Annotated[float, Ge(0)]
"""A number that is not negative."""
Count = Annotated[int, Ge(1)]
"""A number of things, at least one."""


@dataclass(frozen=True)
class Outputs:
    """Logits of a network's heads. A network without a head has ``None`` there."""

    classes: Float[Tensor, "n k"]
    """Class logits; p_n = softmax."""
    embeddings: Float[Tensor, "n e"]
    """Features that the heads read."""
    clusters: Float[Tensor, "n m"] | None = None
    """Cluster logits; p_o = softmax."""
    ambiguity: Float[Tensor, " n"] | None = None
    """Ambiguity logit; p_a = sigmoid."""


@dataclass(frozen=True)
class Batch:
    """The images of one step, as views, and the labels of the labeled ones."""

    labels: Float[Tensor, "b k"]
    """Distribution over the classes; a hard label is a one-hot row."""
    labeled: Float[Tensor, "b c h w"]
    """Weak view of each labeled image."""
    student: tuple[Float[Tensor, "u c h w"], ...]
    """Views of the unlabeled images that the trained network reads."""
    teacher: tuple[Float[Tensor, "u c h w"], ...]
    """Views that the averaged network reads."""
    unlabeled: Int[Tensor, " u"]
    """Number of each unlabeled image in the pack."""
    targets: tuple[Float[Tensor, "u k"], ...] = ()
    """For each student view the distributions that a :class:`Preparing` algorithm computed."""
    pool: int = 0
    """Number of unlabeled images that batches are drawn from; 0 where it is not known."""
    dissent: Float[Tensor, " b"] | None = None
    """Share of the votes of each labeled image that are not for its first class; NaN below two votes."""


@dataclass(frozen=True)
class StepInputs:
    """What an algorithm sees of a step: class logits, labels, and which images they are of."""

    labels: Float[Tensor, "b k"]
    labeled: Float[Tensor, "b k"]
    """Class logits of the labeled images."""
    student: tuple[Float[Tensor, "u k"], ...]
    """Class logits of the trained network, one for each view in ``Algorithm.student``."""
    teacher: tuple[Float[Tensor, "u k"], ...]
    """Class logits of the averaged network, without gradient, one for each view in ``Algorithm.teacher``."""
    progress: float
    """Share of the training that is done, in [0, 1]."""
    targets: tuple[Float[Tensor, "u k"], ...] = ()
    """Distributions for each student view, from :class:`Preparing` algorithms only."""
    images: Int[Tensor, " u"] | None = None
    """Number of each unlabeled image, the same in every step, for algorithms that remember images."""
    pool: int = 0
    """Number of unlabeled images that batches are drawn from; 0 where it is not known."""
    training: bool = False
    """Whether this is a training step: only then does an algorithm with state change it, once."""

    @property
    def unlabeled(self) -> int:
        """Number u of unlabeled images."""
        return len(self.student[0]) if self.student else 0


@dataclass(frozen=True)
class SampleLosses:
    """One loss for each image, already weighted by the algorithm."""

    labeled: Float[Tensor, " b"]
    unlabeled: Float[Tensor, " u"]


@dataclass(frozen=True)
class Step:
    """One training step as an objective sees it: labels and the outputs of every head."""

    labels: Float[Tensor, "b k"]
    labeled: Outputs
    student: tuple[Outputs, ...]
    teacher: tuple[Outputs, ...]
    progress: float
    generator: torch.Generator
    """Source of the step's random draws, seeded by (seed, step)."""
    targets: tuple[Float[Tensor, "u k"], ...] = ()
    images: Int[Tensor, " u"] | None = None
    """Number of each unlabeled image in the pack."""
    pool: int = 0
    """Number of unlabeled images that batches are drawn from."""
    training: bool = False
    """Whether the network trains on this step."""
    dissent: Float[Tensor, " b"] | None = None
    """Share of the votes of each labeled image that are not for its first class; NaN below two votes."""

    @property
    def inputs(self) -> StepInputs:
        """The part of the step that an algorithm may see."""
        return StepInputs(
            labels=self.labels,
            labeled=self.labeled.classes,
            student=tuple(view.classes for view in self.student),
            teacher=tuple(view.classes for view in self.teacher),
            progress=self.progress,
            targets=self.targets,
            images=self.images,
            pool=self.pool,
            training=self.training,
        )


@dataclass(frozen=True)
class Losses:
    """Named terms of one step's loss, each a weighted scalar; their sum is minimised."""

    terms: Mapping[str, Float[Tensor, ""]]

    @property
    def total(self) -> Float[Tensor, ""]:
        """Sum of the terms."""
        return torch.stack(list(self.terms.values())).sum()


Predict = Callable[[Float[Tensor, "n c h w"]], Float[Tensor, "n k"]]
"""Class logits of the trained network for some images, without gradient."""


@runtime_checkable
class Algorithm(Protocol):
    """A semi-supervised algorithm: class logits in, one loss for each image out.

    An algorithm with state is a module with buffers. Its losses depend on each image and on the state; the
    state changes in a call whose ``step.training`` is true, which happens once in a training step, and never
    otherwise.
    """

    @property
    def student(self) -> tuple[str, ...]:
        """Views of an unlabeled image that the trained network reads, for example ``("weak", "strong")``."""

    @property
    def teacher(self) -> tuple[str, ...]:
        """Views that the averaged network reads, for example ``("weak",)``."""

    @property
    def ratio(self) -> int:
        """Unlabeled images in a batch for each labeled one."""

    def __call__(self, step: StepInputs) -> SampleLosses:
        """Return the losses of a step, not reduced."""


@runtime_checkable
class Preparing(Protocol):
    """An algorithm that makes its inputs from predictions, such as MixMatch."""

    def prepare(self, batch: Batch, predict: Predict, generator: torch.Generator) -> Batch:
        """Return the batch that is trained on."""


@runtime_checkable
class Objective(Protocol):
    """Reduces a step to named scalars. It wraps an algorithm and never changes it."""

    @property
    def algorithm(self) -> Algorithm:
        """The wrapped algorithm."""

    @property
    def student(self) -> tuple[str, ...]:
        """Views that the trained network reads: the algorithm's, or more."""

    @property
    def heads(self) -> frozenset[str]:
        """Heads beside ``classes`` that the objective trains: ``clusters``, ``ambiguity``."""

    def __call__(self, step: Step) -> Losses:
        """Return the terms of the loss."""
