"""How the views of a step are read, and which of them only give targets and need no gradient."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from s2c2.networks.manner import PASSES, Passes, joined
from s2c2.networks.network import Network
from s2c2.types import Objective, Outputs, Step

LABELED, UNLABELED = 4, 8
"""Images of the step that is tried to see which views an objective trains."""


def passes(name: str, objective: Objective, network: Network) -> Passes:
    """Return how a network reads views, by the name that it has in a configuration."""
    return lean(targets(objective, network)) if name == "lean" else PASSES[name]


def lean(untrained: frozenset[int]) -> Passes:
    """Return passes that read some student views without gradient, after the others and apart from them.

    Batch norm sees the images of one pass at a time; both passes move its running statistics. What would be
    kept of the untrained views for the backward pass, and the backward pass through them, is saved: a third
    of the step of FixMatch.

    Args:
        untrained: numbers of the student views that only give targets; the labeled images come before view 0.
    """

    def read(network: Network, views: tuple[Tensor, ...]) -> list[Outputs]:
        if not torch.is_grad_enabled():
            return joined(network, views)
        last = [number for number in range(1, len(views)) if number - 1 in untrained]
        first = [number for number in range(len(views)) if number not in last]
        outputs = dict(zip(first, joined(network, _of(views, first)), strict=True))
        with torch.no_grad():
            outputs |= dict(zip(last, joined(network, _of(views, last)), strict=True))
        return [outputs[number] for number in range(len(views))]

    return read


def _of(views: tuple[Tensor, ...], numbers: Sequence[int]) -> tuple[Tensor, ...]:
    return tuple(views[number] for number in numbers)


def targets(objective: Objective, network: Network) -> frozenset[int]:
    """Return the numbers of the student views that the losses of an objective have no gradient to.

    The losses of a made-up step say it: what they detach is not part of their graph, whatever the values.
    """
    sizes = {name: int(layer.out_features) for name, layer in _heads(network).items()}
    student = tuple(_outputs(sizes, UNLABELED) for _ in objective.student)
    teacher = tuple(_outputs(sizes, UNLABELED) for _ in objective.algorithm.teacher)
    uniform = torch.full((UNLABELED, sizes["classes"]), 1 / sizes["classes"])
    step = Step(
        labels=uniform[:LABELED],
        labeled=_outputs(sizes, LABELED),
        student=student,
        teacher=teacher,
        progress=0.5,
        generator=torch.Generator().manual_seed(0),
        targets=(uniform,) * len(student),
        images=torch.arange(UNLABELED),
        pool=UNLABELED,
    )
    total = objective(step).total
    return frozenset(number for number, view in enumerate(student) if not _reached(total, view))


def _heads(network: Network) -> Mapping[str, nn.Linear]:
    return {name: layer for name, layer in network.heads.items() if isinstance(layer, nn.Linear)}


def _outputs(sizes: Mapping[str, int], images: int) -> Outputs:
    logits = {name: torch.zeros(images, size, requires_grad=True) for name, size in sizes.items()}
    ambiguity = logits.get("ambiguity")
    return Outputs(
        classes=logits["classes"],
        embeddings=torch.zeros(images, 1, requires_grad=True),
        clusters=logits.get("clusters"),
        ambiguity=None if ambiguity is None else ambiguity[:, 0],
    )


def _reached(total: Tensor, view: Outputs) -> bool:
    """Return whether a loss has a gradient to any output of a view."""
    columns = (view.classes, view.embeddings, view.clusters, view.ambiguity)
    present = [column for column in columns if column is not None]
    found = torch.autograd.grad(total, present, retain_graph=True, allow_unused=True)
    return any(gradient is not None for gradient in found)
