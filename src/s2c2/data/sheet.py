"""A contact sheet of views: what training makes of an image."""

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from s2c2.data.views import VIEWS, Draws

COLUMNS = ("none", *["weak"] * 3, *["strong"] * 6)
"""View in each column of a sheet."""

GAP = 2
"""Pixels between two images."""

PAPER = 255
"""Value of the gaps."""


def contact_sheet(images: UInt8[Tensor, "n 3 h w"], seed: int = 0) -> UInt8[np.ndarray, "height width 3"]:
    """Lay each image and views of it side by side, an image a row.

    Args:
        images: at least one image.
        seed: seed of the views.

    Returns:
        A picture of n rows: the image, three weak and six strong views, with thin white gaps.
    """
    number = torch.arange(len(images))
    views = [
        VIEWS[name](images, Draws(seed=seed, step=0, images=number, slot=slot))
        for slot, name in enumerate(COLUMNS)
    ]
    cells = torch.nn.functional.pad(torch.stack(views, dim=1), (0, GAP, 0, GAP), value=PAPER)
    n, columns, _, h, w = cells.shape
    sheet = cells.permute(0, 3, 1, 4, 2).reshape(n * h, columns * w, 3)
    return sheet[:-GAP, :-GAP].cpu().numpy()
