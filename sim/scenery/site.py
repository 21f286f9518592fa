"""The state that every part of a map's scenery is built into, and the small steps they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Light, Semantic
from sim.road.elements import DRIVABLE
from sim.road.mesh import RoadPlan
from sim.road.network import Road, RoadNetwork
from sim.scenery.buildings import put_block, put_building
from sim.scenery.layout import BUILT, CARRIAGE, SOFT, TAKEN, WALK, Occupancy
from sim.scenery.parts import Floats, MeshBuilder, placed, turn
from sim.scenery.plants import FAR, LEAVES, TRUNK_HEIGHT, plant, put_hedge, trunk
from sim.scenery.styles import Plot, Style
from sim.scenery.terrain import Ground, LevelGround
from sim.types import Solid

HEADROOM = 4.6
"""Nothing hangs over a carriageway below this [m]."""

SPREAD = {"broad-0": 4.0, "broad-1": 5.4, "broad-2": 3.5, "broad-3": 3.7, "conifer-0": 4.6, "conifer-1": 5.8, "bush-0": 1.2, "bush-1": 1.5,
          "bush-2": 1.8, "street-0": 0.5, "street-1": 0.5, "maple-0": 5.3, "acacia-0": 4.2, "pine-0": 3.6}  # fmt: skip
"""Radius that a plant must keep clear of the carriageway [m]; street trees carry their crowns above it."""


@dataclass
class Site:
    """A map under construction."""

    network: RoadNetwork
    surface: RoadPlan
    ground: Ground | LevelGround
    taken: Occupancy
    window: tuple[float, float, float, float]
    setting: str
    seed: int
    detail: float
    builder: MeshBuilder
    lights: list[Light] = field(default_factory=list)
    instances: list[tuple[str, npt.NDArray[np.float64]]] = field(default_factory=list)
    heads: list[tuple[str, npt.NDArray[np.float64], int]] = field(default_factory=list)
    """Heads of traffic lights: model, place, index of the signal."""
    tree_quota: int = 60
    """Trees that may still become instances; the others are baked."""

    def rng(self, purpose: str) -> np.random.Generator:
        """Own random stream of a part, so that changing one part leaves the others as they were."""
        return np.random.default_rng([self.seed & 0xFFFFFFFF, *purpose.encode()])

    def height(self, points: Floats) -> Floats:
        """Height of the ground at points (n, 2)."""
        return self.ground.height(points)

    def stand(self, points: Floats) -> Floats:
        """Points (n, >=2) put onto the ground, (n, 3)."""
        points = np.asarray(points, float).reshape(-1, np.shape(points)[-1])[:, :2]
        return np.concatenate([points, self.height(points)[:, None]], 1)

    def put_hedge(self, points: Floats, width: float, height: float, rng: np.random.Generator, detail: float) -> None:
        """A hedge along points (n, >=2); it stops nobody. How many leaves it draws follows from the land as it is drawn."""
        points = np.asarray(points, float)[:, :2]
        path = np.concatenate([points, self.ground.drawn(points)[:, None]], 1)
        put_hedge(self.builder, path, width, height, rng, detail)

    def put_trees(
        self,
        name: str,
        points: Floats,
        rng: np.random.Generator,
        *,
        scale: tuple[float, float] = (0.8, 1.2),
        bits: int = CARRIAGE | WALK | BUILT | TAKEN,
        spread: float | None = None,
    ) -> int:
        """Plants trees where there is room; near the road as instances, then baked with fewer leaves. Returns how many."""
        points = np.asarray(points, float).reshape(-1, 2)
        size = rng.uniform(*scale, len(points))
        yaw = rng.uniform(0.0, 2 * np.pi, len(points))
        spread = SPREAD.get(name.split("/")[-1], 4.0) if spread is None else spread
        ok = self.taken.free(points, spread * scale[1], CARRIAGE) & self.taken.free(points, 0.6, bits)
        points, size, yaw = points[ok], size[ok], yaw[ok]
        if len(points) == 0:
            return 0
        ground = self.stand(points)
        self.taken.claim_discs(points, 0.6)
        near = min(len(points), self.tree_quota)
        self.tree_quota -= near
        matrices = [placed(p, angle, k) for p, k, angle in zip(ground, size, yaw, strict=True)]
        self.instances += [(name, matrix) for matrix in matrices[:near]]
        self._root(name, self.detail, ground[:near], yaw[:near], size[:near])
        low = 0.25 * min(self.detail, 4.0)
        for matrix in matrices[near:]:
            self.bake(name, low, matrix)
        self._root(name, low, ground[near:], yaw[near:], size[near:])
        return len(points)

    def _root(self, name: str, detail: float, pos: Floats, yaw: Floats, scale: Floats) -> None:
        """Trunks of plants of a name, placed at points (n, 3), turned by ``yaw`` and scaled, stop bodies."""
        radius, ahead, left = trunk(name, detail)
        foot = pos + scale[:, None] * (turn(yaw) @ np.array([ahead, left, 0.0]))
        self.builder.solids.posts(Solid.TREE, foot, radius * scale, TRUNK_HEIGHT * scale)

    def bake(self, name: str, detail: float, matrices: Floats) -> None:
        """Copies of a plant under 4x4 transforms (n, 4, 4) become part of the map's mesh."""
        if self.builder.faces:
            self.builder.instances(plant(name, detail), matrices)

    def put_bushes(self, points: Floats, rng: np.random.Generator, *, scale: float = 1.0) -> None:
        """Bakes bushes where they clear the carriageway and buildings."""
        points = np.asarray(points, float).reshape(-1, 2)
        points = points[self.taken.free(points, 0.9 * scale, CARRIAGE | BUILT)]
        for p in self.stand(points):
            name = f"near/bush-{int(rng.integers(3))}"
            matrix = placed(p, rng.uniform(0.0, 2 * np.pi), scale * rng.uniform(0.85, 1.15))
            self.bake(name, 0.5 * self.detail, matrix)

    def put_far_trees(
        self, points: Floats, rng: np.random.Generator, *, conifers: float = 0.3, detail: float = 0.5
    ) -> None:
        """Bakes simple trees at points far from the road."""
        points = np.asarray(points, float).reshape(-1, 2)
        inside = ((points > self.taken.low + 1.0) & (points < self._top - 1.0)).all(1)
        ok = ~inside | self.taken.free(points, 6.5, CARRIAGE | WALK | BUILT)
        points = points[ok]
        ground = self.stand(points)
        kind = np.where(rng.random(len(points)) < conifers, 3, rng.integers(0, 3, len(points)))
        size, yaw = rng.uniform(0.75, 1.25, len(points)), rng.uniform(0.0, 2 * np.pi, len(points))
        for k, name in enumerate(FAR):
            rows = np.flatnonzero(kind == k)
            if len(rows):
                self._root(name, detail, ground[rows], yaw[rows], size[rows])
                self.bake(name, detail, np.stack([placed(ground[i], yaw[i], size[i]) for i in rows]))

    @property
    def _top(self) -> Floats:
        return self.taken.low + np.array(self.taken.image.shape[::-1]) * self.taken.cell

    def plot(self, corner: Floats, along: Floats, width: float, depth: float, *, margin: float = 0.1) -> Plot | None:
        """A plot at a front corner if it is free, with floor and foundation fitted to the ground."""
        plan = Plot((float(corner[0]), float(corner[1])), (float(along[0]), float(along[1])), width, depth, 0.0, 0.0)
        if self.taken.touches(plan.corners(margin), CARRIAGE | WALK | SOFT | BUILT):
            return None
        ring = plan.corners()
        front = ring[0] + (ring[1] - ring[0]) * np.linspace(0, 1, 4)[:, None] + plan.front[:2] * 0.3
        z = self.height(np.concatenate([ring, front]))
        return Plot(plan.corner, plan.along, width, depth, float(z[4:].max()) + 0.04, float(z.min()) - 0.8)

    def build(self, plot: Plot, style: Style, rng: np.random.Generator) -> None:
        """Puts up a building and marks its ground."""
        put_building(self.builder, plot, style, rng)
        self.taken.claim(plot.corners(0.15), BUILT)

    def block(self, plot: Plot, height: float, color: int) -> None:
        """Puts up a distant building and marks its ground."""
        put_block(self.builder, plot, height, color)
        self.taken.claim(plot.corners(0.15), BUILT)

    def scatter_leaves(self, points: Floats, rng: np.random.Generator) -> None:
        """Fallen leaves on the ground about points (n, 2), off the carriageway."""
        points = points[self.taken.free(points, 0.3, CARRIAGE | BUILT)]
        if len(points) == 0 or not self.builder.faces:
            return
        p = self.stand(points) + np.array([0.0, 0.0, 0.012])
        yaw = rng.uniform(0, 2 * np.pi, len(p))
        u = np.stack([np.cos(yaw), np.sin(yaw), rng.uniform(-0.25, 0.25, len(p))], 1) * 0.05
        v = np.stack([-np.sin(yaw), np.cos(yaw), rng.uniform(-0.2, 0.2, len(p))], 1) * 0.03
        p[:, 2] += 0.016
        rows = np.array([self.builder.material(m) for m in (LEAVES[1], LEAVES[3], DRY)])[rng.integers(0, 3, len(p))]
        self.builder.quads(np.stack([p - u, p - v, p + u, p + v], 1), rows, int(Semantic.VEGETATION))


def soft_width(road: Road, side: int, s: float) -> float:
    """Width of what lies outside the lanes vehicles use (sidewalk, border, grass) at a road's edge [m]."""
    borders = road.borders(min(max(s, 0.0), road.length - 1e-6))
    lanes = road.sections[road.section_index(min(max(s, 0.0), road.length - 1e-6))].lanes
    total = 0.0
    for i in sorted((i for i in borders if i * side > 0), key=abs, reverse=True):
        lane = lanes[i]
        width = abs(borders[i] - borders[i - side])
        if (
            lane.kind in DRIVABLE
            or lane.kind in ("shoulder", "stop", "parking", "biking", "restricted")
            or (lane.kind == "border" and width < 1.2)
        ):
            break
        total += width
    return total


def spaced(length: float, step: float, rng: np.random.Generator, *, jitter: float = 0.2, margin: float = 2.0) -> Floats:
    """Distances along a line of the given length, about ``step`` apart."""
    count = int((length - 2 * margin) / step)
    if count < 1:
        return np.zeros(0)
    s = margin + (np.arange(count) + 0.5) * ((length - 2 * margin) / count)
    return s + rng.uniform(-jitter, jitter, count) * step


def facing(outward: Floats) -> Floats:
    """Yaw of the direction from the edge to the road, (n,)."""
    return np.arctan2(-outward[:, 1], -outward[:, 0])


def window_of(points: Sequence[Floats]) -> tuple[float, float, float, float]:
    """Bounds of points in the plane."""
    joint = np.concatenate(points)
    (x0, y0), (x1, y1) = joint[:, :2].min(0), joint[:, :2].max(0)
    return float(x0), float(y0), float(x1), float(y1)


DRY = LEAVES[0].__class__("leaves, dry", (0.16, 0.09, 0.03), 0.9)
