"""Pictures of soft, coloured shapes whose form changes continuously; drawn in batches with NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

TRAITS = ("oblong", "three", "four", "five", "seven", "hole", "rings", "spokes", "hue")
"""What describes a shape: stretch; strength of its 3, 4, 5 or 7 corners; size of the hole; strength of the
two patterns; hue on the colour circle in turns."""

SHAPES: Mapping[str, tuple[float, ...]] = {
    "disc": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.02),
    "oval": (0.62, 0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0, 0.10),
    "wedge": (0.0, 0.22, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0, 0.20),
    "tile": (0.0, 0.0, 0.17, 0.0, 0.0, 0.0, 0.0, 0.0, 0.36),
    "star": (0.0, 0.0, 0.0, 0.30, 0.0, 0.0, 0.0, 0.2, 0.50),
    "flower": (0.0, 0.0, 0.0, 0.0, 0.24, 0.0, 0.0, 0.5, 0.62),
    "wheel": (0.0, 0.0, 0.0, 0.0, 0.0, 0.35, 0.0, 0.8, 0.76),
    "ring": (0.0, 0.0, 0.0, 0.0, 0.0, 0.62, 0.0, 0.0, 0.90),
}
"""Traits of each class. Neighbours, and the last and the first, are joined by transitions."""

EDGE = 0.06
"""Softness of a shape's edge, in units of its radius."""

OVERSAMPLING = 3
"""Samples along each side of a pixel."""


@dataclass(frozen=True)
class Scene:
    """What varies between pictures of the same shape; one value a picture."""

    centre: Float[np.ndarray, "n 2"]
    """In units of half the picture."""
    radius: Float[np.ndarray, " n"]
    """In units of half the picture."""
    turn: Float[np.ndarray, " n"]
    """Rotation in radians."""
    squash: Float[np.ndarray, " n"]
    """Logarithm of an additional stretch, along a random axis."""
    axis: Float[np.ndarray, " n"]
    """That axis, in radians."""
    light: Float[np.ndarray, " n"]
    """Direction of the light, in radians."""
    colour: Float[np.ndarray, "n 3"]
    """Offsets of hue (in turns), saturation and brightness of the shape."""
    ground: Float[np.ndarray, "n 3"]
    """Hue, saturation and brightness of the background."""
    waves: Float[np.ndarray, "n w 4"]
    """Background waves: two frequencies, phase, strength."""
    clutter: Float[np.ndarray, "n c 5"]
    """Small blobs in the background: place, radius, hue, strength."""
    noise: Float[np.ndarray, " n"]
    """Standard deviation of the sensor's noise, in brightness 0 … 1."""


def scenes(count: int, rng: np.random.Generator) -> Scene:
    """Draw the nuisance of ``count`` pictures."""
    uniform = rng.uniform
    return Scene(
        centre=uniform(-0.16, 0.16, (count, 2)),
        radius=uniform(0.45, 0.70, count),
        turn=uniform(0, 2 * np.pi, count),
        squash=rng.normal(0, 0.10, count),
        axis=uniform(0, np.pi, count),
        light=uniform(0, 2 * np.pi, count),
        colour=rng.normal(0, 1, (count, 3)) * [0.10, 0.10, 0.10],
        ground=np.stack([uniform(0, 1, count), uniform(0.1, 0.5, count), uniform(0.12, 0.9, count)], axis=1),
        waves=uniform(-1, 1, (count, 5, 4)) * [6.0, 6.0, np.pi, 0.10],
        clutter=uniform(-1, 1, (count, 7, 5)) * [1.1, 1.1, 0.16, 0.5, 0.8],
        noise=uniform(0.01, 0.045, count),
    )


def draw(
    traits: Float[np.ndarray, "n p"], scene: Scene, size: int, rng: np.random.Generator
) -> UInt8[np.ndarray, "n s s 3"]:
    """Draw one picture for each row of traits.

    Args:
        traits: values in the order of ``TRAITS``.
        scene: nuisance of each picture.
        size: height and width in pixels.
        rng: source of the sensor's noise.
    """
    picture = _background(*_grid(size), scene)
    fine = _grid(size * OVERSAMPLING)
    shade, cover, shadow = (
        _downsample(part, size) for part in _body(traits.astype(np.float32), scene, *fine)
    )
    picture *= (1 - 0.45 * shadow) * (1 - cover)
    picture += _shape_colour(traits, scene)[:, None, None] * shade
    picture += rng.standard_normal(picture.shape, dtype=np.float32) * _column(scene.noise, 3)
    return np.asarray(np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def _body(
    traits: Float32[np.ndarray, "n p"],
    scene: Scene,
    x: Float32[np.ndarray, "h w"],
    y: Float32[np.ndarray, "h w"],
) -> tuple[Float32[np.ndarray, "n h w"], Float32[np.ndarray, "n h w"], Float32[np.ndarray, "n h w"]]:
    """Return brightness (0 outside), cover (0 outside … 1 inside) and shadow of the shapes."""
    oblong, three, four, five, seven, hole, rings, spokes, _ = (_column(trait, 2) for trait in traits.T)
    u, v = _place(scene, oblong, x, y)
    angle, distance = np.arctan2(v, u), np.hypot(u, v)
    corners = sum(a * np.cos(m * angle) for m, a in ((3, three), (4, four), (5, five), (7, seven)))
    depth = distance / (1 + corners)
    closed = 1 - np.clip(hole / 0.1, 0, 1)
    cover = _step((1 - depth) / EDGE) * _step((depth - hole) / EDGE + 2 * closed)
    middle = (1 + hole) / 2 * np.clip(hole / 0.3, 0, 1)
    height = np.clip(1 - ((depth - middle) / (1 - middle + 1e-6)) ** 2, 0, 1)
    slope = np.cos(angle - _column(scene.light, 2) + _column(scene.turn, 2)) * np.sign(depth - middle + 1e-6)
    pattern = 1 + 0.30 * rings * np.cos(14 * depth) + 0.28 * spokes * np.cos(7 * angle)
    shade = pattern * (0.62 + 0.38 * np.sqrt(height) + 0.30 * slope * (1 - height))
    shadow = _step((1.12 - depth) / 0.25) * _step((depth - 0.8 * hole) / 0.25 + 2 * closed)
    return shade * cover, cover, shadow


def _place(
    scene: Scene,
    oblong: Float32[np.ndarray, "n 1 1"],
    x: Float32[np.ndarray, "h w"],
    y: Float32[np.ndarray, "h w"],
) -> tuple[Float32[np.ndarray, "n h w"], Float32[np.ndarray, "n h w"]]:
    """Return the picture's coordinates as the shape sees them: moved, squashed, turned, scaled."""
    u, v = x - _column(scene.centre[:, 0], 2), y - _column(scene.centre[:, 1], 2)
    u, v = _turned(u, v, _column(scene.axis, 2))
    squash = np.exp(_column(scene.squash, 2))
    u, v = _turned(u * squash, v / squash, _column(scene.turn - scene.axis, 2))
    radius = _column(scene.radius, 2)
    return u / radius * np.exp(-0.5 * oblong), v / radius * np.exp(0.5 * oblong)


def _turned(u: np.ndarray, v: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)


def _background(
    x: Float32[np.ndarray, "h w"], y: Float32[np.ndarray, "h w"], scene: Scene
) -> Float32[np.ndarray, "n h w 3"]:
    """Return a cloudy ground with small blobs on it."""
    light = np.zeros((len(scene.radius), *x.shape), dtype=np.float32)
    for wave in np.moveaxis(scene.waves.astype(np.float32), 1, 0):
        a, b, phase, strength = (_column(value, 2) for value in wave.T)
        light += strength * np.cos(a * x + b * y + phase)
    picture = _rgb(scene.ground)[:, None, None] * (1 + light[..., None])
    for blob in np.moveaxis(scene.clutter, 1, 0):
        across, down, radius, _, strength = (_column(value, 2) for value in blob.T)
        cover = np.exp(-((((x - across) ** 2 + (y - down) ** 2) / (0.004 + radius**2)) ** 2))
        value = 0.5 + 0.4 * np.sign(blob[:, 4])
        colour = _rgb(np.stack([blob[:, 3], np.full(len(blob), 0.5), value], axis=1))
        picture += (np.abs(strength) * cover)[..., None] * (colour[:, None, None] - picture)
    return np.asarray(picture, dtype=np.float32)


def _shape_colour(traits: Float[np.ndarray, "n p"], scene: Scene) -> Float32[np.ndarray, "n 3"]:
    hue, saturation, value = scene.colour.T
    return _rgb(np.stack([traits[:, -1] + hue, 0.55 + saturation, 0.95 + value], axis=1))


def _rgb(hsv: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
    """Return colours given as hue (in turns), saturation and brightness; a smooth colour circle."""
    hue, saturation, value = hsv[:, :1], np.clip(hsv[:, 1:2], 0, 1), np.clip(hsv[:, 2:], 0, 1)
    wheel = 0.5 + 0.5 * np.cos(2 * np.pi * (hue - np.array([[0.0, 1 / 3, 2 / 3]])))
    return np.asarray(value * (1 - saturation * (1 - wheel)), dtype=np.float32)


def _grid(count: int) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    line = ((np.arange(count) + 0.5) / count * 2 - 1).astype(np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def _downsample(picture: Float32[np.ndarray, "n h w"], size: int) -> Float32[np.ndarray, "n s s 1"]:
    blocks = picture.reshape(len(picture), size, OVERSAMPLING, size, OVERSAMPLING)
    return np.asarray(blocks.mean(axis=(2, 4))[..., None])


def _step(value: Float32[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n h w"]:
    """Return a smooth step from 0 below −1 to 1 above 1."""
    t = np.clip(0.5 + 0.5 * value, 0, 1)
    return t * t * (3 - 2 * t)


def _column(values: Float[np.ndarray, " n"], axes: int) -> np.ndarray:
    """Return one float32 value a picture, ready to be combined with pixels."""
    return values.astype(np.float32).reshape(-1, *[1] * axes)
