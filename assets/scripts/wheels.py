"""Finds the wheels of a vehicle, straightens them and puts the origin under the rear axle."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sh3f import Soup
from shape import components


@dataclass
class Wheel:
    """One wheel (or twin wheel)."""

    faces: npt.NDArray[np.bool_]
    """Mask of its triangles, (ntriangle,)."""
    center: npt.NDArray[np.float64]
    """[m]."""
    radius: float
    """[m]."""


def find_wheels(
    soup: Soup, tyre: npt.NDArray[np.bool_], grow: float = 1.01, inner: float = 0.12, single_track: bool = False
) -> list[Wheel]:
    """Wheels by their tyres, front first, left before right.

    Args:
        soup: The vehicle.
        tyre: Mask of tyre faces.
        grow: Faces within this share of the tyre's radius belong to the wheel.
        inner: How far beyond the tyre's sides hubs and brakes reach [m].
        single_track: Two wheels in a row, as of motorcycles.
    """
    rows = np.flatnonzero(tyre)
    center = soup.centers[rows]
    side = np.zeros(len(rows)) if single_track else np.sign(center[:, 1])
    wheels = []
    part = components(soup.corners)
    corner = soup.corners.reshape(len(soup), 3, 3)
    for s in np.unique(side):
        mine = rows[side == s]
        x = soup.centers[mine, 0]
        order = np.sort(x)
        gaps = np.flatnonzero(np.diff(order) > 0.12)
        edges = [-np.inf, *((order[gaps] + order[gaps + 1]) / 2), np.inf]
        for a, b in itertools.pairwise(edges):
            tread = mine[(x > a) & (x <= b)]
            points = soup.corners[tread].reshape(-1, 3)
            lo, hi = points.min(axis=0), points.max(axis=0)
            hub = (lo + hi) / 2
            radius = (hi[2] - lo[2]) / 2
            if radius < 0.1:
                continue
            reach = np.hypot(corner[:, :, 0] - hub[0], corner[:, :, 2] - hub[2])
            near = (reach < radius * grow).all(axis=1)
            near &= (corner[:, :, 1] > lo[1] - inner).all(axis=1) & (corner[:, :, 1] < hi[1] + inner).all(axis=1)
            # A component that leaves the cylinder is bodywork, unless its faces are tyre.
            total = np.bincount(part)
            inside = np.bincount(part, weights=near, minlength=len(total))
            whole = inside[part] >= total[part] - 0.5
            near &= whole
            near[tread] = True
            wheels.append(Wheel(near, hub, float(radius)))
    return sorted(wheels, key=lambda w: (-round(w.center[0], 1), -w.center[1]))


def straighten(soup: Soup, wheel: Wheel, tyre: npt.NDArray[np.bool_]) -> None:
    """Turn a steered wheel back: its axle (the direction its tyre spreads least) is laid along y. Changes the soup."""
    points = soup.corners[wheel.faces & tyre].reshape(-1, 3) - wheel.center
    _, vectors = np.linalg.eigh(points.T @ points)
    axle = vectors[:, 0] * np.sign(vectors[1, 0])
    turn = math.atan2(axle[0], axle[1])
    if abs(turn) < 0.02:
        return
    c, s = math.cos(turn), math.sin(turn)
    rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    moved = (soup.corners[wheel.faces] - wheel.center) @ rotation.T + wheel.center
    soup.corners = soup.corners.copy()
    soup.corners[wheel.faces] = moved
