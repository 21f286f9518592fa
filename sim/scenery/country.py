"""Open country, motorways and forests: posts, rails, trees, hedgerows, fences, wires, farms, and the line of trees at the horizon."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sim.render.mesh import Material, Semantic, Surface
from sim.scenery import furniture as things
from sim.scenery.layout import BUILT, CARRIAGE, SOFT, TAKEN, WALK, Walk
from sim.scenery.parts import Floats, placed
from sim.scenery.plants import BROADLEAF, CONIFER
from sim.scenery.site import Site, facing, spaced
from sim.scenery.styles import draw_style
from sim.scenery.terrain import LevelGround

BLADES = 5
"""Blades of a tuft of grass."""
WOODS = Material("woods, far", (0.03, 0.052, 0.02), 0.95, surface=Surface.LEAF)


def build_country(site: Site, lines: list[Walk]) -> None:
    """Everything beside rural roads, motorways and roads through forests."""
    for line in lines:
        key = f"{line.edge.road}/{line.edge.side}"
        if site.setting == "motorway":
            _motorway_side(site, line, site.rng(f"motorway {key}"))
        _posts(site, line)
        if site.setting == "rural":
            _farmland(site, line, site.rng(f"farmland {key}"))
    for line in lines:
        key = f"{line.edge.road}/{line.edge.side}"
        if site.setting == "forest":
            _forest(site, line, site.rng(f"forest {key}"))
        else:
            _groves(site, line, site.rng(f"groves {key}"))
            _wild(site, line, site.rng(f"wild {key}"))
    if site.setting == "rural":
        _wires(site, lines, site.rng("wires"))
    _distant_trees(site, site.rng("distant"))


def build_horizon(site: Site) -> None:
    """A ragged line of woods around the detailed land, which hides where it ends."""
    if isinstance(site.ground, LevelGround):
        return
    rng = site.rng("horizon")
    centre = (site.ground.low + site.ground.high) / 2
    half = (site.ground.high - site.ground.low) / 2
    for ring, step in ((0.93, 9.0), (1.35, 14.0)):
        radius = half * ring
        count = int(math.tau * float(radius.mean()) / step)
        angle = np.arange(count) * (math.tau / count)
        wobble = 1.0 + 0.04 * np.sin(angle * 7.0 + rng.uniform(0, 6.0)) + 0.02 * np.sin(angle * 23.0)
        p = centre + np.stack([np.cos(angle), np.sin(angle)], 1) * radius * wobble[:, None]
        z = site.ground.relief(p[:, 0], p[:, 1])
        patch = np.sin(angle * 5.0 + rng.uniform(0, 6.0)) + np.sin(angle * 13.0 + rng.uniform(0, 6.0))
        top = np.clip(7.0 + 5.0 * patch + rng.uniform(-1.5, 2.5, count), 1.5 if site.setting != "town" else 5.0, 18.0)
        tall = np.repeat(top, 2) + rng.uniform(-1.2, 1.2, 2 * count)
        q = np.repeat(p, 2, 0)
        q[1::2] = (p + np.roll(p, -1, 0)) / 2
        base = np.repeat(z, 2)
        base[1::2] = (z + np.roll(z, -1)) / 2
        low = np.concatenate([q, base[:, None] - 4.0], 1)
        high = np.concatenate([q, (base + tall)[:, None]], 1)
        j = np.roll(np.arange(2 * count), -1)
        faces = np.stack([low[j], low, high, high[j]], 1)
        site.builder.quads(faces, WOODS, int(Semantic.VEGETATION))


def _posts(site: Site, line: Walk) -> None:
    """Delineators every 50 m, closer in bends."""
    road = site.network.order[line.edge.road]
    if any("post" in o.kind.lower() or "delineator" in o.name.lower() for o in road.objects):
        return
    turn = np.abs(np.diff(np.unwrap(np.arctan2(line.edge.along[:, 1], line.edge.along[:, 0]))))
    radius = line.length / max(float(turn.sum()), 1e-6)
    step = 50.0 if radius > 600 else 25.0 if radius > 200 else 12.5
    s = np.arange(step / 2, line.length, step)
    points, _, along = line.at(s, 0.45)
    ok = site.taken.free(points[:, :2], 0.12, CARRIAGE | WALK)
    if ok.any():
        points = site.stand(points[ok])
        direction = np.arctan2(along[ok, 1], along[ok, 0])
        things.delineators(site.builder, points, direction)
        site.taken.claim_discs(points[:, :2], 0.2)


def _motorway_side(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Guard rail outside the shoulder, and gantries of a sort: signs on posts."""
    road = site.network.order[line.edge.road]
    if any(o.kind.lower() in ("barrier", "railing", "guardrail") for o in road.objects):
        return
    count = max(2, int(line.length / 4.0))
    s = np.linspace(0.3, line.length - 0.3, count)
    points, outward, _ = line.at(s, 0.7)
    ok = site.taken.free(points[:, :2], 0.2, CARRIAGE)
    edges = np.flatnonzero(np.diff(np.r_[0, ok.astype(int), 0]))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if b - a > 2:
            path = site.stand(points[a:b])
            things.guard_rail(site.builder, path, -outward[a:b])
            for p in path:
                site.taken.claim_discs(p[None, :2], 0.3)


def _groves(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Single trees and small groups near the road."""
    near = 9.0 if site.setting == "motorway" else 6.5
    step = 24.0 if site.setting == "motorway" else 16.0
    for s in spaced(line.length, step, rng, jitter=0.45):
        if rng.random() < 0.4:
            continue
        count = int(rng.choice([1, 1, 2, 4]))
        offset = near + rng.exponential(7.0)
        points, _, _ = line.at(
            np.clip(s + rng.normal(0.0, 5.0, count), 0, line.length), offset + rng.uniform(0.0, 9.0, count)
        )
        name = str(rng.choice(BROADLEAF)) if rng.random() < 0.8 else str(rng.choice(CONIFER))
        site.put_trees(name, points[:, :2], rng, bits=CARRIAGE | WALK | SOFT | BUILT | TAKEN)


def _wild(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Bushes and tufts of grass on the verge."""
    n = int(line.length / 9.0 * min(site.detail, 2.0))
    points, _, _ = line.at(rng.uniform(0.0, line.length, n), rng.uniform(3.5, 14.0, n))
    ok = site.taken.free(points[:, :2], 1.2, CARRIAGE | WALK | BUILT | TAKEN)
    for p in site.stand(points[ok]):
        name = f"near/bush-{int(rng.integers(3))}"
        site.bake(name, 0.5 * site.detail, placed(p, rng.uniform(0, 6.28), rng.uniform(0.4, 1.0)))
    _tufts(site, line, rng)


def _tufts(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """High grass beside the road: tufts of narrow, bent blades."""
    n = int(min(line.length, 500.0) * 7.0 * min(site.detail, 3.0))
    points, _, _ = line.at(rng.uniform(0.0, line.length, n), 0.35 + rng.exponential(1.3, n))
    points = points[site.taken.free(points[:, :2], 0.15, CARRIAGE | WALK | BUILT)]
    if len(points) == 0:
        return
    tall = np.repeat(rng.uniform(0.1, 0.3, len(points)), BLADES)
    foot = np.repeat(site.stand(points), BLADES, 0)
    count = len(foot)
    foot[:, :2] += rng.normal(0.0, 0.045, (count, 2))
    yaw = rng.uniform(0.0, math.tau, count)
    side = np.stack([np.cos(yaw), np.sin(yaw), np.zeros(count)], 1) * rng.uniform(0.006, 0.014, (count, 1))
    lean = rng.normal(0.0, 0.3, (count, 3)) * tall[:, None]
    lean[:, 2] = tall * rng.uniform(0.6, 1.1, count)
    rows = np.array([site.builder.material(m) for m in (BLADE, BLADE_DRY)])[(rng.random(count) < 0.25).astype(int)]
    low = foot - [0.0, 0.0, 0.03]
    site.builder.triangles(np.stack([low - side, low + side, low + lean], 1), rows, int(Semantic.TERRAIN))


def _farmland(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Fences or hedgerows along fields, and a farm now and then."""
    s = float(rng.uniform(0.0, 20.0))
    while s < line.length - 15.0:
        length = float(rng.uniform(25.0, 70.0))
        end = min(s + length, line.length - 1.0)
        kind = int(rng.choice([0, 1, 2, 3]))
        offset = float(rng.uniform(4.5, 7.0))
        points, _, _ = line.at(np.linspace(s, end, max(2, int((end - s) / 2.5))), offset)
        clear = site.taken.free(points[:, :2], 0.9, CARRIAGE | WALK | SOFT | BUILT | TAKEN).all()
        if clear and kind in (0, 1):
            path = site.stand(points)
            if kind == 0:
                things.fence_along(site.builder, path, 1.15, things.WOOD, slats=False)
            else:
                site.put_hedge(points, 1.1, float(rng.uniform(1.2, 1.9)), rng, 0.5 * site.detail)
            site.taken.claim_discs(points[:, :2], 0.6)
        s = end + float(rng.uniform(5.0, 40.0))
    for s in spaced(line.length, 170.0, rng, jitter=0.4):
        if rng.random() < 0.5:
            _farm(site, line, float(s), rng)


def _farm(site: Site, line: Walk, s: float, rng: np.random.Generator) -> None:
    """A farmhouse with a barn."""
    point, outward, _ = line.at(s, rng.uniform(20.0, 40.0))
    front = -outward[0]
    along = np.array([-front[1], front[0], 0.0])
    plot = site.plot(point[0], along, 11.0, 9.0, margin=2.0)
    if plot is not None:
        site.build(plot, draw_style(rng, "suburb"), rng)
    barn = site.plot(point[0] + along * 18.0 - front * 4.0, along, 17.0, 10.0, margin=2.0)
    if barn is not None:
        style = replace(
            draw_style(rng, "suburb", rich=False), storeys=1, storey=4.4, bay=5.5, roof="gable", garage=True
        )
        site.build(barn, style, rng)
    spots = point[0, :2] + rng.uniform(-14.0, 14.0, (5, 2))
    site.put_trees(str(rng.choice(BROADLEAF)), spots, rng, bits=CARRIAGE | WALK | SOFT | BUILT | TAKEN)


def _wires(site: Site, lines: list[Walk], rng: np.random.Generator) -> None:
    """Wooden poles along one side of the longest road."""
    if not lines:
        return
    line = max(lines, key=lambda w: (w.length, w.edge.side))
    points, _, along = line.at(np.arange(8.0, line.length, 42.0), 5.5)
    ok = site.taken.free(points[:, :2], 0.5, CARRIAGE | WALK | BUILT)
    if ok.sum() >= 2 and ok.all():
        yaw = np.arctan2(along[:, 1], along[:, 0])
        things.utility_line(site.builder, site.stand(points), yaw)
        site.taken.claim_discs(points[:, :2], 0.5)


def _forest(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Trees in depth behind a bushy edge."""
    length = min(line.length, 700.0)
    first = max(0.0, (line.length - length) / 2)

    def spots(count: int, low: float, high: float) -> Floats:
        points, _, _ = line.at(first + rng.uniform(0.0, length, count), rng.uniform(low, high, count))
        return points[:, :2]

    _wild(site, line, rng)
    edge = spots(int(length / 4.5), 5.5, 10.0)
    for p in edge:
        name = str(rng.choice(CONIFER)) if rng.random() < 0.45 else str(rng.choice(BROADLEAF))
        site.put_trees(name, p[None], rng, bits=CARRIAGE | WALK | SOFT | BUILT | TAKEN)
    scale = min(site.detail, 3.0)
    middle = spots(int(length * 0.55 * scale), 10.0, 30.0)
    site.put_far_trees(middle[_thin(middle, 3.0)], rng, conifers=0.55, detail=0.8)
    back = spots(int(length * 0.7 * scale), 28.0, 75.0)
    site.put_far_trees(back[_thin(back, 3.5)], rng, conifers=0.6, detail=0.35)


def _thin(points: Floats, gap: float) -> np.ndarray:
    """Rows of points of which no two share a square of the given size."""
    _, rows = np.unique(np.floor(points / gap).astype(np.int64), axis=0, return_index=True)
    return np.sort(rows)


def _distant_trees(site: Site, rng: np.random.Generator) -> None:
    """Clumps of simple trees between the road and the horizon; none stops a body, nearer than 50 m to a road there are none."""
    if isinstance(site.ground, LevelGround):
        return
    x0, y0, x1, y1 = site.window
    count = 46 if site.setting == "forest" else 34
    centre = np.stack([rng.uniform(x0 - 330.0, x1 + 330.0, count), rng.uniform(y0 - 330.0, y1 + 330.0, count)], 1)
    away = site.ground.relief.away(centre[:, 0], centre[:, 1])
    centre = centre[(away > 50.0) & (away < 350.0)]
    points = []
    for c in centre:
        angle = rng.uniform(0.0, math.pi)
        n = int(rng.integers(3, 11))
        line = np.stack([np.cos(angle), np.sin(angle)]) * rng.uniform(-40.0, 40.0, (n, 1))
        points.append(c + line + rng.normal(0.0, 3.0, (n, 2)))
    if points:
        site.put_far_trees(np.concatenate(points), rng, conifers=0.25, detail=0.45)


BLADE = Material("high grass", (0.085, 0.12, 0.035), 0.9, surface=Surface.LEAF)
BLADE_DRY = Material("high grass, dry", (0.2, 0.17, 0.075), 0.9, surface=Surface.LEAF)
_ = facing
