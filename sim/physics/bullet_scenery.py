"""What stands beside the road among PyBullet's bodies: static boxes and cylinders, put in once somebody comes near."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.physics.bullet_client import Cast, Client, restitution
from sim.physics.bullet_wheels import Floats
from sim.physics.impulse import FRICTION
from sim.physics.scenery import RAIL_FRICTION
from sim.types import SCENERY, Scene, Solid

REACH = 2.0
"""How near something solid must be to be put in [m]."""


def solids_by_world(scene: Scene) -> npt.NDArray[np.object_]:
    """Rows of `SolidItem` of each world's map, (nworld,)."""
    tables, maps = scene.solid, scene.map_index.numpy()
    out = np.empty(len(maps), object)
    if tables.item.shape[0] == 0:
        out[:] = [np.zeros(0, tables.item.numpy().dtype)] * len(maps)
        return out
    items, entry, cells = tables.item.numpy(), tables.entry.numpy(), tables.cell_first.numpy()
    first, size = tables.grid_first_cell.numpy(), tables.grid_size.numpy()
    for world, m in enumerate(maps):
        out[world] = items[np.unique(entry[cells[first[m]] : cells[first[m] + size[m].prod()]])]
    return out


class Scenery:
    """The solid things of a world.

    Args:
        cast: What the actors are.
        client: The world.
        items: Rows of `SolidItem`.
    """

    def __init__(self, cast: Cast, client: Client, items: npt.NDArray[np.void]) -> None:
        self._cast, self._client, self._items = cast, client, items
        self._met: dict[tuple[int, int], float] = {}
        """Coefficient of restitution of who is about to touch what, or does."""

    def near(self, a: int, center: Floats, speed: float, dt: float) -> Iterator[int]:
        """Things that actor ``a``, at ``center`` [m], may touch within ``dt`` [s]."""
        reach = float(np.linalg.norm(self._cast.size[a])) + 1.5 * speed * dt + REACH
        d = center[:2] - self._items["center"][:, :2]
        axis, half = self._items["axis"], self._items["half"]
        along, across = np.abs((d * axis).sum(1)), np.abs(axis[:, 0] * d[:, 1] - axis[:, 1] * d[:, 0])
        yield from np.flatnonzero((along < half[:, 0] + reach) & (across < half[:, 1] + reach)).tolist()

    def partner(self, i: int) -> int:
        """The number that stands for a thing's kind in contacts."""
        return SCENERY - int(self._items["kind"][i])

    def _key(self, i: int) -> int:
        """A thing's number in the client, into which it is put."""
        key = 3 * len(self._cast.mass) + i  # after actors and their doors
        if key not in self._client:
            item = self._items[i]
            rail = item["kind"] == int(Solid.GUARD_RAIL)
            yaw = float(np.arctan2(item["axis"][1], item["axis"][0]))
            self._client.add_static(key, item["half"], float(item["radius"]), RAIL_FRICTION if rail else FRICTION)
            self._client.place(key, item["center"], np.array([0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)]))
        return key

    def meet(self, a: int, i: int, now: Any, h: float) -> tuple[float, Floats, Floats, float] | None:
        """Closing speed [m/s], point, normal from the thing to the actor and distance [m] of both if they touch within a step ``h`` [s].

        Sets how they bounce.
        """
        key = self._key(i)
        gap = float(np.linalg.norm(now.vel[a])) * h + 0.03
        found = self._client.nearest(a, key, gap)
        if found is None:
            self._met.pop((a, i), None)
            return None
        point, normal, distance = found
        closing = max(-float((now.vel[a] + np.cross(now.rate[a], point - now.center[a])) @ normal), 0.0)
        if (a, i) not in self._met:
            self._met[a, i] = restitution(self._cast, a, a, closing)
        self._client.bounce(a, key, self._met[a, i])
        return closing, point, normal, distance
