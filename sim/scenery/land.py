"""The land beside the roads before it is fitted to their edges: its height follows the nearest road and grows into hills."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.road.mesh import RoadPlan

Floats = npt.NDArray[np.floating]

PIXEL = 4.0
"""Cell of the height raster [m]."""
HILLS = {"town": 1.5, "suburb": 3.0, "rural": 11.0, "motorway": 9.0, "forest": 7.0}
"""Height of the hills beside the road by setting [m]."""
FAR_HILLS = {"town": 26.0, "suburb": 32.0, "rural": 48.0, "motorway": 42.0, "forest": 44.0}
"""Height of the hills at the horizon by setting [m]."""


def smooth(x: npt.ArrayLike, low: float, high: float) -> Floats:
    """Smooth step from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((np.asarray(x, float) - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


class Waves:
    """Smooth noise as a sum of plane waves, about -1..1."""

    def __init__(self, rng: np.random.Generator, length: float, count: int = 14) -> None:
        angle = rng.uniform(0.0, math.tau, count)
        k = math.tau / (length * rng.uniform(0.6, 1.8, count))
        self._k = np.stack([k * np.cos(angle), k * np.sin(angle)])
        self._phase = rng.uniform(0.0, math.tau, count)
        self._weight = np.sqrt(1.0 / k)
        self._weight *= 1.2 / math.sqrt(float((self._weight**2).sum()))

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """Noise at points."""
        phase = np.stack([x, y], -1) @ self._k + self._phase
        return np.sin(phase) @ self._weight


class Relief:
    """Height of the land before it is fitted to the roads' edges."""

    def __init__(self, surface: RoadPlan, low: Floats, high: Floats, setting: str, rng: np.random.Generator) -> None:
        import cv2

        self._low = low
        away, nearest = nearest_edges(surface, low, high)
        close, wide = cv2.GaussianBlur(nearest, (0, 0), 2.0), cv2.GaussianBlur(nearest, (0, 0), 16.0)
        self.distance = away
        share = smooth(self.distance, 12.0, 110.0)
        self._base = nearest + smooth(self.distance, 0.0, 10.0) * (close - nearest)
        self._base += share * (wide - self._base)
        self._hills, self._rolls = Waves(rng, 210.0), Waves(rng, 60.0, 8)
        self._far = Waves(rng, 900.0)
        self._amplitude, self._far_amplitude = HILLS[setting], FAR_HILLS[setting]
        self._centre, self._half = (low + high) / 2, (high - low) / 2

    def _sample(self, image: Floats, x: Floats, y: Floats) -> Floats:
        u = np.clip((x - self._low[0]) / PIXEL, 0, image.shape[1] - 1.001)
        v = np.clip((y - self._low[1]) / PIXEL, 0, image.shape[0] - 1.001)
        i, j = u.astype(int), v.astype(int)
        a, b = u - i, v - j
        return (image[j, i] * (1 - a) + image[j, i + 1] * a) * (1 - b) + (
            image[j + 1, i] * (1 - a) + image[j + 1, i + 1] * a
        ) * b

    def away(self, x: Floats, y: Floats) -> Floats:
        """Distance to the nearest road edge [m], at least what the raster's border gives."""
        return self._sample(self.distance, x, y)

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """Height of the land at points [m]."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        away = self.away(x, y)
        z = self._sample(self._base, x, y)
        z = z + smooth(away, 10.0, 110.0) * self._amplitude * (0.55 * self._hills(x, y) + 0.12 * self._rolls(x, y))
        z = z + smooth(away, 6.0, 25.0) * 0.12 * self._rolls(2.3 * x, 2.3 * y)
        outside = [np.abs(v - self._centre[k]) - self._half[k] for k, v in enumerate((x, y))]
        beyond = np.maximum(*outside)
        return z + smooth(beyond, 0.0, 1500.0) * self._far_amplitude * (0.75 + 0.6 * self._far(x, y))


def nearest_edges(surface: RoadPlan, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Rasters from ``low`` to ``high`` with cells of `PIXEL`: distance to the road's surface, and its height where it is nearest [m]."""
    import cv2

    size = np.round((high - low) / PIXEL).astype(int) + 1
    points = _edge_points(surface)
    inside = ((points[:, :2] >= low) & (points[:, :2] <= high)).all(1)
    points = points[inside] if inside.any() else points
    cell = np.clip(np.round((points[:, :2] - low) / PIXEL).astype(int), 0, size - 1)
    image = np.full((size[1], size[0]), 255, np.uint8)
    height = np.zeros((size[1], size[0]), np.float32)
    order = np.argsort(points[:, 2], kind="stable")[::-1]
    image[cell[:, 1], cell[:, 0]] = 0
    height[cell[order, 1], cell[order, 0]] = points[order, 2]
    away, found = cv2.distanceTransformWithLabels(image, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label = np.asarray(found, np.int64)
    table = np.zeros(label.max() + 1, np.float32)
    table[label[image == 0]] = height[image == 0]
    return away * PIXEL, table[label]


def _edge_points(surface: RoadPlan) -> Floats:
    """Points all over the road surface, a few metres apart, (n, 3)."""
    q = surface.covers
    a, b = q, np.roll(q, -1, 1)
    start, step = a.reshape(-1, 3), (b - a).reshape(-1, 3)
    count = np.maximum(1, np.ceil(np.linalg.norm(step, axis=1) / 3.0)).astype(int)
    row = np.repeat(np.arange(len(start)), count)
    k = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return start[row] + step[row] * (k / count[row])[:, None]
