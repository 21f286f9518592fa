"""Measures in the states of a run what a film would show: how deep bodies overlap, how far they sink, how they jerk.

Contacts are those of `sim.physics.collide` and `capsules`: boxes, and capsules about their longest axis for people and animals, to whom a
car is two boxes, up to its bonnet and behind it. On the road a vehicle has its hull and its wheels, everything else its box (people and
animals with rounded edges).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.physics.body import BONNET, CARS, PERSON
from sim.physics.sets import CYCLES
from sim.rotation import matrices
from sim.sampling import Batch
from sim.simulation import WorldGraph, step
from sim.types import TICK

Floats = NDArray[np.floating[Any]]
CORNERS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
SPHERES = 9
"""Along a capsule's core."""
GROUND_EVERY = 5
"""Ticks between looks at the ground."""


@dataclass
class Solid:
    """A box, or the capsule in it."""

    center: Floats
    axes: Floats
    half: Floats
    radius: float

    def spheres(self) -> Floats:
        """Centres of a capsule's spheres, (SPHERES, 3)."""
        k = int(np.argmax(self.half))
        reach = max(self.half[k] - self.radius, 0.0)
        return self.center + np.linspace(-reach, reach, SPHERES)[:, None] * self.axes[:, k]


def box_depth(a: Solid, b: Solid) -> float:
    """How far two boxes overlap along the axis that parts them best (Gottschalk et al. 1996) [m]; not positive if they are apart."""
    axes = [*a.axes.T, *b.axes.T, *(np.cross(u, v) for u in a.axes.T for v in b.axes.T)]
    apart = b.center - a.center
    least = math.inf
    for axis in axes:
        size = float(np.linalg.norm(axis))
        if size > 1e-6:
            n = axis / size
            reach = np.abs(n @ a.axes) @ a.half + np.abs(n @ b.axes) @ b.half
            least = min(least, float(reach - abs(n @ apart)))
    return least


def core_depth(capsule: Solid, box: Solid) -> float:
    """How far a capsule reaches into a box [m]."""
    local = (capsule.spheres() - box.center) @ box.axes
    over = np.abs(local) - box.half
    outside = np.linalg.norm(np.maximum(over, 0.0), axis=1)
    inside = np.minimum(over.max(axis=1), 0.0)
    return float((capsule.radius - outside - inside).max())


def depth(a: Solid, b: Solid) -> float:
    """How far two solids overlap [m]."""
    if a.radius > 0.0 and b.radius > 0.0:
        gaps = np.linalg.norm(a.spheres()[:, None] - b.spheres()[None], axis=-1)
        return float(a.radius + b.radius - gaps.min())
    if a.radius > 0.0:
        return core_depth(a, b)
    return core_depth(b, a) if b.radius > 0.0 else box_depth(a, b)


@dataclass
class Worst:
    """The greatest value of something, and where."""

    value: float = 0.0
    time: float = 0.0
    who: str = "-"

    def see(self, value: float, tick: int, who: str) -> None:
        """Keep a value if it is greater."""
        if value > self.value:
            self.value, self.time, self.who = value, tick * TICK, who


@dataclass
class Report:
    """What a film of a run would show [m]."""

    overlap: Worst = field(default_factory=Worst)
    """Of two bodies."""
    sinking: Worst = field(default_factory=Worst)
    """Of a body or hull below the road."""
    jump: Worst = field(default_factory=Worst)
    """Of a body in a tick, beyond what its velocity at either end explains."""
    rest: Worst = field(default_factory=Worst)
    """Way in the run's last second of whatever moves at less than 2 cm/s at the end."""

    def line(self) -> str:
        """For people."""
        parts = [(name, getattr(self, name)) for name in ("overlap", "sinking", "jump", "rest")]
        return "  ".join(f"{n} {100 * w.value:.1f} cm ({w.who} at {w.time:.2f} s)" for n, w in parts)


class Auditor:
    """Looks at one world, tick by tick.

    Args:
        batch: Of one world.
    """

    def __init__(self, batch: Batch) -> None:
        scene = batch.scene
        self.state = batch.state
        self.network = batch.specs[0][0].network
        self.names = [a.name for a in batch.specs[0][0].actors]
        self.n = len(self.names)
        self.size, self.middle = scene.size.numpy()[0], scene.box_center.numpy()[0]
        self.kind = scene.vehicle.kind.numpy()[0]
        cars = scene.vehicle.car.numpy()[0]
        self.hull = cars["hull"] + np.stack([-cars["reference"], 0.0 * cars["stand"], cars["stand"]], -1)
        self.hull_half = cars["hull_half"]
        self.report = Report()
        self.last: tuple[Floats, Floats] | None = None
        self.kept: list[Floats] = []

    def solid(self, pos: Floats, rot: Floats, a: int) -> Solid:
        """An actor as contacts see it."""
        axes = matrices(rot[a])
        half = 0.5 * self.size[a]
        return Solid(pos[a] + axes @ self.middle[a], axes, half, float(half.min()) if self.kind[a] == PERSON else 0.0)

    def facing(self, pos: Floats, rot: Floats, a: int, b: int) -> list[Solid]:
        """An actor as contacts with another see it: a car's bonnet counts for people and animals."""
        whole = self.solid(pos, rot, a)
        if self.kind[a] > CARS or self.kind[b] != PERSON:
            return [whole]
        length, drop = BONNET[0] * self.size[a][0], BONNET[1] * self.size[a][2]
        low = Solid(whole.center - whole.axes[:, 2] * drop / 2, whole.axes, whole.half - (0.0, 0.0, drop / 2), 0.0)
        rear = Solid(whole.center - whole.axes[:, 0] * length / 2, whole.axes, whole.half - (length / 2, 0.0, 0.0), 0.0)
        return [low, rear]

    def look(self) -> None:
        """Take the state in after a tick."""
        state = self.state
        tick = int(state.tick.numpy()[0])
        pos, rot, vel = (getattr(state, name).numpy()[0].astype(float) for name in ("pos", "rot", "vel"))
        seen = np.flatnonzero(state.visible.numpy()[0, : self.n] & 1).tolist()
        moved = [a for a in seen if state.motion.numpy()[0, a] >= 2]
        self._pairs(pos, rot, seen, set(moved), tick)
        if tick % GROUND_EVERY == 0:
            for a in moved:
                self.report.sinking.see(self._sunk(pos, rot, a), tick, self.names[a])
        if self.last is not None:
            for a in moved:
                before, speed = self.last[0][a], self.last[1][a]
                way = pos[a] - before
                off = min(
                    np.linalg.norm(way - f * vel[a] * TICK - (1 - f) * speed * TICK) for f in np.linspace(0.0, 1.0, 11)
                )
                self.report.jump.see(float(off), tick, self.names[a])
        self.last = pos.copy(), vel.copy()
        self.kept = [*self.kept[-99:], pos]

    def _pairs(self, pos: Floats, rot: Floats, seen: list[int], moved: set[int], tick: int) -> None:
        tow = self.state.story.tow.numpy()[0]
        reach = np.linalg.norm(self.size, axis=1)
        for i, a in enumerate(seen):
            for b in seen[:i]:
                coupled = tow[a] == b or tow[b] == a
                if coupled or not {a, b} & moved or np.linalg.norm(pos[a] - pos[b]) > reach[a] + reach[b]:
                    continue
                parts = itertools.product(self.facing(pos, rot, a, b), self.facing(pos, rot, b, a))
                found = max(depth(one, other) for one, other in parts)
                self.report.overlap.see(found, tick, f"{self.names[b]} and {self.names[a]}")

    def _sunk(self, pos: Floats, rot: Floats, a: int) -> float:
        """How far an actor's lowest corner lies below the road [m]."""
        axes = matrices(rot[a])
        rounded = 0.0
        if self.kind[a] < CYCLES:
            center, half = self.hull[a], self.hull_half[a]
        else:
            center, half = self.middle[a], 0.5 * self.size[a]
            rounded = float(half.min()) if self.kind[a] == PERSON else 0.0
        points = pos[a] + (center + CORNERS * np.maximum(half - rounded, 0.0)) @ axes.T
        low = points[np.argsort(points[:, 2])[:4]]
        return max(self._ground(p) - p[2] + rounded for p in low)

    def _ground(self, p: Floats) -> float:
        """Height of the road under a point, or far below where there is none [m]."""
        found = self.network.locate(float(p[0]), float(p[1]))
        if found is None:
            return -math.inf
        road = self.network.order[found.road]
        lane = road.sections[road.section_index(found.s)].lanes.get(road.lane_at(found.s, found.t))
        step = lane.heights[0][1] if lane is not None and lane.heights else 0.0
        return road.pose(found.s, found.t).z + step

    def finish(self) -> Report:
        """What was found."""
        if len(self.kept) > 1:
            speed = np.linalg.norm(self.state.vel.numpy()[0, : self.n], axis=1)
            for a in np.flatnonzero((speed < 0.02) & (self.state.motion.numpy()[0, : self.n] >= 2)):
                path = np.array([pos[a] for pos in self.kept])
                self.report.rest.see(float(np.ptp(path, axis=0).max()), int(self.state.tick.numpy()[0]), self.names[a])
        return self.report


def audit(batch: Batch, seconds: float) -> Report:
    """Run a batch of one world and measure."""
    auditor = Auditor(batch)
    graph = WorldGraph(
        lambda scene, state, control: lambda: step(scene, state, control),
        [batch.scene, batch.state, batch.control], 1, batch.device,
    )  # fmt: skip
    for _ in range(round(seconds / TICK)):
        graph.launch()
        auditor.look()
    return auditor.finish()
