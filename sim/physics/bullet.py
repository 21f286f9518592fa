"""PyBullet instead of Swerve's own vehicles, bodies and contacts: the same `Scene` and `State`, moved as full rigid bodies.

A second opinion, and for what follows a crash in three dimensions. Each world is a client of its own (`bullet_world`, `bullet_client`), and
the worlds of a batch are shared out among processes (`bullet_processes`). Whoever is DRIVEN or a BODY is a rigid body there: vehicles are
boxes on the wheels of `bullet_wheels`, people upright capsules, animals and things boxes. Scripted actors stand where the storyboard has
them and touch nobody, until something meets them; with `Contact.PHYSICS` they are bodies from the sub-step before the impact on. The ground
is a plane under each body, tangent to the road tables and taken anew each tick (`bullet_ground`), with the friction of that place.
`docs/physics_backends.md` holds what differs from Swerve's own, measured.
"""

from __future__ import annotations

import os
from functools import partial
from itertools import pairwise

import warp as wp

from sim.physics.bullet_ground import Planes, make_planes
from sim.physics.bullet_processes import Rows, WorldsProcess, answers
from sim.physics.bullet_scenery import solids_by_world
from sim.physics.bullet_world import SUBSTEPS, BulletWorld
from sim.structs import world_arrays
from sim.types import Control, Scene, State

READ = (
    "done", "tick", "motion", "fallen", "visible", "pos", "rot", "vel", "ang_vel", "door", "story.tow",
)  # fmt: skip
"""Fields of `State` that PyBullet's worlds read."""
WRITTEN = (
    "motion", "fallen", "pos", "rot", "vel", "ang_vel", "accel", "speed", "steer", "wheel_angle", "lamps", "contact_tick", "contact_with",
    "contact_speed", "contact_point", "contact_normal", "contact_now", "vehicle.wheel_speed", "vehicle.brake", "vehicle.throttle",
    "vehicle.load", "vehicle.friction", "vehicle.ready", "door",
)  # fmt: skip
"""Fields of `State` that they write."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class HostWorlds:
    """Worlds as clients of PyBullet in this process.

    Args:
        scene: Rows of `Scene` of all of them.
        substeps: Steps per tick.
    """

    def __init__(self, scene: Rows, substeps: int) -> None:
        nworld = len(scene["valid"])
        self._worlds = [BulletWorld({name: rows[w] for name, rows in scene.items()}, substeps) for w in range(nworld)]

    def __call__(self, work: str, rows: Rows) -> Rows:
        """Call a method of every world with its rows, which it writes in place; returns those that it writes."""
        for w, world in enumerate(self._worlds):
            getattr(world, work)({name: a[w : w + 1] if a.ndim == 1 else a[w] for name, a in rows.items()})
        return {name: rows[name] for name in (*WRITTEN, "moved")}

    def close(self) -> None:
        """Let go of all clients."""
        for world in self._worlds:
            world.client.close()


class BulletWorlds:
    """All worlds of a batch, shared out among processes, and the way of their rows to these and back.

    Args:
        scene: The batch.
        state: Of the batch.
        control: Of the batch.
        substeps: Steps per tick.
        processes: How many; None: one per core that this process may use, but no more than worlds. A single one is this process.
    """

    def __init__(
        self, scene: Scene, state: State, control: Control, substeps: int = SUBSTEPS, processes: int | None = None
    ) -> None:
        self.planes: Planes = make_planes(state)
        known = dict(world_arrays(state))
        self._arrays = {name: known[name] for name in dict.fromkeys((*READ, *WRITTEN))}
        self._arrays |= {f"control.{name}": array for name, array in world_arrays(control)}
        self._arrays |= dict(world_arrays(self.planes))
        host = {name: array.numpy() for name, array in world_arrays(scene)}
        host["solids"] = solids_by_world(scene)
        nworld = state.tick.shape[0]
        parts = max(1, min(processes or cores(), nworld))
        self._own = HostWorlds(host, substeps) if parts == 1 else None
        bounds = [round(nworld * i / parts) for i in range(parts + 1)] if parts > 1 else [0]
        self._processes = [
            (slice(a, b), WorldsProcess(partial(HostWorlds, substeps=substeps), {n: x[a:b] for n, x in host.items()}))
            for a, b in pairwise(bounds)
        ]

    def _each(self, work: str) -> None:
        """Call a method of every world with its rows on the host, and bring back what it wrote."""
        host = {name: array.numpy() for name, array in self._arrays.items()}
        if self._own is not None:
            self._own(work, host)
        for part, process in self._processes:
            process.ask(work, {name: rows[part] for name, rows in host.items()})
        for (part, _), found in zip(self._processes, answers([p for _, p in self._processes]), strict=True):
            for name, rows in found.items():
                host[name][part] = rows
        for name in (*WRITTEN, "moved"):
            array: wp.array = self._arrays[name]
            if array.device is not None and array.device.is_cuda:
                array.assign(host[name])

    def move(self) -> None:
        """Move DRIVEN actors and bodies of all worlds by a tick; ``planes`` must be up to date."""
        self._each("move")

    def record(self) -> None:
        """Put the contacts of that tick into `State`."""
        self._each("record")

    def close(self) -> None:
        """Let go of all clients, and end the processes."""
        if self._own is not None:
            self._own.close()
        for _, process in self._processes:
            process.close()
