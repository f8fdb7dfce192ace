"""Make the contact sheet of views in the documentation: ``python docs/make_views.py``."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image

from s2c2.data.sheet import contact_sheet
from s2c2.data.synthetic import synthetic

ROWS = 8
ENLARGED = 2
SHEET = Path(__file__).parent / "_static" / "views.png"


def pictures() -> torch.Tensor:
    with TemporaryDirectory() as folder:
        dataset = synthetic(Path(folder) / "shapes", images=ROWS, seed=0, ambiguous=0.0)
        images = [np.array(Image.open(dataset.path(image)).convert("RGB")) for image in dataset.images]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def main() -> None:
    sheet = Image.fromarray(contact_sheet(pictures(), seed=0))
    SHEET.parent.mkdir(exist_ok=True)
    size = (sheet.width * ENLARGED, sheet.height * ENLARGED)
    sheet.resize(size, Image.Resampling.NEAREST).save(SHEET, optimize=True)


if __name__ == "__main__":
    main()
