"""Draws faces of cats and dogs, for where no photos can be had: pointed ears and whiskers, or hanging ears and a snout.

Needs numpy alone.
"""

import numpy as np

SIDE = 64
CLASSES = ("cat", "dog")
FURS = ((0.85, 0.55, 0.25), (0.35, 0.30, 0.28), (0.75, 0.72, 0.68), (0.55, 0.38, 0.22), (0.92, 0.85, 0.70))
DARK, PINK = (0.08, 0.06, 0.06), (0.85, 0.45, 0.50)


class Canvas:
    """Shapes in units of the face: 0, 0 is its middle, and its radius is 1."""

    def __init__(self, random: np.random.Generator) -> None:
        x, y = random.uniform(0.45, 0.55, 2)
        size, tilt = random.uniform(0.24, 0.32), random.uniform(-0.3, 0.3)
        down, right = np.mgrid[0:SIDE, 0:SIDE] / SIDE
        right, down = (right - x) / size, (down - y) / size
        self.x = right * np.cos(tilt) + down * np.sin(tilt)
        self.y = down * np.cos(tilt) - right * np.sin(tilt)
        self.picture = np.empty((SIDE, SIDE, 3))
        self.picture[:] = random.uniform(0.2, 0.9, 3)

    def ellipse(self, x: float, y: float, width: float, height: float, colour: tuple[float, ...]) -> None:
        self.picture[((self.x - x) / width) ** 2 + ((self.y - y) / height) ** 2 < 1] = colour

    def ear(self, side: int, colour: tuple[float, ...]) -> None:
        """A triangle that points upwards."""
        across, up = np.abs(self.x - 0.6 * side), -self.y - 0.5
        self.picture[(up > 0) & (up < 1) & (across < 0.4 * (1 - up))] = colour

    def whiskers(self, side: int) -> None:
        out = self.x * side
        for slope in (-0.15, 0.05, 0.25):
            line = np.abs(self.y - 0.3 - slope * out) < 0.05
            self.picture[line & (out > 0.3) & (out < 1.4)] = DARK

    def finished(self, random: np.random.Generator) -> np.ndarray:
        noisy = self.picture + random.normal(0, 0.04, self.picture.shape)
        return (np.clip(noisy, 0, 1) * 255).astype(np.uint8)


def cat(random: np.random.Generator) -> np.ndarray:
    canvas, fur = Canvas(random), FURS[random.integers(len(FURS))]
    for side in (-1, 1):
        canvas.ear(side, fur)
    canvas.ellipse(0, 0, 1, 0.9, fur)
    for side in (-1, 1):
        canvas.ellipse(0.4 * side, -0.2, 0.18, 0.22, (0.55, 0.75, 0.25))
        canvas.ellipse(0.4 * side, -0.2, 0.06, 0.20, DARK)
        canvas.whiskers(side)
    canvas.ellipse(0, 0.25, 0.13, 0.1, PINK)
    return canvas.finished(random)


def dog(random: np.random.Generator) -> np.ndarray:
    canvas, fur = Canvas(random), FURS[random.integers(len(FURS))]
    canvas.ellipse(0, 0, 0.9, 1, fur)
    for side in (-1, 1):
        canvas.ellipse(0.95 * side, 0.1, 0.28, 0.75, tuple(0.6 * part for part in fur))
        canvas.ellipse(0.35 * side, -0.3, 0.14, 0.14, DARK)
    canvas.ellipse(0, 0.4, 0.5, 0.42, tuple(min(1.0, 1.2 * part) for part in fur))
    canvas.ellipse(0, 0.22, 0.2, 0.14, DARK)
    canvas.ellipse(0, 0.72, 0.14, 0.22, PINK)
    return canvas.finished(random)


def faces(each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`each` cats and as many dogs in a mixed order, uint8 [n, 64, 64, 3], and 0 for a cat or 1 for a dog."""
    random = np.random.default_rng(seed)
    classes = random.permutation(np.repeat([0, 1], each))
    return np.stack([(cat, dog)[index](random) for index in classes]), classes
