"""PyBullet instead of Swerve's own vehicles, bodies and contacts: the same `Scene` and `State`, moved as full rigid bodies.

A second opinion for single worlds, and for what follows a crash in three dimensions. Each world is a client of its own
(`bullet_world`, `bullet_client`). Whoever is DRIVEN or a BODY is a rigid body there: vehicles are boxes on the wheels of `bullet_wheels`,
people upright capsules, animals and things boxes. Scripted actors stand where the storyboard has them and touch nobody, until something
meets them; with `Contact.PHYSICS` they are bodies from the sub-step before the impact on. The ground is a plane under each body, tangent
to the road tables and taken anew each tick (`bullet_ground`), with the friction of that place. `docs/physics_backends.md` holds what
differs from Swerve's own, measured.
"""

from __future__ import annotations

import warp as wp

from sim.physics.bullet_ground import Footing, make_footing
from sim.physics.bullet_world import SUBSTEPS, BulletWorld
from sim.structs import world_arrays
from sim.types import Control, Scene, State

READ = (
    "done", "tick", "motion", "visible", "pos", "rot", "vel", "ang_vel", "door", "story.tow",
)  # fmt: skip
"""Fields of `State` that PyBullet's worlds read."""
WRITTEN = (
    "motion", "pos", "rot", "vel", "ang_vel", "accel", "speed", "steer", "wheel_angle", "lamps", "contact_tick", "contact_with",
    "contact_speed", "contact_point", "contact_normal", "contact_now", "vehicle.wheel_speed", "vehicle.brake", "vehicle.throttle",
    "vehicle.load", "vehicle.friction", "vehicle.ready", "door",
)  # fmt: skip
"""Fields of `State` that they write."""


class BulletWorlds:
    """All worlds of a batch, each a client of its own, and the way of their rows to the host and back.

    Args:
        scene: The batch.
        state: Of the batch.
        control: Of the batch.
        substeps: Steps per tick.
    """

    def __init__(self, scene: Scene, state: State, control: Control, substeps: int = SUBSTEPS) -> None:
        self.footing: Footing = make_footing(state)
        known = dict(world_arrays(state))
        self._arrays = {name: known[name] for name in dict.fromkeys((*READ, *WRITTEN))}
        self._arrays |= {f"control.{name}": array for name, array in world_arrays(control)}
        self._arrays |= dict(world_arrays(self.footing))
        host = {name: array.numpy() for name, array in world_arrays(scene)}
        self.worlds = [
            BulletWorld({name: rows[w] for name, rows in host.items()}, substeps) for w in range(state.tick.shape[0])
        ]

    def _each(self, work: str) -> None:
        """Call a method of every world with its rows on the host, and bring back what it wrote."""
        host = {name: array.numpy() for name, array in self._arrays.items()}
        for w, world in enumerate(self.worlds):
            getattr(world, work)({name: rows[w : w + 1] if rows.ndim == 1 else rows[w] for name, rows in host.items()})
        for name in (*WRITTEN, "moved"):
            array: wp.array = self._arrays[name]
            if array.device is not None and array.device.is_cuda:
                array.assign(host[name])

    def move(self) -> None:
        """Move DRIVEN actors and bodies of all worlds by a tick; ``footing`` must be up to date."""
        self._each("move")

    def record(self) -> None:
        """Put the contacts of that tick into `State`."""
        self._each("record")

    def close(self) -> None:
        """Let go of all clients."""
        for world in self.worlds:
            world.client.close()
