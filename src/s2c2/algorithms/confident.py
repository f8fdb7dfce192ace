"""Hard pseudo-labels of confident images."""

import torch.nn.functional as F  # noqa: N812
from jaxtyping import Bool, Float
from torch import Tensor


def pseudo_labels(
    logits: Float[Tensor, "u k"], threshold: float | Float[Tensor, " k"]
) -> tuple[Float[Tensor, "u k"], Bool[Tensor, " u"]]:
    """Return one-hot rows of the likeliest class, and where its probability reaches the threshold.

    Neither has a gradient. There may be a threshold for each class.
    """
    confidence, classes = logits.detach().float().softmax(dim=1).max(dim=1)
    least = threshold[classes] if isinstance(threshold, Tensor) else threshold
    return F.one_hot(classes, logits.shape[1]).to(logits.dtype), confidence >= least
