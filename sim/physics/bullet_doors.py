"""Open doors among PyBullet's bodies: plates that stick out, take a limited impulse when something hits them, and shut."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.physics.boxes import DOOR_LENGTH
from sim.physics.bullet_client import Cast, Client
from sim.physics.bullet_wheels import Floats, Motions
from sim.physics.contact import DOOR_IMPULSE

THICKNESS, HEIGHT = 0.08, 1.0
"""Of a door [m]."""
HINGE = 0.15
"""Where it hangs ahead of the middle of the vehicle, over the vehicle's length."""
AJAR = 0.02
"""Doors opened less are shut [rad]."""


class Doors:
    """Doors of the actors of a world, left and right.

    Args:
        cast: What the actors are.
        client: The world.
    """

    def __init__(self, cast: Cast, client: Client) -> None:
        self._cast, self._client = cast, client

    def nearest(
        self, doors: Floats, owner: int, other: int, body: Motions, reach: float
    ) -> tuple[Floats, Floats, float] | None:
        """As `Client.nearest` of an actor's open doors and another actor; ``doors``: angles of left and right [rad]."""
        best = None
        for side in range(2):
            if doors[side] <= AJAR:
                continue
            key = self._stand(owner, side, float(doors[side]), body)
            found = self._client.nearest(key, other, reach)
            if found is not None and (best is None or found[2] < best[2]):
                best = found
        return best

    def _stand(self, a: int, side: int, angle: float, body: Motions) -> int:
        """Hang a door on its vehicle; returns its number."""
        key = len(self._cast.mass) + 2 * a + side
        if key not in self._client:
            self._client.add_plate(key, np.array([DOOR_LENGTH, THICKNESS, HEIGHT]))
        out = 1.0 - 2.0 * side
        size, offset = self._cast.size[a], self._cast.offset[a]
        swing = np.array([-0.5 * DOOR_LENGTH * np.cos(angle), out * 0.5 * DOOR_LENGTH * np.sin(angle), 0.0])
        local = offset + [HINGE * size[0], out * 0.5 * size[1], 0.0] + swing
        center = body.center[a] + body.turn[a] @ local
        ahead = body.turn[a] @ (-swing / (0.5 * DOOR_LENGTH))
        half = 0.5 * np.arctan2(ahead[1], ahead[0])
        self._client.place(key, center, np.array([0.0, 0.0, np.sin(half), np.cos(half)]))
        return key

    def hit(self, a: int, b: int, point: Floats, normal: Floats, closing: float, body: Motions, free: Any) -> None:
        """Exchange what a door can take between its vehicle and whoever hits it; ``normal`` points from b to a.

        Writes the velocities of those that are ``free``.
        """
        cast = self._cast
        give = sum(1.0 / cast.mass[i] for i in (a, b) if free[i])
        if give <= 0.0:
            return
        impulse = normal * min(closing / give, DOOR_IMPULSE)
        for i, push in ((a, impulse), (b, -impulse)):
            if free[i]:
                arm = body.turn[i].T @ np.cross(point - body.center[i], push)
                body.vel[i] += push / cast.mass[i]
                body.rate[i] += body.turn[i] @ (arm / cast.inertia[i])
                self._client.launch(i, body.vel[i], body.rate[i])
