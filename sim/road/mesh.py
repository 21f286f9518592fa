"""The road's surface as triangles: every lane of every road, clipped so that no two surfaces coincide, with markings cut in.

Lanes become strips of quads whose rows follow the road's curvature. Where roads overlap (junctions) a fixed order of precedence decides who
stays: drivable lanes before shoulders, borders, sidewalks and grass; roads outside junctions before connecting roads, straight ones before
turns. What is left of the loser keeps its own height, so every point of the mesh lies on the closed form of exactly one road. Edges that no
neighbour shares get a curtain downwards: kerb faces, and a seal against rays that slip between surfaces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, MeshData, Semantic, Surface
from sim.render.parts import Part
from sim.road.clipping import cut, overlapping_pairs, subtract_all
from sim.road.faces import Faces, cover_quads, fan_quads, open_edges, replace_rows, strip_faces
from sim.road.holes import fill_holes
from sim.road.lanes import PAINTED, TIER, Cover, Edge, Strip, lane_borders, section_strips, surface_points
from sim.road.markings import Area, default_areas, object_areas, patch_areas
from sim.road.network import Road, RoadNetwork
from sim.road.relief_mesh import raise_faces, relief_areas

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

CURTAIN = 0.3
"""Depth of the curtain under an open edge [m]."""

PLAZA = 6.0
"""Width of the pavement behind the sidewalk at a junction's corner [m]."""

_WHITE = (0.52, 0.52, 0.5)

MATERIALS: dict[Cover, tuple[Material, Semantic]] = {
    Cover.ASPHALT: (Material("asphalt", (0.105, 0.104, 0.1), 0.85, surface=Surface.ASPHALT), Semantic.ROAD),
    Cover.SHOULDER: (Material("asphalt, older", (0.135, 0.133, 0.127), 0.88, surface=Surface.ASPHALT), Semantic.ROAD),
    Cover.PARKING: (Material("parking lane", (0.15, 0.146, 0.138), 0.88, surface=Surface.ASPHALT), Semantic.ROAD),
    Cover.CYCLE: (Material("cycle lane", (0.23, 0.075, 0.06), 0.85, surface=Surface.ASPHALT), Semantic.ROAD),
    Cover.BORDER: (Material("border", (0.2, 0.196, 0.185), 0.88, surface=Surface.CONCRETE), Semantic.ROAD),
    Cover.SIDEWALK: (Material("sidewalk", (0.3, 0.288, 0.268), 0.85, surface=Surface.PAVING), Semantic.SIDEWALK),
    Cover.KERB: (Material("kerb", (0.34, 0.335, 0.32), 0.8, surface=Surface.CONCRETE), Semantic.SIDEWALK),
    Cover.GRASS: (Material("grass", (0.075, 0.11, 0.032), 0.95, surface=Surface.GRASS), Semantic.TERRAIN),
    Cover.GRAVEL: (Material("gravel", (0.24, 0.22, 0.19), 0.95, surface=Surface.GRAVEL), Semantic.TERRAIN),
    Cover.MARK_WHITE: (Material("marking, white", _WHITE, 0.7, surface=Surface.MARKING), Semantic.ROAD_MARKING),
    Cover.MARK_YELLOW: (Material("marking, yellow", (0.55, 0.38, 0.04), 0.7, surface=Surface.MARKING), Semantic.ROAD_MARKING),
    Cover.MARK_BLUE: (Material("marking, blue", (0.05, 0.12, 0.4), 0.7, surface=Surface.MARKING), Semantic.ROAD_MARKING),
    Cover.MARK_RED: (Material("marking, red", (0.4, 0.05, 0.04), 0.7, surface=Surface.MARKING), Semantic.ROAD_MARKING),
    Cover.MARK_ORANGE: (Material("marking, orange", (0.55, 0.2, 0.03), 0.7, surface=Surface.MARKING), Semantic.ROAD_MARKING),
    Cover.MARK_GREEN: (Material("marking, green", (0.05, 0.3, 0.1), 0.7, surface=Surface.MARKING), Semantic.ROAD_MARKING),
    Cover.ICE: (Material("ice", (0.068, 0.07, 0.074), 0.25, clearcoat=0.6, surface=Surface.ICE), Semantic.ROAD),
    Cover.WATER: (Material("puddle", (0.035, 0.036, 0.036), 0.04, clearcoat=1.0, surface=Surface.ICE), Semantic.ROAD),
    Cover.OIL: (Material("oil", (0.018, 0.017, 0.02), 0.15, clearcoat=1.0, surface=Surface.ASPHALT), Semantic.ROAD),
    Cover.DEBRIS: (Material("loose gravel", (0.22, 0.2, 0.17), 0.95, surface=Surface.GRAVEL), Semantic.ROAD),
    Cover.SNOW: (Material("snow", (0.62, 0.64, 0.67), 0.9, surface=Surface.SOIL), Semantic.ROAD),
    Cover.LEAVES: (Material("fallen leaves", (0.1, 0.056, 0.022), 0.9, surface=Surface.GRAVEL), Semantic.ROAD),
    Cover.CONCRETE: (Material("concrete", (0.27, 0.265, 0.25), 0.85, surface=Surface.CONCRETE), Semantic.ROAD),
    Cover.BROKEN: (Material("broken asphalt", (0.032, 0.031, 0.029), 0.95, surface=Surface.GRAVEL), Semantic.ROAD),
    Cover.RUBBLE: (Material("bottom of a pothole", (0.105, 0.096, 0.082), 0.95, surface=Surface.HOLE), Semantic.ROAD),
    Cover.HUMP: (Material("asphalt of a hump", (0.05, 0.049, 0.048), 0.85, surface=Surface.ASPHALT), Semantic.ROAD),
    Cover.RUBBER: (Material("rubber of a hump", (0.022, 0.022, 0.022), 0.8, surface=Surface.ASPHALT), Semantic.ROAD),
    Cover.FILL: (Material("asphalt", (0.105, 0.104, 0.1), 0.85, surface=Surface.ASPHALT), Semantic.ROAD),
}  # fmt: skip

PAVED = frozenset({Cover.ASPHALT, Cover.SHOULDER, Cover.PARKING, Cover.CYCLE, Cover.BORDER, Cover.FILL})
"""What can be painted on."""

PARTS = {
    Cover.SHOULDER: Part.SHOULDER, Cover.PARKING: Part.PARKING, Cover.CYCLE: Part.CYCLE_LANE, Cover.BORDER: Part.BORDER,
    Cover.SIDEWALK: Part.SIDEWALK, Cover.KERB: Part.KERB, Cover.GRASS: Part.VERGE, Cover.GRAVEL: Part.VERGE,
}  # fmt: skip
"""What a lane of a cover is a part of; the others are `Part.LANE`, whatever lies on them."""

CARRIAGEWAY = frozenset(set(Cover) - {Cover.SIDEWALK, Cover.KERB, Cover.GRASS, Cover.GRAVEL})
"""What vehicles may stand on."""


@dataclass
class RoadPlan:
    """Where a network's surface lies: what its surroundings need to know of it."""

    covers: Floats
    """Convex quads that hold the whole surface, corners at its true height, counter-clockwise, (n, 4, 3) [m]."""
    cover_kind: Ints
    """`Cover` of each, (n,)."""
    edges: list[Edge]
    """Outer edges of all roads."""
    holes: list[Floats]
    """Cells inside junctions that no lane covers, filled with asphalt, (n, 3) each."""


@dataclass
class RoadSurface(RoadPlan):
    """A network's surface."""

    mesh: MeshData


def plan_roads(network: RoadNetwork, *, green: bool = True, verge: float = 0.0) -> RoadPlan:
    """What `build_road_surface` puts into `RoadPlan`, without the mesh."""
    strips, edges = _all_strips(network, green, verge, None)
    covers, cover_kind, cover_road = cover_quads(strips)
    holes: list[Floats] = []
    if any(road.junction is not None for road in network.order):
        faces = _resolve(strip_faces(strips), covers, cover_kind, cover_road, _ranks(network))
        holes = fill_holes(network, covers, faces)
    return RoadPlan(covers, cover_kind, edges, holes)


def build_road_surface(
    network: RoadNetwork,
    *,
    green: bool = True,
    verge: float = 0.0,
    crossings: bool = True,
    window: tuple[float, float, float, float] | None = None,
) -> RoadSurface:
    """The surface of all roads.

    Args:
        network: The map.
        green: Wide outer borders are grass, else paved.
        verge: Width of grass laid outside lanes that do not end in grass [m].
        crossings: Town junctions whose file has no stop lines and crosswalks get them.
        window: x0, y0, x1, y1 [m]: only what lies near it is built; None: all.
    """
    strips, edges = _all_strips(network, green, verge, window)
    rank = _ranks(network)
    faces = strip_faces(strips)
    covers, cover_kind, cover_road = cover_quads(strips)
    faces = _resolve(faces, covers, cover_kind, cover_road, rank)
    holes = fill_holes(network, covers, faces)
    faces = _paint(faces, _areas(network, crossings))
    faces = raise_faces(faces, network)
    return RoadSurface(covers, cover_kind, edges, holes, _triangulate(faces))


def _all_strips(
    network: RoadNetwork, green: bool, verge: float, window: tuple[float, float, float, float] | None
) -> tuple[list[Strip], list[Edge]]:
    strips: list[Strip] = []
    edges: list[Edge] = []
    for road in network.order:
        if window is not None and not _near(road, window):
            continue
        for k in range(len(road.sections)):
            if road.section_end(k) - road.sections[k].s < 1e-3:
                continue
            new, outer = section_strips(road, k, green=green, verge=verge)
            if road.junction is not None:
                new += [_plaza(road, k, edge) for edge in outer if edge.walkable]
            strips += new
            edges += outer
    return strips, edges


def _near(road: Road, window: tuple[float, float, float, float]) -> bool:
    x, y, _, _ = road.line(np.linspace(0.0, road.length, max(2, math.ceil(road.length / 10.0))))
    x0, y0, x1, y1 = window
    return bool(((x > x0) & (x < x1) & (y > y0) & (y < y1)).any())


def _plaza(road: Road, k: int, edge: Edge) -> Strip:
    """Pavement behind the sidewalk of a connecting road: fills the corner between the arms' sidewalks."""
    borders = lane_borders(road, k, edge.s)
    t = borders[max(borders) if edge.side > 0 else min(borders)]
    height = float(edge.points[0, 2] - surface_points(road, edge.s[:1], t[:1])[0, 2])
    reach = t + edge.side * PLAZA
    pair = (t, reach) if edge.side > 0 else (reach, t)
    grid = np.stack([surface_points(road, edge.s, x, height) for x in pair], 1)
    cells = np.full((len(edge.s) - 1, 1), int(Cover.SIDEWALK), np.int64)
    edge.points = grid[:, 1 if edge.side > 0 else 0]
    return Strip(road.index, edge.side * 2000, grid, cells, Cover.SIDEWALK, grid, height)


def _ranks(network: RoadNetwork) -> Ints:
    """Precedence of each road by index: outside junctions first, then the straighter, then the earlier."""
    keys = []
    for road in network.order:
        _, _, heading, _ = road.line(np.array([0.0, road.length - 1e-9]))
        bend = 0.0 if road.junction is None else abs(math.remainder(float(heading[1] - heading[0]), math.tau))
        keys.append((road.junction is not None, round(bend, 3), road.index))
    rank = np.empty(len(keys), np.int64)
    rank[sorted(range(len(keys)), key=lambda i: keys[i])] = np.arange(len(keys))
    return rank


_PARTS = np.array([int(PARTS.get(c, Part.LANE)) for c in Cover])
_TIERS = np.array([TIER.get(c, 0) for c in Cover])


def _resolve(faces: Faces, covers: Floats, kind: Ints, cover_road: Ints, rank: Ints) -> Faces:
    """Faces with everything removed that a cover of higher precedence takes."""
    a, b = overlapping_pairs(faces.corners, covers)
    mine, theirs = faces.road[a] // 4096, cover_road[b] // 4096
    tier_a, tier_b = _TIERS[faces.base[a]], _TIERS[kind[b]]
    pave_a, pave_b = _is_plaza(faces.road[a]), _is_plaza(cover_road[b])
    key_a = (tier_a * 2 + pave_a) * 100_000 + rank[mine]
    key_b = (tier_b * 2 + pave_b) * 100_000 + rank[theirs]
    allowed = ((mine != theirs) | (pave_a & ~pave_b)) & (key_b < key_a)
    return replace_rows(faces, subtract_all(faces.corners, covers, allowed, (a, b)))


def _areas(network: RoadNetwork, crossings: bool) -> list[Area]:
    areas = [area for road in network.order for area in object_areas(road)]
    if crossings:
        areas += default_areas(network)
    return areas + [area for road in network.order for area in patch_areas(road) + relief_areas(road)]


def _is_plaza(road: Ints) -> npt.NDArray[np.bool_]:
    lane = road % 4096
    return (lane == 2000) | (lane == 4096 - 2000)


def _paint(faces: Faces, areas: list[Area]) -> Faces:
    """Cuts areas into the paved faces and gives them their own cover."""
    if not areas:
        return faces
    windows = np.array([np.concatenate([a.corners, a.corners[-1:]])[:4] for a in areas])
    a, b = overlapping_pairs(faces.corners, windows)
    paved = np.isin(faces.base, [int(c) for c in PAVED])[a]
    a, b = a[paved], b[paved]
    work: dict[int, list[tuple[list, int]]] = {}
    for row, which in zip(a.tolist(), b.tolist(), strict=True):
        pieces = work.setdefault(row, [([tuple(p) for p in faces.corners[row].tolist()], int(faces.cover[row]))])
        corners = windows[which].tolist()
        result = []
        for polygon, cover in pieces:
            inside, outside = cut(polygon, corners)
            if not inside:
                result.append((polygon, cover))
                continue
            result.append((inside, int(Cover[areas[which].cover]) + PAINTED * int(areas[which].part)))
            result += [(p, cover) for p in outside]
        work[row] = result
    return _replace_painted(faces, work)


def _replace_painted(faces: Faces, work: dict[int, list[tuple[list, int]]]) -> Faces:
    order = sorted(work)
    flat = [(row, polygon, cover) for row in order for polygon, cover in work[row]]
    result = replace_rows(faces, {row: [p for p, _ in work[row]] for row in order})
    if flat:
        covers = [c for _, p, c in flat for _ in fan_quads(p)]
        result.cover[len(result.cover) - len(covers) :] = covers
    return result


def _triangulate(faces: Faces) -> MeshData:
    """Triangles with smooth normals, and curtains under open edges."""
    q = faces.corners
    is_quad = np.abs(q[:, 2] - q[:, 3]).sum(1) > 1e-9
    triangles = np.concatenate([q[:, :3], q[is_quad][:, [0, 2, 3]]])
    lane = np.where(faces.cover == int(Cover.KERB), int(Part.KERB), _PARTS[faces.base])
    part = np.where(faces.cover >= PAINTED, faces.cover // PAINTED, lane)
    driven = faces.base == int(Cover.ASPHALT)
    columns = (faces.cover % PAINTED, part, faces.across * driven[:, None], driven)
    cover, part, across, driven = (np.concatenate([x, x[is_quad]]) for x in columns)
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    keep = np.linalg.norm(cross, axis=1) > 1e-9
    triangles, cover, part, cross, across, driven = (x[keep] for x in (triangles, cover, part, cross, across, driven))
    vertices = triangles.reshape(-1, 3)
    # Where on its lane: tyres run along two tracks (`sim.render.ground.track_of`).
    offset = (triangles[..., :2] * across[:, None, :2]).sum(2) + across[:, 2:]
    uvs = np.stack([offset, np.repeat(driven[:, None], 3, 1)], 2).reshape(-1, 2)
    _, same = np.unique(np.round(vertices * 500.0).astype(np.int64), axis=0, return_inverse=True)
    same = same.ravel()
    normals = np.zeros((same.max() + 1, 3))
    for axis in range(3):
        normals[:, axis] = np.bincount(same, np.repeat(cross[:, axis], 3), len(normals))
    normals = normals[same] / np.maximum(np.linalg.norm(normals[same], axis=1, keepdims=True), 1e-12)
    walls, wall_cover = _curtains(faces)
    flat = np.cross(walls[:, 1] - walls[:, 0], walls[:, 2] - walls[:, 0])
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    base = len(vertices)
    k = np.arange(len(walls))[:, None] * 4 + base
    index = np.concatenate([np.arange(base).reshape(-1, 3), k + [0, 1, 2], k + [0, 2, 3]])
    covers = np.concatenate([cover, wall_cover, wall_cover])
    parts = np.concatenate([part, *[_PARTS[wall_cover]] * 2])
    used, row = np.unique(covers, return_inverse=True)
    semantic = np.array([int(MATERIALS[Cover(c)][1]) for c in used])[row]
    points = np.concatenate([vertices, walls.reshape(-1, 3)])
    return MeshData(
        points.astype(np.float32), index.astype(np.int32), np.concatenate([normals, np.repeat(flat, 4, 0)]).astype(np.float32),
        np.concatenate([uvs, np.zeros((len(points) - len(uvs), 2))]).astype(np.float32), row.astype(np.int32), semantic.astype(np.uint8),
        [MATERIALS[Cover(c)][0] for c in used], parts.astype(np.uint8),
    )  # fmt: skip


def _curtains(faces: Faces) -> tuple[Floats, Ints]:
    """Vertical quads under every open edge, and their cover."""
    start, end, owner = open_edges(faces.corners)
    raised = faces.height[owner] > 0.02
    depth = np.where(raised, faces.height[owner] + 0.06, CURTAIN)
    down = np.stack([np.zeros_like(depth), np.zeros_like(depth), depth], 1)
    cover = np.where(raised, int(Cover.KERB), faces.base[owner])
    return np.stack([start - down, end - down, end, start], 1), cover
