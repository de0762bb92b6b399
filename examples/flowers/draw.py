"""Draws flowers, for where no photos can be had: five kinds that differ in petals, heart and colour.

Needs numpy alone.
"""

from dataclasses import dataclass

import numpy as np

SIDE = 224


@dataclass(frozen=True)
class Kind:
    """Colours are RGB from 0 to 1; `depth` is how deep the petals are cut, `heart` its part of the radius."""

    petal: tuple[float, float, float]
    heart_colour: tuple[float, float, float]
    petals: int
    depth: float
    heart: float


KINDS = {
    "daisy": Kind((0.95, 0.95, 0.92), (0.95, 0.80, 0.15), 12, 0.35, 0.28),
    "dandelion": Kind((0.96, 0.82, 0.10), (0.88, 0.68, 0.05), 30, 0.15, 0.40),
    "roses": Kind((0.80, 0.08, 0.15), (0.50, 0.02, 0.08), 5, 0.10, 0.45),
    "sunflowers": Kind((0.98, 0.75, 0.05), (0.35, 0.20, 0.08), 18, 0.30, 0.55),
    "tulips": Kind((0.85, 0.30, 0.65), (0.65, 0.15, 0.50), 3, 0.30, 0.10),
}
"""In the order of the classes of tf_flowers, and of the model's outputs."""


def flower(kind: Kind, random: np.random.Generator) -> np.ndarray:
    """One picture, uint8 [224, 224, 3]: the flower anywhere near the middle, in any turn and size, on any green."""
    x, y = random.uniform(0.4, 0.6, 2)
    size, turn = random.uniform(0.22, 0.38), random.uniform(0, 2 * np.pi)
    down, right = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    radius, angle = np.hypot(right - x, down - y) / size, np.arctan2(down - y, right - x)
    edge = 1 - kind.depth * np.sin(kind.petals / 2 * (angle + turn)) ** 2
    picture = np.empty((SIDE, SIDE, 3))
    picture[:] = random.uniform((0.10, 0.30, 0.05), (0.35, 0.60, 0.25))
    shade = 0.75 + 0.25 * np.clip(radius, 0, 1)
    for inside, colour in ((radius < edge, kind.petal), (radius < kind.heart, kind.heart_colour)):
        picture[inside] = (shade[..., np.newaxis] * colour)[inside]
    picture *= random.uniform(0.8, 1.05)  # sun or shade
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def flowers(each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`each` pictures of every kind in a mixed order, uint8 [n, 224, 224, 3], and the index of each one's kind."""
    random = np.random.default_rng(seed)
    classes = random.permutation(np.repeat(np.arange(len(KINDS)), each))
    kinds = list(KINDS.values())
    return np.stack([flower(kinds[index], random) for index in classes]), classes
