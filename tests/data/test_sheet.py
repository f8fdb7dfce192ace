import numpy as np
import torch

from s2c2.data.sheet import contact_sheet
from s2c2.data.views import VIEWS, Draws


def test_a_row_shows_the_image_three_weak_and_six_strong_views() -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (3, 3, 16, 20), dtype=np.uint8))
    sheet = contact_sheet(images, seed=4)
    assert sheet.shape == (3 * 16 + 2 * 2, 10 * 20 + 9 * 2, 3)
    for column, name in enumerate(["none"] + ["weak"] * 3 + ["strong"] * 6):
        views = VIEWS[name](images, Draws(4, 0, torch.arange(3), column)).permute(0, 2, 3, 1).numpy()
        for row in range(3):
            cell = sheet[row * 18 : row * 18 + 16, column * 22 : column * 22 + 20]
            np.testing.assert_array_equal(cell, views[row])
    assert bool((sheet[16:18] == 255).all())
    assert bool((sheet[:, 20:22] == 255).all())
