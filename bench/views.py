"""Views per core-second against the same policy with Pillow, image by image: ``python -m bench.views``."""

import json
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import process_time

import numpy as np
import PIL
import torch
from PIL import Image, ImageEnhance, ImageOps

from s2c2.data.views import VIEWS, Draws

ROUNDS = 7
IMAGES = {32: 512, 96: 128, 224: 48}
RESULT = Path(__file__).parent / "views.json"
POOL = [
    "autocontrast",
    "brightness",
    "color",
    "contrast",
    "equalize",
    "identity",
    "posterize",
    "rotate",
    "sharpness",
    "shear_x",
    "shear_y",
    "solarize",
    "translate_x",
    "translate_y",
]
ENHANCE: dict[str, Callable[[Image.Image], ImageEnhance._Enhance]] = {
    "brightness": ImageEnhance.Brightness,
    "color": ImageEnhance.Color,
    "contrast": ImageEnhance.Contrast,
    "sharpness": ImageEnhance.Sharpness,
}


def weak(pixels: np.ndarray, rng: np.random.Generator) -> Image.Image:
    size = len(pixels)
    reach = size // 8
    y, x = rng.integers(0, 2 * reach + 1, 2)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    image = Image.fromarray(padded[y : y + size, x : x + size])
    return ImageOps.mirror(image) if rng.random() < 0.5 else image


def affine(image: Image.Image, name: str, amount: float) -> Image.Image:
    if name == "rotate":
        return image.rotate(30 * amount)
    matrix = [1.0, 0, 0, 0, 1, 0]
    place = {"shear_x": 1, "translate_x": 2, "shear_y": 3, "translate_y": 5}[name]
    matrix[place] = 0.3 * amount * (image.width if name.startswith("translate") else 1)
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)


def operated(image: Image.Image, name: str, amount: float) -> Image.Image:
    if name in ENHANCE:
        return ENHANCE[name](image).enhance(0.05 + 0.9 * amount)
    plain: dict[str, Callable[[], Image.Image]] = {
        "identity": lambda: image,
        "autocontrast": lambda: ImageOps.autocontrast(image),
        "equalize": lambda: ImageOps.equalize(image),
        "posterize": lambda: ImageOps.posterize(image, 4 + int(5 * amount)),
        "solarize": lambda: ImageOps.solarize(image, int(256 * amount)),
    }
    return plain[name]() if name in plain else affine(image, name, 2 * amount - 1)


def strong(pixels: np.ndarray, rng: np.random.Generator) -> Image.Image:
    image = weak(pixels, rng)
    for name in rng.choice(POOL, 2):
        image = operated(image, name, rng.random())
    side = image.width // 2
    y, x = (int(centre) - side // 2 for centre in rng.integers(0, image.width, 2))
    image.paste((127, 127, 127), (x, y, x + side, y + side))
    return image


PILLOW = {"weak": weak, "strong": strong}


def with_pillow(name: str, pixels: np.ndarray, step: int) -> float:
    rng, start = np.random.default_rng(step), process_time()
    np.stack([np.asarray(PILLOW[name](image, rng)) for image in pixels])
    return process_time() - start


def with_torch(name: str, pixels: np.ndarray, step: int) -> float:
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # as a pack gives them
    draws, start = Draws(seed=0, step=step, images=torch.arange(len(images))), process_time()
    VIEWS[name](images, draws)
    return process_time() - start


def measured(name: str, size: int) -> dict[str, object]:
    """Return views per core-second of both, and the ratio of neighbouring rounds; the first one warms up."""
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES[size], size, size, 3), dtype=np.uint8)
    rounds = [
        (with_torch(name, pixels, step), with_pillow(name, pixels, step)) for step in range(ROUNDS + 1)
    ][1:]
    ours, theirs = (len(pixels) / median(seconds) for seconds in zip(*rounds, strict=True))
    ratios = [pillow / torch for torch, pillow in rounds]
    return {
        "view": name,
        "size": size,
        "views_s": round(ours),
        "pillow_views_s": round(theirs),
        "ratio": round(median(ratios), 2),
        "quartiles": [round(value, 2) for value in quantiles(ratios, n=4)],
    }


def main() -> None:
    torch.set_num_threads(1)
    rows = [measured(name, size) for name in PILLOW for size in IMAGES]
    machine = {
        "processor": platform.processor() or platform.machine(),
        "torch": torch.__version__.split("+")[0],
        "pillow": PIL.__version__,
        "threads": 1,
    }
    RESULT.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
    print("| view | size | views/s | views/s with Pillow | ratio | quartiles |\n|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")


if __name__ == "__main__":
    main()
