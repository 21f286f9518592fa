"""A pickup with two rows of seats, made of an estate car: stretched, its rear cut open, a bed let in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from livery import add_faces
from sh3f import Soup
from shape import box, cut, welded

Floats = npt.NDArray[np.float64]

AXLE = -1.386
"""Rear axle in the source's frame [m]."""
WALL = 0.12
"""Rear wall of the cab, ahead of the source's rear axle [m]."""
RAIL = 1.06
"""Height of the bed's rail [m]."""
FLOOR = 0.78
"""Height of the bed's floor [m]."""
HALF = 0.72
"""Half the width of the bed [m]."""
TAIL = -1.25
"""Inner side of the tailgate [m]."""
STRETCH = 0.6
"""What the car grows by [m], between the rear door's handle and the rear wheel arch."""


def _stretched(corners: Floats) -> Floats:
    out = corners.copy()
    x = out[..., 0] - AXLE
    out[..., 0] = x - STRETCH * np.clip((0.6 - x) / 0.2, 0.0, 1.0)
    return out


def _rim(soup: Soup, axis: int, level: float, mask: npt.NDArray[np.bool_]) -> Floats:
    """Open edges that lie in a plane, (nedge, 2, 3)."""
    corners = soup.corners[mask]
    index = welded(corners, 5e-4)
    edges = np.concatenate([index[:, [0, 1]], index[:, [1, 2]], index[:, [2, 0]]])
    ends = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    _, inverse, count = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    flat = (np.abs(ends[:, :, axis] - level) < 1e-3).all(axis=1)
    return ends[(count[inverse] == 1) & flat]


def _strip(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def pickup(soup: Soup) -> Soup:
    """The whole change, in the source's frame; new looks "bed" and "rear window"."""
    soup.corners = _stretched(soup.corners)
    everything = np.ones(len(soup), bool)
    soup = cut(soup, soup.corners[:, :, 0] - WALL, everything & ~soup.of_look("^tires$"))
    behind = soup.centers[:, 0] < WALL
    soup = cut(soup, soup.corners[:, :, 2] - RAIL, behind & ~soup.of_look("^tires$"))
    behind = soup.centers[:, 0] < WALL
    gone = behind & ((soup.centers[:, 2] > RAIL) | soup.of_look("interior|glass|blackplastics"))
    soup = soup.pick(~gone)
    behind = soup.centers[:, 0] < WALL
    skin = soup.of_look("^firstcolor$|^textured$")
    soup = _close_cab(soup, _rim(soup, 0, WALL, ~behind & soup.of_look("^firstcolor$|glass|plastics")))
    edge = _rim(soup, 2, RAIL, np.concatenate([behind & skin, np.zeros(len(soup) - len(behind), bool)]))
    inner = edge.copy()
    inner[..., 0] = np.clip(inner[..., 0], TAIL, WALL)
    inner[..., 1] = np.clip(inner[..., 1], -HALF, HALF)
    soup = add_faces(soup, _strip(edge[:, 0], edge[:, 1], inner[:, 1], inner[:, 0]), "bed rail")
    down = inner.copy()
    down[..., 2] = FLOOR
    soup = add_faces(soup, _strip(inner[:, 0], inner[:, 1], down[:, 1], down[:, 0]), "bed")
    soup = add_faces(soup, box((TAIL, -HALF, FLOOR - 0.02), (WALL, HALF, FLOOR)), "bed")
    for side in (-1.0, 1.0):
        low, high = sorted((side * (HALF - 0.16), side * HALF))
        soup = add_faces(soup, box((-STRETCH - 0.4, low, FLOOR), (-STRETCH + 0.4, high, FLOOR + 0.16)), "bed")
    soup.corners = soup.corners + np.array([AXLE, 0.0, 0.0])
    return soup


def _close_cab(soup: Soup, edge: Floats) -> Soup:
    """A wall across the end of the cab, with a window."""
    edge = edge[edge[..., 2].min(axis=1) > FLOOR - 0.1]
    middle = np.array([WALL, 0.0, 1.2])
    soup = add_faces(soup, np.stack([edge[:, 0], edge[:, 1], np.broadcast_to(middle, edge[:, 0].shape)], 1), "cab wall")
    soup = add_faces(soup, box((WALL - 0.01, -0.8, FLOOR), (WALL + 0.01, 0.8, RAIL + 0.04)), "cab wall")
    return add_faces(soup, box((WALL - 0.025, -0.56, 1.12), (WALL + 0.01, 0.56, 1.42)), "rear window")
