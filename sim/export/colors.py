"""Numbers as colours for people: distances, vectors, directions, and numbers that only tell things apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

NOTHING = (20, 22, 27)
"""Colour of pixels of which a label says nothing."""
NEAR, FAR = 1.0, 200.0
"""Distances at the ends of the colours of depth [m]."""

BAND = 1 << 19
"""Pixels that are drawn at once."""

Image = npt.NDArray[np.uint8]


def draw_bands(draw: Callable[[Any], Image], label: Any) -> Image:
    """Draw a label some rows at a time: what drawing takes beside label and picture does not grow with them.

    Args:
        draw: Of each pixel alone.
        label: An array (height, width, ...), or several by name.
    """
    several = isinstance(label, Mapping)
    height, width = (next(iter(label.values())) if several else label).shape[:2]
    out = np.empty((height, width, 3), np.uint8)
    step = max(1, BAND // width)
    for top in range(0, height, step):
        rows = slice(top, top + step)
        out[rows] = draw({name: array[rows] for name, array in label.items()} if several else label[rows])
    return out


def turbo(share: npt.NDArray[Any]) -> Image:
    """Colours of shares 0..1, blue to red, of any shape."""
    import cv2

    level = np.clip(255.0 * share + 0.5, 0.0, 255.0).astype(np.uint8)
    bgr = np.asarray(cv2.applyColorMap(level.reshape(-1, 1), cv2.COLORMAP_TURBO), np.uint8)
    return bgr[:, 0, ::-1].reshape(*level.shape, 3)


def log_share(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[Any]:
    """Where values lie between two others by their logarithm, 0..1."""
    return np.clip(np.log(np.clip(values, low, high) / low) / math.log(high / low), 0.0, 1.0)


def depth_color(away: npt.NDArray[Any]) -> Image:
    """Lengths of rays as colours, near ones red, far ones blue; dark where there is none: sky, and what a lens does not show."""
    away = away.astype(np.float32)
    seen = np.isfinite(away) & (away > 0.0)
    colors = turbo(1.0 - log_share(np.where(seen, away, FAR), NEAR, FAR))
    return np.where(seen[..., None], colors, np.array(NOTHING, np.uint8))


def wheel_color(vectors: npt.NDArray[Any], full: float) -> Image:
    """Vectors of two components as colours: hue by direction, clockwise from red at +x if y is down; white for none, dark for NaN.

    Args:
        vectors: (..., 2).
        full: Length of the full colour; the colour grows with the length's square root.
    """
    vectors = vectors.astype(np.float32)
    known = np.asarray(np.isfinite(vectors).all(-1))
    x, y = (np.where(known, vectors[..., axis], 0.0) for axis in (0, 1))
    share = np.sqrt(np.minimum(np.hypot(x, y) * np.float32(1.0 / full), 1.0))
    colors = hue_color(np.arctan2(y, x) * np.float32(3.0 / math.pi), share, np.float32(255.0))
    return np.where(known[..., None], colors, np.array(NOTHING, np.uint8))


def hue_color(turn: npt.NDArray[Any], share: npt.NDArray[Any], bright: npt.NDArray[Any] | np.floating) -> Image:
    """Colours of a hue [sixths of a turn from red], of a share of that hue, else white, and of a brightest channel."""
    # Red, green and blue of a pure hue: a trapezoid each, two sixths of a turn apart.
    pure = (np.clip(np.abs((turn + shift) % 6.0 - 3.0) - 1.0, 0.0, 1.0) for shift in (0.0, 4.0, 2.0))
    return np.stack([(bright - bright * share * (1.0 - one) + 0.5).astype(np.uint8) for one in pure], -1)


def direction_color(normals: npt.NDArray[Any], axes: tuple[int, int, int] = (1, 1, 1)) -> Image:
    """Unit vectors as colours: red, green and blue for the three axes, each seen along its sign in ``axes``; dark for none."""
    unit = normals.astype(np.float32)
    colors = 127.5 + 127.5 * unit * np.array(axes, np.float32) + 0.5
    return np.where(unit.any(-1, keepdims=True), np.clip(colors, 0, 255).astype(np.uint8), np.array(NOTHING, np.uint8))


@lru_cache(maxsize=1)
def _number_colors() -> Image:
    """Colours that tell numbers apart, dark for 0."""
    import cv2

    number = np.arange(256)
    hsv = np.stack([number * 47 % 180, np.full(256, 165), 145 + number * 71 % 111], -1).astype(np.uint8)
    rgb = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0]
    rgb[0] = NOTHING
    return rgb.astype(np.uint8)


def number_color(numbers: npt.NDArray[Any]) -> Image:
    """Numbers as colours that tell them apart, dark for 0."""
    return _number_colors()[np.where(numbers > 0, (numbers.astype(np.int64) - 1) % 255 + 1, 0)]
