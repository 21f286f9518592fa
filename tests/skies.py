"""Procedural pictures of skies, for tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from sim.scenario.skies import texel_directions

SUN = (0.7, 0.6)
"""Azimuth, from the middle to the left, and elevation of a picture's sun [rad]."""


def unit(azimuth: float, elevation: float) -> np.ndarray:
    """Direction of an azimuth from x to the left and an elevation [rad]."""
    flat = np.cos(elevation)
    return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])


def gradient(width: int = 512, sun: tuple[float, float] | None = SUN, amount: float = 30000.0) -> np.ndarray:
    """Linear RGB, rows from the zenith to the nadir: blue above, bright below, an aureole and a sun 0.53 degrees wide."""
    up = texel_directions(width // 4, width)
    rows = np.concatenate([up, up[::-1] * (1.0, 1.0, -1.0)])
    z = np.maximum(rows[..., 2:], 0.0)
    light = (1.0 - z) * (0.8, 0.9, 1.0) + z * (0.15, 0.3, 0.7) + 0.2 * rows[..., :1] * (1.0, 0.5, 0.2) * np.sqrt(z)
    if sun is not None:
        cosine = rows @ unit(*sun)
        light = light + 2.0 * np.exp((cosine - 1.0) / 0.004)[..., None] * (1.0, 0.9, 0.8)
        # As much light as the disc has, however few texels it covers.
        disc = cosine >= min(np.cos(0.00465), np.partition(cosine.ravel(), -4)[-4])
        solid = disc.sum() * (2 * np.pi / width) ** 2 * np.cos(sun[1])
        light = light + (disc * (amount * 6.8e-5 / solid))[..., None] * (1.0, 0.9, 0.7)
    return light.astype(np.float32)


def write_sky(path: Path, light: np.ndarray) -> Path:
    """Write linear RGB as a Radiance file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.ascontiguousarray(light[..., ::-1], np.float32))
    return path


def irradiance(path: Path, normal: np.ndarray) -> np.ndarray:
    """What all that a file shows above the horizon gives on a surface, by its texels, (3,)."""
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read is not None
    light = read[..., ::-1].astype(float)
    rows, cols = len(light) // 2, light.shape[1]
    polar = (np.arange(rows) + 0.5) * np.pi / len(light)
    solid = np.sin(polar) * (np.pi / len(light)) * (2 * np.pi / cols)
    facing = np.maximum(texel_directions(rows, cols).astype(float) @ normal, 0.0)
    return np.einsum("rc,r,rck->k", facing, solid, light[:rows])
