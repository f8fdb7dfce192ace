"""Weights of a network from a local file: safetensors only, nothing is ever unpickled."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from s2c2.errors import UserError
from s2c2.networks.efficientnet import Lite0
from s2c2.networks.timm_backbone import TimmBackbone

INSIDE = ("averaged.backbone.model.", "averaged.backbone.", "backbone.model.", "backbone.", "model.")
"""Beginnings of the names in a checkpoint of ours, of which the first that occurs is cut off."""

HEADS = ("fc.", "_fc.", "head.", "heads.", "classifier.")
"""Beginnings of the names of classifiers, which are left out."""


def load_weights(module: nn.Module, path: Path) -> None:
    """Put the weights of a safetensors file into a backbone; a classifier in the file is left out.

    Args:
        module: a backbone; of one around another package's model it is that model's weights.
        path: its weights, those of torchvision, timm or the package, or a checkpoint of a run, of which the
            averaged network's backbone is taken.

    Raises:
        UserError: for an absent file, one that is not safetensors, or weights of another network.
    """
    tensors = _within(_read(path))
    model: nn.Module = module.model if isinstance(module, TimmBackbone | Lite0) else module
    expected = model.state_dict()
    tensors = {name: value for name, value in tensors.items() if name in expected or not _is_head(name)}
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"the weights in {path} belong to another network: {reason}") from error


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise UserError(f"no weights file {path}")
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path} is not a whole safetensors file ({error}); other formats can run code when they are "
            "read: convert the weights with safetensors.torch.save_file"
        ) from error
    return tensors


def _within(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors below the first beginning that occurs, without it."""
    for beginning in INSIDE:
        inside = {
            name.removeprefix(beginning): t for name, t in tensors.items() if name.startswith(beginning)
        }
        if inside:
            return inside
    return tensors


def _is_head(name: str) -> bool:
    return name.startswith(HEADS)
