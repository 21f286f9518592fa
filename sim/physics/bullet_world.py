"""One world of PyBullet over its ticks: who is a body there, who touches whom, and what goes back into `State`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.physics.boxes import DOOR_LENGTH
from sim.physics.bullet_client import Client, make_cast, restitution
from sim.physics.bullet_doors import AJAR, Doors
from sim.physics.bullet_scenery import Scenery
from sim.physics.bullet_wheels import Floats, Motions, Wheels, cross
from sim.physics.contact import FELL_CYCLE_SPEED, FELL_SPEED, JOSTLE_SPEED, LIGHT_TOUCH, WAKE_SPEED
from sim.rotation import matrices
from sim.types import TICK, Contact, Lamp, Motion

SUBSTEPS = 5
"""Steps per tick: 2 ms each. Impacts, braking and bends change by less than 1 % from 4 to 20; at 40 m/s two bodies are at most 8 cm into
each other before the solver sees it, which it takes out without adding speed."""
TOUCH = 0.002
"""Distance at which shapes count as touching [m]."""

Rows = dict[str, Any]
"""Arrays of one world by dotted field name, without the world axis."""


class BulletWorld:
    """One world as a client of PyBullet.

    Args:
        scene: The world's rows of `Scene`, by dotted name.
        substeps: Steps per tick.
    """

    def __init__(self, scene: Rows, substeps: int = SUBSTEPS) -> None:
        self.cast = make_cast(scene)
        self.substeps, self.h = substeps, TICK / substeps
        self.physics = int(scene["contact"]) == int(Contact.PHYSICS)
        self.client = Client(self.cast, self.h, self.physics)
        params = {name[8:]: value for name, value in scene.items() if name.startswith("vehicle.")}
        self.wheels = Wheels(params, self.cast.rides)
        self.doors = Doors(self.cast, self.client)
        self.scenery = Scenery(self.cast, self.client, scene["solids"])
        self.wind = np.append(np.asarray(scene["weather.wind"], float), 0.0)
        self.drag = np.asarray(params["car"]["drag"], float)
        self.valid = np.asarray(scene["valid"]) != 0
        n = len(self.valid)
        self.free = np.zeros(n, bool)
        self.live = np.zeros(n, bool)
        self.upright = np.zeros(n, bool)
        """Bodies that keep upright by themselves."""
        self.pos, self.rot = np.zeros((n, 3)), np.tile([0.0, 0.0, 0.0, 1.0], (n, 1))
        self.now = Motions(np.zeros((n, 3)), np.zeros((n, 3, 3)), np.zeros((n, 3)), np.zeros((n, 3)))
        self.quat = self.rot.copy()
        self.touches: dict[tuple[int, int], tuple[float, Floats, Floats]] = {}
        """Pairs that touched in the last tick: closing speed, point, normal from the second (or `SCENERY`) to the first."""
        self._coming: dict[tuple[int, int], tuple[float, Floats, Floats]] = {}
        """As ``touches``, of pairs that are about to touch."""
        self._met: dict[tuple[int, int], float] = {}
        """Coefficient of restitution of pairs that are about to touch or do."""

    def move(self, r: Rows) -> None:
        """A tick: move DRIVEN actors and bodies, resolve contacts; ``r`` is read and written in place but for contacts."""
        self.touches = {}
        r["moved"][:] = 0.0
        if r["done"][0] != 0:
            return
        self._take_over(r)
        pairs = list(self._near_pairs(r)) if self.physics else []
        walls = list(self._near_scenery()) if self.physics else []
        ghosts = sorted({a for pair in pairs for a in pair if not self.free[a] and not self.cast.fixed[a]})
        self._show_ghosts(r, ghosts, 0.0)
        pairs = [pair for pair in pairs if self._may_meet(r, *pair)]
        ghosts = sorted({a for pair in pairs for a in pair if not self.free[a] and not self.cast.fixed[a]})
        driven = np.flatnonzero(self.free & (r["motion"] == int(Motion.DRIVEN)) & self.cast.wheels)
        self.wheels.press_pedals(driven, r["control.steer"][driven], r["control.accel"][driven])
        for k in range(self.substeps):
            self._show_ghosts(r, ghosts, k / self.substeps)
            for a, b in pairs:
                self._meet(r, a, b)
            for a, i in walls:
                self._meet_scenery(r, a, i)
            self._roll(r)
            self.client.step()
            self._read()
            self._find_touches()
        self._write(r)

    # --- before the sub-steps -------------------------------------------------------------------------------------------

    def _take_over(self, r: Rows) -> None:
        """Let the client hold who is in `State`, where it is: new actors, those that others moved, and their ground."""
        live = self.valid & (r["visible"] != 0)
        free = live & np.isin(r["motion"], (int(Motion.DRIVEN), int(Motion.BODY))) & ~self.cast.fixed
        for a in np.flatnonzero((live != self.live) | (free != self.free)).tolist():
            self.client.remove(a)
            self.upright[a] = False
            if live[a] and (self.physics or free[a]):
                self.client.add(a, bool(free[a]))
            if not self.live[a]:
                self.pos[a], self.rot[a] = r["pos"][a], r["rot"][a]
        moved = (
            (r["pos"] != self.pos).any(1) | (r["rot"] != self.rot).any(1) | (free != self.free) | (live != self.live)
        )
        moved |= free & (np.abs(r["vel"] - self._reference_velocity(r["rot"])) > 1e-4).any(1)
        self.live, self.free = live, free
        who = np.flatnonzero(moved & live)
        self._stand(who, r["pos"][who], r["rot"][who], r["vel"][who], r["ang_vel"][who])
        for a in who.tolist():
            if free[a] or (self.physics and self.cast.fixed[a]):
                self.client.place(a, self.now.center[a], self.quat[a])
            if free[a]:
                self.client.launch(a, self.now.vel[a], self.now.rate[a])
                self.wheels.bend[a] = 0.0
                self.wheels.steer[a] = r["steer"][a]
        for a in np.flatnonzero(free).tolist():
            self._hold(r, a)
            self.client.set_ground(a, r["plane"][a, 4], float(r["friction"][a, 4]))

    def _hold(self, r: Rows, a: int) -> None:
        """Let a body keep upright if it is a person's, an animal's or a cycle's that was not felled, and fall if it was."""
        balanced = bool(self.cast.person[a] or self.cast.rides[a])
        upright = balanced and r["motion"][a] == int(Motion.BODY) and r["fallen"][a] == 0
        if upright != self.upright[a]:
            self.upright[a] = upright
            self.client.hold(a, upright)

    def _reference_velocity(self, rot: Floats) -> Floats:
        """Velocities of the reference points [m/s], (nactor, 3)."""
        arm = (matrices(rot) @ self.cast.center[..., None])[..., 0]
        return self.now.vel - cross(self.now.rate, arm)

    def _stand(self, who: npt.NDArray[np.intp], pos: Floats, rot: Floats, vel: Floats, rate: Floats) -> None:
        """Keep motions of some actors, given those of their reference points, (n, ...)."""
        turn = matrices(rot)
        arm = (turn @ self.cast.center[who][..., None])[..., 0]
        self.now.turn[who], self.quat[who] = turn, rot
        self.now.center[who], self.now.rate[who] = pos + arm, rate
        self.now.vel[who] = vel + cross(np.asarray(rate, float), arm)

    def _near_pairs(self, r: Rows) -> Iterator[tuple[int, int]]:
        """Pairs that may touch within the tick, but for what is coupled and what stands in the ground on both sides."""
        turn = matrices(r["rot"])
        middle = r["pos"] + (turn @ (self.cast.center + self.cast.offset)[..., None])[..., 0]
        speed = np.linalg.norm(r["vel"], axis=1) + np.linalg.norm(r["pos"] - self.pos, axis=1) / TICK
        radius = 0.5 * np.linalg.norm(self.cast.size, axis=1) + 1.5 * speed * TICK + 0.05
        radius += np.where((r["door"] > AJAR).any(1), DOOR_LENGTH, 0.0)
        apart = np.linalg.norm(middle[:, None] - middle[None], axis=-1)
        near = (apart < radius[:, None] + radius[None]) & self.live[:, None] & self.live[None]
        for a, b in zip(*np.nonzero(np.triu(near, 1)), strict=True):
            if not (self.cast.fixed[a] and self.cast.fixed[b]) and not _same_train(r["story.tow"], int(a), int(b)):
                yield int(a), int(b)

    def _near_scenery(self) -> Iterator[tuple[int, int]]:
        """Free actors with what may stop them within the tick."""
        for a in np.flatnonzero(self.free).tolist():
            for i in self.scenery.near(a, self.now.center[a], float(np.linalg.norm(self.now.vel[a])), TICK):
                yield a, i

    def _meet_scenery(self, r: Rows, a: int, i: int) -> None:
        """Look whether an actor is about to touch something solid: note it, and make a body of who drives into it."""
        found = self.scenery.meet(a, i, self.now, self.h)
        if found is None:
            return
        closing, point, normal, distance = found
        if distance <= TOUCH + closing * self.h:
            self.touches.setdefault((a, self.scenery.partner(i)), (closing, point, normal))
            if closing > LIGHT_TOUCH:
                self._wake(r, a)

    def _may_meet(self, r: Rows, a: int, b: int) -> bool:
        """Whether two actors are near enough to touch within the tick, at half as much again of their speed."""
        if (r["door"][[a, b]] > AJAR).any():
            return True
        speed = float(np.linalg.norm(self.now.vel[b] - self.now.vel[a]))
        return self.client.nearest(a, b, 1.5 * speed * TICK + 0.05) is not None

    # --- sub-steps ------------------------------------------------------------------------------------------------------

    def _show_ghosts(self, r: Rows, ghosts: list[int], share: float) -> None:
        """Stand scripted actors where they are a ``share`` of the tick after its beginning."""
        who = np.array([a for a in ghosts if not self.free[a]], np.intp)
        if not len(who):
            return
        old, new = self.rot[who], r["rot"][who].astype(float)
        new *= np.where((old * new).sum(1) >= 0.0, 1.0, -1.0)[:, None]
        rot = old + share * (new - old)
        pos = self.pos[who] + share * (r["pos"][who] - self.pos[who])
        rot /= np.linalg.norm(rot, axis=1)[:, None]
        self._stand(who, pos, rot, r["vel"][who], r["ang_vel"][who])
        for a in who.tolist():
            self.client.place(a, self.now.center[a], self.quat[a])

    def _meet(self, r: Rows, a: int, b: int) -> None:
        """Look whether two actors are about to touch: note it, and make bodies of them before they do."""
        ghosts = not (self.free[a] or self.free[b])
        if ghosts and (a, b) in self.touches:
            return
        gap = float(np.linalg.norm(self.now.vel[b] - self.now.vel[a])) * self.h + 0.03
        self._meet_doors(r, a, b, gap)
        found = self.client.nearest(a, b, gap)
        if found is None:
            self._met.pop((a, b), None)
            self._coming.pop((a, b), None)
            return
        point, normal, distance = found
        closing = self._closing(a, b, point, normal)
        if (a, b) not in self._met:
            self._met[a, b] = restitution(self.cast, a, b, closing)
            self.client.bounce(a, b, self._met[a, b])
        if distance > TOUCH + closing * self.h:
            return
        if (a, b) not in self.touches:
            self._coming.setdefault((a, b), (closing, point, normal))
        if self.cast.person[a] and self.cast.person[b] and closing < JOSTLE_SPEED:
            return
        if closing > WAKE_SPEED:
            self._fell(r, a, b, closing)
            for actor in (a, b):
                self._wake(r, actor)
            self.client.bounce(a, b, self._met[a, b])

    def _fell(self, r: Rows, a: int, b: int, closing: float) -> None:
        """Fell who keeps upright by himself but is about to be hit harder than he can stand, as Swerve's own contacts do."""
        cast = self.cast
        light = np.where(cast.fixed[[a, b]], 0.0, 1.0 / cast.mass[[a, b]])
        push = (1.0 + self._met[a, b]) * closing / max(float(light.sum()), 1e-9)
        for actor, share in zip((a, b), light, strict=True):
            limit = FELL_SPEED if cast.person[actor] else FELL_CYCLE_SPEED if cast.rides[actor] else np.inf
            if r["fallen"][actor] == 0 and push * share > limit:
                r["fallen"][actor] = r["tick"][0] + 1

    def _closing(self, a: int, b: int, point: Floats, normal: Floats) -> float:
        """Speed at which two actors close in on each other at a point [m/s]; ``normal`` points from b to a."""
        now = self.now
        va = now.vel[a] + np.cross(now.rate[a], point - now.center[a])
        vb = now.vel[b] + np.cross(now.rate[b], point - now.center[b])
        return max(float((vb - va) @ normal), 0.0)

    def _meet_doors(self, r: Rows, a: int, b: int, gap: float) -> None:
        """Look whether either actor's open door is about to be hit by the other: it gives what it can, and shuts."""
        for owner, other in ((a, b), (b, a)):
            if not (r["door"][owner] > AJAR).any():
                continue
            found = self.doors.nearest(r["door"][owner], owner, other, self.now, gap)
            if found is None:
                continue
            point, normal, distance = found
            closing = self._closing(owner, other, point, normal)
            if distance > TOUCH + closing * self.h or closing <= WAKE_SPEED:
                continue
            self.touches[a, b] = closing, point, normal if owner == a else -normal
            for actor in (a, b):
                self._wake(r, actor)
            self.doors.hit(owner, other, point, normal, closing, self.now, self.free)
            r["door"][owner] = 0.0

    def _find_touches(self) -> None:
        """Note who touches since the last sub-step, at the middle of the overlap; ghosts touch when their shapes do."""
        for (a, b), (closing, point, normal) in list(self._coming.items()):
            ghosts = not (self.free[a] or self.free[b])
            middle = point if ghosts else self.client.middle(a, b)
            if middle is not None:
                self.touches[a, b] = closing, middle, normal
                del self._coming[a, b]

    def _wake(self, r: Rows, a: int) -> None:
        """Make a body of an actor, moving as it does."""
        if self.cast.fixed[a]:
            return
        r["motion"][a] = int(Motion.BODY)
        if self.free[a]:
            self._hold(r, a)
            return
        self.free[a] = True
        self.client.add(a, True)
        self.upright[a] = False
        self._hold(r, a)
        self.client.place(a, self.now.center[a], self.quat[a])
        self.client.launch(a, self.now.vel[a], self.now.rate[a])
        self.client.set_ground(a, r["plane"][a, 4], float(r["friction"][a, 4]))

    def _roll(self, r: Rows) -> None:
        """Let wheels and air act on vehicles."""
        who = np.flatnonzero(self.free & self.cast.wheels)
        if not len(who):
            return
        now = self.now
        body = Motions(now.center[who], now.turn[who], now.vel[who], now.rate[who])
        driven = (r["motion"][who] == int(Motion.DRIVEN)).astype(float)
        force, torque = self.wheels.forces(who, body, r["plane"][who, :4], r["friction"][who, :4], driven, self.h)
        air = body.vel - self.wind
        force -= (self.drag[who] * np.linalg.norm(air, axis=1))[:, None] * air
        for i, a in enumerate(who.tolist()):
            self.client.push(a, now.center[a], force[i], torque[i])

    def _read(self) -> None:
        """Take motions of free bodies from the client."""
        who = np.flatnonzero(self.free)
        for a in who.tolist():
            self.now.center[a], self.quat[a], self.now.vel[a], self.now.rate[a] = self.client.read(a)
        if len(who):
            self.now.turn[who] = matrices(self.quat[who])

    # --- after them -----------------------------------------------------------------------------------------------------

    def _write(self, r: Rows) -> None:
        """Put the bodies' motions into `State`."""
        who = np.flatnonzero(self.free)
        now, turn = self.now, self.now.turn[who]
        arm = (turn @ self.cast.center[who][..., None])[..., 0]
        pos, vel = now.center[who] - arm, now.vel[who] - cross(now.rate[who], arm)
        r["moved"][who] = np.linalg.norm((pos - r["pos"][who])[:, :2], axis=1)
        r["accel"][who] = (vel - r["vel"][who]) / TICK
        r["pos"][who], r["vel"][who] = pos, vel
        r["rot"][who], r["ang_vel"][who] = self.quat[who], now.rate[who]
        r["speed"][who] = (vel * turn[:, :, 0]).sum(1)
        rolls = who[self.cast.wheels[who]]
        r["vehicle.ready"][rolls] = 1
        r["vehicle.wheel_speed"][rolls] = self.wheels.spin[rolls]
        r["vehicle.load"][rolls] = self.wheels.load[rolls]
        r["vehicle.friction"][rolls] = r["friction"][rolls, :4].mean(1)
        turned = r["wheel_angle"][rolls] + self.wheels.spin[rolls].mean(1) * TICK
        r["wheel_angle"][rolls] = np.remainder(turned + np.pi, 2.0 * np.pi) - np.pi
        self._write_driven(r, rolls[r["motion"][rolls] == int(Motion.DRIVEN)])
        self.pos[:], self.rot[:] = r["pos"], r["rot"]

    def _write_driven(self, r: Rows, who: npt.NDArray[np.intp]) -> None:
        """Put pedals, steering and brake lamps into `State`."""
        r["steer"][who] = self.wheels.steer[who]
        r["vehicle.brake"][who] = self.wheels.brake[who, None]
        r["vehicle.throttle"][who] = self.wheels.throttle[who]
        lit = r["control.accel"][who] < -0.02
        r["lamps"][who] = np.where(lit, r["lamps"][who] | int(Lamp.BRAKE), r["lamps"][who] & ~int(Lamp.BRAKE))

    def record(self, r: Rows) -> None:
        """Put the tick's contacts into `State`, whose ``contact_now`` has been cleared."""
        for (a, b), (closing, point, normal) in self.touches.items():
            for one, other, towards in ((a, b, normal), (b, a, -normal)):
                if one < 0:
                    continue
                bit = other if other >= 0 else len(self.valid)
                r["contact_now"][one, bit // 32] |= np.uint32(1 << (bit % 32))
                if r["contact_tick"][one] < 0:
                    r["contact_tick"][one], r["contact_with"][one] = r["tick"][0] + 1, other
                    r["contact_speed"][one], r["contact_point"][one], r["contact_normal"][one] = closing, point, towards


def _same_train(tow: npt.NDArray[np.integer], a: int, b: int) -> bool:
    """Whether one of two actors pulls the other, straight or by trailers between."""
    for first, last in ((a, b), (b, a)):
        for _ in range(len(tow)):
            first = int(tow[first]) if first >= 0 else -1
            if first == last:
                return True
    return False
