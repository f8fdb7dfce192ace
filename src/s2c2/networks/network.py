"""A backbone with named linear heads."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2c2.types import Outputs


class Network(nn.Module):
    """One backbone pass, then one linear layer for each head.

    Args:
        backbone: maps images in [−1, 1] to embeddings ``(n, e)``; its ``features`` is e.
        heads: outputs of each head, ``classes`` and optionally ``clusters`` and ``ambiguity``.
    """

    def __init__(self, backbone: nn.Module, heads: Mapping[str, int]) -> None:
        super().__init__()
        self.backbone = backbone
        features = int(backbone.features)  # type: ignore[arg-type]
        self.heads = nn.ModuleDict({name: head(features, size) for name, size in heads.items()})

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(self.parameters()).device

    def forward(self, images: Float[Tensor, "n c h w"]) -> Outputs:
        """Return the logits of every head; the heads compute in float32 also under autocast."""
        embeddings = self.backbone(images).float()
        with torch.autocast(images.device.type, enabled=False):
            logits = {name: layer(embeddings) for name, layer in self.heads.items()}
        ambiguity = logits.get("ambiguity")
        return Outputs(
            classes=logits["classes"],
            embeddings=embeddings,
            clusters=logits.get("clusters"),
            ambiguity=None if ambiguity is None else ambiguity[:, 0],
        )


def head(features: int, size: int) -> nn.Linear:
    """Return a linear layer with Glorot-normal weights and zero biases (reference)."""
    layer = nn.Linear(features, size)
    nn.init.xavier_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def split_outputs(outputs: Outputs, sizes: list[int]) -> list[Outputs]:
    """Cut the outputs of a joined batch into its parts."""
    columns = (outputs.classes, outputs.embeddings, outputs.clusters, outputs.ambiguity)
    parts = [_parts(column, sizes) for column in columns]
    return [Outputs(*row) for row in zip(*parts, strict=True)]


def _parts(column: Tensor | None, sizes: list[int]) -> list[Tensor] | list[None]:
    return [None] * len(sizes) if column is None else list(torch.split(column, sizes))
