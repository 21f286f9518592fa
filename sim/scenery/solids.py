"""What of a map's scenery stops bodies: upright boxes and cylinders, kept by whoever places the things and uploaded with a grid.

Things either stand or give way without a push. Posts and trunks under `THIN_POST` and `THIN_TRUNK` give way, as do delineators, signs,
fences, hedges, bushes, benches, bins and bus shelters; nothing breaks off in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import warp as wp

from sim.types import SOLID_CELL, Solid, SolidItem, SolidTables

Floats = npt.NDArray[np.floating]

THIN_POST = 0.0445
"""Radius up to which a post gives way [m]: tubes up to 89 mm count as passively safe (UK CD 377, after EN 12767)."""
THIN_TRUNK = 0.05
"""Radius up to which a tree gives way [m]: from 100 mm on it is a fixed object (AASHTO Roadside Design Guide 2011)."""
DEPTH = 3.0
"""How far everything reaches under its foot [m]: bodies find the land level beside the road where pictures show hills."""
JOINT = 6.0
"""How far a link of a chain is taken to go on at a joint, for the direction in which it pushes [m]."""


class Solids:
    """A growing list of solid things; arrays of n things each."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.void]] = []

    def _add(
        self, kind: Solid, foot: Floats, size: npt.ArrayLike, axis: npt.ArrayLike, radius: npt.ArrayLike = 0.0
    ) -> npt.NDArray[np.void]:
        """Append things on feet (n, 3), of a length, width and height (n, 3), along unit vectors (n, 2); returns their rows."""
        rows = np.zeros(len(foot), ITEM)
        size = np.broadcast_to(np.asarray(size, float), (len(foot), 3))
        height = size[:, 2] + DEPTH
        rows["center"] = foot + np.stack([0.0 * height, 0.0 * height, height / 2 - DEPTH], 1)
        rows["half"] = np.stack([size[:, 0] / 2, size[:, 1] / 2, height / 2], 1)
        rows["axis"], rows["radius"], rows["kind"] = axis, radius, int(kind)
        self._parts.append(rows)
        return rows

    def posts(self, kind: Solid, foot: npt.ArrayLike, radius: npt.ArrayLike, height: npt.ArrayLike) -> None:
        """Round posts and trunks on feet (n, 3); radius and height [m] of one or of each. Thin ones give way."""
        foot = np.asarray(foot, float).reshape(-1, 3)
        radius, height = (np.broadcast_to(np.asarray(v, float), len(foot)) for v in (radius, height))
        keep = radius > (THIN_TRUNK if kind == Solid.TREE else THIN_POST)
        radius, height = radius[keep], height[keep]
        self._add(kind, foot[keep], np.stack([2 * radius, 2 * radius, height], 1), (1.0, 0.0), radius)

    def boxes(self, kind: Solid, foot: npt.ArrayLike, size: npt.ArrayLike, yaw: npt.ArrayLike) -> None:
        """Boxes on their base's middle (n, 3), of length, width and height (n, 3) [m], turned by ``yaw`` about z."""
        foot = np.asarray(foot, float).reshape(-1, 3)
        yaw = np.broadcast_to(np.asarray(yaw, float), len(foot))
        self._add(kind, foot, size, np.stack([np.cos(yaw), np.sin(yaw)], 1))

    def chain(self, kind: Solid, path: npt.ArrayLike, width: float, height: float) -> None:
        """A wall, barrier or rail along points on the ground (n, 3): a box from each to the next."""
        path = np.asarray(path, float).reshape(-1, 3)
        step = np.diff(path, axis=0)
        length = np.linalg.norm(step[:, :2], axis=1)
        keep = length > 1e-6
        middle, step, length = ((path[1:] + path[:-1]) / 2)[keep], step[keep], length[keep]
        size = np.stack([length, np.full_like(length, width), np.full_like(length, height)], 1)
        rows = self._add(kind, middle, size, step[:, :2] / length[:, None])
        rows["joint"] = JOINT
        if len(rows):
            rows["joint"][0, 0] = rows["joint"][-1, 1] = 0.0

    def rows(self) -> npt.NDArray[np.void]:
        """Everything so far as rows of `SolidItem`; ``first_cell`` is still to be set."""
        return np.concatenate([NO_SOLIDS, *self._parts])


ITEM: np.dtype[np.void] = np.dtype(SolidItem.numpy_dtype())  # pyright: ignore[reportCallIssue, reportArgumentType]
NO_SOLIDS = np.zeros(0, ITEM)
"""Of a map with nothing solid."""


def _grid(
    rows: npt.NDArray[np.void],
) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """A grid over things: origin [m], columns and lines, first entry of each cell and one more, entries. Sets ``first_cell``."""
    if len(rows) == 0:
        return np.zeros(2), np.zeros(2, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int64)
    axis, half = np.abs(rows["axis"].astype(float)), rows["half"].astype(float)
    reach = np.stack(
        [axis[:, 0] * half[:, 0] + axis[:, 1] * half[:, 1], axis[:, 1] * half[:, 0] + axis[:, 0] * half[:, 1]], 1
    )
    low, high = rows["center"][:, :2] - reach - 0.01, rows["center"][:, :2] + reach + 0.01
    origin = low.min(0)
    first, last = (((v - origin) // SOLID_CELL).astype(np.int64) for v in (low, high))
    size = last.max(0) + 1
    span = last - first + 1
    count = span[:, 0] * span[:, 1]
    item = np.repeat(np.arange(len(rows)), count)
    k = np.arange(len(item)) - np.repeat(np.cumsum(count) - count, count)
    cell = (first[item, 1] + k // span[item, 0]) * size[0] + first[item, 0] + k % span[item, 0]
    order = np.argsort(cell, kind="stable")
    rows["first_cell"] = first
    return origin, size, np.searchsorted(cell[order], np.arange(size[0] * size[1] + 1)), item[order]


def build_solid_tables(maps: Sequence[npt.NDArray[np.void]], device: Any) -> SolidTables:
    """Upload the solid things of all maps of a batch (`Solids.rows` of each)."""
    items, origins, sizes, cells, firsts, entries = [], [], [], [], [], []
    nitem = nentry = ncell = 0
    for given in maps:
        rows = given.copy()
        origin, size, first, entry = _grid(rows)
        items.append(rows)
        origins.append(origin)
        sizes.append(size)
        cells.append(ncell)
        firsts.append(first[:-1] + nentry)
        entries.append(entry + nitem)
        nitem, nentry, ncell = nitem + len(rows), nentry + len(entry), ncell + len(first) - 1
    tables = SolidTables()
    tables.item = wp.array(np.concatenate([NO_SOLIDS, *items]), dtype=SolidItem, device=device)
    tables.grid_origin = wp.array(np.array(origins, np.float32).reshape(-1, 2), dtype=wp.vec2, device=device)
    tables.grid_size = wp.array(np.array(sizes, np.int32).reshape(-1, 2), dtype=wp.vec2i, device=device)
    tables.grid_first_cell = wp.array(np.array(cells, np.int32), dtype=wp.int32, device=device)
    tables.cell_first = wp.array(
        np.array([*np.concatenate(firsts or [[]]), nentry], np.int32), dtype=wp.int32, device=device
    )
    tables.entry = wp.array(np.concatenate([np.zeros(0), *entries]).astype(np.int32), dtype=wp.int32, device=device)
    return tables
